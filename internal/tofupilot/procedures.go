package tofupilot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/paging"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

const (
	// MaxPageSize is the most rows that the API returns in one page.
	MaxPageSize = 100
	// MaxSearchQuery is the maximum length of a search_query in code points. Servers count
	// differently; more is too long for all of them (API.md, Search).
	MaxSearchQuery = 100
	// rowOverhead is the memory in bytes that the pager and the allocator take for a row.
	rowOverhead = 200

	proceduresPath = "v2/procedures" // below the API's base
)

// List reads every procedure that matches the filter, once, and returns the result of encode
// for each, sorted by CreatedAt and then ID. Procedures without a CreatedAt come last.
//
// encode is called as soon as a row is decoded, because the row's memory is reused for the
// next one. It is called for rows of several pages at a time, and for rows that aren't
// returned.
//
// The list is complete: if that can't be shown, the error is a *ListError. Its chain has the
// *rest.Error of a request that failed, or the context's cause.
func (s *Session) List(ctx context.Context, filter Filter, encode func(*Procedure) []byte) ([]Row, error) {
	return s.readList(ctx, filter, func(procedure *Procedure) (Row, int) {
		encoded := encode(procedure)
		return Row{ID: procedure.ID, Encoded: encoded}, len(encoded)
	})
}

// readList is List with a function that returns what to keep of a row, and its bytes.
func (s *Session) readList(ctx context.Context, filter Filter, keep keepFunc) ([]Row, error) {
	started := time.Now()
	var requests atomic.Int64
	rows, err := paging.Read(ctx, paging.List[Row]{
		Fetch: func(ctx context.Context, cursor string, limit int) (paging.Page[Row], error) {
			if cursor == "" { // a pass begins, and all requests of the previous one have ended
				s.memory.Release()
			}
			requests.Add(1)
			return s.fetch(ctx, s.client.rest.Get, filter, cursor, limit, keep)
		},
		Key:         func(row *Row) string { return row.ID },
		Created:     func(row *Row) (at time.Time, known bool) { return row.created, !row.created.Equal(never) },
		Log:         s.client.log,
		PageSize:    filter.pageSize(),
		MaxPageSize: MaxPageSize,
	})
	if err != nil {
		return nil, &ListError{Err: err, Requests: int(requests.Load())}
	}
	sortRows(rows)
	s.logRead(ctx, filter, len(rows), int(requests.Load()), started)
	return rows, nil
}

func (s *Session) logRead(ctx context.Context, filter Filter, rows, pages int, started time.Time) {
	s.client.log.InfoContext(ctx, "Read procedures", "url", s.client.url, "filters", filter.query().Encode(), "rows", rows,
		"pages", pages, "duration", time.Since(started).String())
}

// readOnePage reads the first page, and reports whether that is the whole list: it has fewer
// rows than requested, each once, and the server says that none follow.
func (s *Session) readOnePage(ctx context.Context, get getFunc, filter Filter, keep keepFunc) (rows []Row, isWhole bool, err error) {
	started := time.Now()
	page, err := s.fetch(ctx, get, filter, "", MaxPageSize, keep)
	if err != nil {
		return nil, false, err
	}
	s.logRead(ctx, filter, len(page.Rows), 1, started)
	ids := map[string]bool{}
	for _, row := range page.Rows {
		ids[row.ID] = true
	}
	sortRows(page.Rows)
	return page.Rows, page.IsLast() && len(page.Rows) < MaxPageSize && len(ids) == len(page.Rows), nil
}

// sortRows sorts rows by CreatedAt and then ID.
func sortRows(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.ID, b.ID))
	})
}

// fetch requests one page. What is kept of it is reserved in the session's memory, also
// of rows that two pages share and of attempts that failed.
func (s *Session) fetch(ctx context.Context, get getFunc, filter Filter, cursor string, limit int, keep keepFunc) (page paging.Page[Row], err error) {
	query := filter.query()
	query.Set("limit", strconv.Itoa(limit))
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	err = get(ctx, proceduresPath, query, func(body []byte) (err error) {
		page, err = decodePage(ctx, body, keep, s.memory)
		return err
	})
	if cursor != "" && isDueToCursor(err) {
		err = fmt.Errorf("%w: %w", paging.ErrCursor, err)
	}
	if err == nil { // the pager remembers the cursors that it follows
		err = s.memory.Reserve(len(page.Next) + rowOverhead)
	}
	if err != nil {
		return paging.Page[Row]{}, err
	}
	return page, nil
}

// getFunc is [rest.Client.Get] or [rest.Client.GetOnce].
type getFunc func(ctx context.Context, path string, query url.Values, decode func(body []byte) error) error

// isDueToCursor reports whether a request may have failed because of its cursor. A rejected key,
// a proxy, a timeout and a rate limit have nothing to do with it.
func isDueToCursor(err error) bool {
	failed, ok := errors.AsType[*rest.Error](err)
	if !ok || failed.Err != nil {
		return false
	}
	switch failed.Status {
	case 401, 403, 407, 408, 429:
		return false
	}
	return failed.Status >= 400 && failed.Status <= 499
}

// ListError reports a list that couldn't be read to its end.
type ListError struct {
	Err      error // a *paging.IncompleteError
	Requests int   // for pages, in all passes
}

func (e *ListError) Error() string { return "reading the procedures: " + e.Err.Error() }
func (e *ListError) Unwrap() error { return e.Err }

// Filter says which procedures to list. Its zero value lists all that the key can read.
type Filter struct {
	SearchQuery   string // empty: no search
	CreatedAfter  *time.Time
	CreatedBefore *time.Time
	PageSize      int // rows to request at a time, 1 to MaxPageSize; 0 is MaxPageSize
}

func (f Filter) pageSize() int { return cmp.Or(f.PageSize, MaxPageSize) }

// query returns the API's parameters for the filter.
func (f Filter) query() url.Values {
	query := url.Values{}
	if f.SearchQuery != "" {
		query.Set("search_query", f.SearchQuery)
	}
	if f.CreatedAfter != nil {
		query.Set("created_after", FormatAfter(*f.CreatedAfter))
	}
	if f.CreatedBefore != nil {
		query.Set("created_before", FormatBefore(*f.CreatedBefore))
	}
	return query
}

// Row holds what is kept of a procedure while the rest of its list is read.
type Row struct {
	ID      string
	Encoded []byte // by List's encode

	procedure *Procedure // of lookups: a match, or only the ID and the name of any other
	created   time.Time  // or never
}

// keepFunc returns what to keep of a procedure, and how many bytes that takes beside a Row.
// It may keep the fields, but not the pointer.
type keepFunc func(*Procedure) (row Row, size int)

// Procedure is a test procedure. Servers differ in the fields that they send; what
// one doesn't send is nil. Its runs are by StartedAt and then ID. JSON names and the
// sets of fields are from API.md, Rows.
type Procedure struct {
	ID               string      `json:"id"` // unique; a UUID
	Name             *string     `json:"name"`
	CreatedAt        *string     `json:"created_at"` // RFC 3339, as the server writes it
	CreatedByUser    *User       `json:"created_by_user"`
	LinkedRepository *Repository `json:"linkedRepository"`
	Runs             []Run       `json:"runs"`
	FPY              *Decimal    `json:"fpy"` // first pass yield in percent
}

// User is the creator of a procedure.
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
	ID        *string `json:"id"`
	Outcome   *string `json:"outcome"`    // PASS, FAIL, ERROR, TIMEOUT, ABORTED so far; an open set
	StartedAt *string `json:"started_at"` // RFC 3339, as the server writes it
	Unit      *Unit   `json:"unit"`
}

// Unit is the unit under test of a run.
type Unit struct {
	ID *string `json:"id"`
}

// size returns about how many bytes a procedure takes, including its structs.
func (p *Procedure) size() int {
	size := 96 + len(p.ID) + sizeOf(p.Name) + sizeOf(p.CreatedAt)
	if user := p.CreatedByUser; user != nil {
		size += 24 + sizeOf(user.ID) + sizeOf(user.Name) + sizeOf(user.Email)
	}
	if linked := p.LinkedRepository; linked != nil {
		size += 32 + sizeOf(linked.ID) + sizeOf(linked.Name) + sizeOf(linked.FullName) + sizeOf(linked.Provider)
	}
	for _, run := range p.Runs {
		size += 32 + sizeOf(run.ID) + sizeOf(run.Outcome) + sizeOf(run.StartedAt)
		if run.Unit != nil {
			size += 8 + sizeOf(run.Unit.ID)
		}
	}
	return size
}

// sizeOf returns about how many bytes a text takes: 24 for the string header and the allocator's
// rounding, and its own.
func sizeOf(text *string) int {
	if text == nil {
		return 0
	}
	return 24 + len(*text)
}

// sortRuns sorts the runs by StartedAt and then ID.
func (p *Procedure) sortRuns() {
	slices.SortStableFunc(p.Runs, func(a, b Run) int {
		return cmp.Or(parseTimestamp(a.StartedAt).Compare(parseTimestamp(b.StartedAt)), cmp.Compare(deref(a.ID), deref(b.ID)))
	})
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
