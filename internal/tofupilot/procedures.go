package tofupilot

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// What the API takes at most (both documents).
const (
	MaxPageSize    = 100 // as limit
	MaxSearchQuery = 100 // UTF-16 code units of search_query
)

// Procedure is a test procedure. Which of its fields a server sends depends on
// its generation; what it doesn't send is nil. JSON names and the sets of
// fields are from the two API documents.
type Procedure struct {
	ID               string      `json:"id"` // unique; a UUID, though older ones are short
	Name             *string     `json:"name"`
	CreatedAt        *Timestamp  `json:"created_at"`
	CreatedByUser    *User       `json:"created_by_user"`
	LinkedRepository *Repository `json:"linkedRepository"` // newer servers (2026 document)
	Runs             []Run       `json:"runs"`             // older servers (2025 document)
	FPY              *float64    `json:"fpy"`              // first pass yield in percent; older servers (2025 document)

	Encoded []byte `json:"-"` // what ReducedProcedures' caller made of it
}

// User is who created a procedure.
type User struct {
	ID    *string `json:"id"`
	Name  *string `json:"name"`
	Email *string `json:"email"`
}

// Repository is the source repository that a procedure is linked to.
type Repository struct {
	ID       *string `json:"id"`
	Name     *string `json:"name"`
	FullName *string `json:"fullName"`
	Provider *string `json:"provider"` // github, gitlab, bitbucket so far; an open set
}

// Run is a recent run of a procedure.
type Run struct {
	ID        *string    `json:"id"`
	Outcome   *string    `json:"outcome"` // PASS, FAIL, ERROR, TIMEOUT, ABORTED so far; an open set
	StartedAt *Timestamp `json:"started_at"`
	Unit      *Unit      `json:"unit"`
}

// Unit is the unit under test of a run.
type Unit struct {
	ID *string `json:"id"`
}

// Timestamp is an instant together with the text that the server sent for it.
type Timestamp struct {
	Text string
	Time time.Time
}

// TextOrNil is the text, nil where there is no timestamp.
func (t *Timestamp) TextOrNil() *string {
	if t == nil {
		return nil
	}
	return &t.Text
}

// UnmarshalText takes RFC 3339.
func (t *Timestamp) UnmarshalText(text []byte) (err error) {
	t.Text = string(text)
	if t.Time, err = time.Parse(time.RFC3339, t.Text); err != nil {
		return &timeError{t.Text}
	}
	return nil
}

// timeError is a text that should have been a time.
type timeError struct{ text string }

func (e *timeError) Error() string { return strconv.Quote(e.text) + " isn't a time in RFC 3339" }

// ProcedureFilter is what to list. Its zero value lists all that the key may see.
type ProcedureFilter struct {
	SearchQuery   string     // part of a name, or of an ID from 6 characters on; at most MaxSearchQuery UTF-16 code units
	CreatedAfter  *time.Time // sent in milliseconds, rounded down so that nothing asked for is cut
	CreatedBefore *time.Time // sent in milliseconds, rounded up
	PageSize      int        // how many per request, 1 to MaxPageSize; 0 is MaxPageSize
}

// timeFormat is the one form that every known server takes (FACTS: dates).
const timeFormat = "2006-01-02T15:04:05.000Z"

func (f ProcedureFilter) query() url.Values {
	query := url.Values{}
	if f.SearchQuery != "" {
		query.Set("search_query", f.SearchQuery)
	}
	if f.CreatedAfter != nil {
		query.Set("created_after", f.CreatedAfter.UTC().Truncate(time.Millisecond).Format(timeFormat))
	}
	if f.CreatedBefore != nil {
		up := f.CreatedBefore.Add(time.Millisecond - time.Nanosecond)
		query.Set("created_before", up.UTC().Truncate(time.Millisecond).Format(timeFormat))
	}
	return query
}

// Procedures lists every procedure that matches the filter, once, by CreatedAt
// and then ID; those without a CreatedAt come last. The runs of each are by
// StartedAt and then ID.
//
// The list is complete: if that can't be shown, the error is a *ListError. A
// request that fails gives an *Error, a context that ends its cause.
func (c *Client) Procedures(ctx context.Context, filter ProcedureFilter) ([]Procedure, error) {
	return c.ReducedProcedures(ctx, filter, func(*Procedure) {})
}

// ReducedProcedures lists as Procedures does, and has reduce change each
// procedure as soon as it is decoded. There it is still in the processor's cache,
// and what reduce drops takes no memory while the rest is read. ID and CreatedAt
// must stay as they are. Several pages are reduced at a time, and some of them
// are not used.
func (c *Client) ReducedProcedures(ctx context.Context, filter ProcedureFilter, reduce func(*Procedure)) ([]Procedure, error) {
	started := time.Now()
	pager := &pager{
		fetch: c.pages(filter, reduce),
		limit: cmp.Or(filter.PageSize, MaxPageSize),
		reach: reach,
		clean: c.clean,
		log:   c.log,
	}
	procedures, err := pager.all(ctx)
	if err != nil {
		return nil, err
	}
	sortProcedures(procedures)
	c.log.InfoContext(ctx, "Read procedures", "url", c.base.String(), "filters", filter.query().Encode(), "rows", len(procedures),
		"pages", pager.requests.Load(), "duration", time.Since(started).String())
	return procedures, nil
}

// pages fetches one page of the list at a time, and reduces its procedures.
func (c *Client) pages(filter ProcedureFilter, reduce func(*Procedure)) func(ctx context.Context, cursor string, limit int) (*page, error) {
	return func(ctx context.Context, cursor string, limit int) (*page, error) {
		query := filter.query()
		query.Set("limit", strconv.Itoa(limit))
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var answer *page
		err := c.get(ctx, "v2/procedures", query, func(body []byte) (rows int, err error) {
			answer, err = decodePage(body, cursor, c.clean)
			if err != nil {
				return 0, err
			}
			for i := range answer.rows {
				reduce(&answer.rows[i])
			}
			return len(answer.rows), nil
		})
		return answer, err
	}
}

func sortProcedures(procedures []Procedure) {
	slices.SortFunc(procedures, func(a, b Procedure) int {
		return cmp.Or(compareTimes(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
}

func sortRuns(runs []Run) {
	slices.SortFunc(runs, func(a, b Run) int {
		return cmp.Or(compareTimes(a.StartedAt, b.StartedAt), cmp.Compare(deref(a.ID), deref(b.ID)))
	})
}

// compareTimes puts a missing instant last.
func compareTimes(a, b *Timestamp) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Time.Compare(b.Time)
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
