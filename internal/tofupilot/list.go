package tofupilot

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// MaxPageSize is the most rows that the API gives in one page.
	MaxPageSize = 100
	// PageSizeParameter is the API's name for how many rows a page has.
	PageSizeParameter = "limit"
)

// List describes one of the API's lists, of which a row is a T.
type List[T any] struct {
	Path    string              // below the API's base, such as v2/procedures
	Noun    string              // what a row is, in the singular: for errors
	Key     func(*T) string     // what a row is known by, its ID; empty: the row is refused
	Created func(*T) *Timestamp // when it was created; nil where the server doesn't say
	Tidy    func(*T) error      // puts what is inside a row in order, and tells what is odd about it; may be nil
}

// Filter is what to list. Its zero value lists all that the key may see.
type Filter struct {
	Parameters map[string]string // by the API's names, as they are sent
	PageSize   int               // how many rows per request, 1 to MaxPageSize; 0 is MaxPageSize
}

func (f Filter) query() url.Values {
	query := url.Values{}
	for name, value := range f.Parameters {
		query.Set(name, value)
	}
	return query
}

// ReadAll reads every row of a list that matches the filter, once, and returns
// what keep makes of each, by Created and then Key; rows without a Created come
// last.
//
// keep says of each row what is kept, and how many bytes that takes. It is given a
// row as soon as it is decoded: then it is still in the processor's cache, and
// what isn't kept takes no memory while the rest is read. The row's own memory is
// used again for the next. Several pages are read at a time, and some of them are
// not used.
//
// The list is complete: if that can't be shown, the error is a *ListError. A
// request that fails gives an *Error, a context that ends its cause.
func ReadAll[T, R any](ctx context.Context, c *Client, list List[T], filter Filter, keep func(*T) (kept R, size int)) ([]R, error) {
	reading := newReading(c, list, filter, keep)
	defer reading.close()
	return reading.finish(ctx)
}

// reading is one read of a list, to be closed when its rows are counted no more.
type reading[R any] struct {
	*pager[R]

	client *Client
	filter Filter
}

func newReading[T, R any](c *Client, list List[T], filter Filter, keep func(*T) (kept R, size int)) *reading[R] {
	held := &holding{all: &c.held}
	pager := &pager[R]{
		fetch: fetcher(c, list, filter, &pageDecoder[T, R]{list, keep, held, c.clean}),
		held:  held,
		limit: cmp.Or(filter.PageSize, MaxPageSize),
		noun:  list.Noun,
		reach: reach,
		clean: c.clean,
		log:   c.log,
	}
	return &reading[R]{pager, c, filter}
}

// begin asks for the first page. Whoever finishes the reading after that goes on
// from there: the page isn't asked for again.
func (r *reading[R]) begin(ctx context.Context) (*page[R], error) {
	fetch := r.fetch
	first, err := r.get(ctx, "", r.limit)
	if err != nil {
		return nil, &ListError{Noun: r.noun, Passes: 1, Requests: 1, Err: cleaned{err, r.clean}}
	}
	begun := first
	r.fetch = func(ctx context.Context, cursor string, limit int) (*page[R], error) {
		if cursor == "" && begun != nil {
			r.requests.Add(-1) // it was counted before
			page := begun
			begun = nil
			return page, nil
		}
		return fetch(ctx, cursor, limit)
	}
	return first, nil
}

// finish reads the list to its end.
func (r *reading[R]) finish(ctx context.Context) ([]R, error) {
	started := time.Now()
	rows, err := r.all(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b row[R]) int {
		return cmp.Or(a.created.compare(b.created), cmp.Compare(a.key, b.key))
	})
	r.logRead(ctx, len(rows), started)
	kept := make([]R, len(rows))
	for i := range rows {
		kept[i] = rows[i].kept
	}
	return kept, nil
}

func (r *reading[R]) logRead(ctx context.Context, rows int, started time.Time) {
	r.log.InfoContext(ctx, "Read "+plural(r.noun), "url", r.client.base.String(), "filters", r.client.clean.text(r.filter.query().Encode()), "rows", rows,
		"pages", r.requests.Load(), "duration", time.Since(started).String())
}

// fetcher fetches one page of a list at a time.
func fetcher[T, R any](c *Client, list List[T], filter Filter, decoder *pageDecoder[T, R]) func(ctx context.Context, cursor string, limit int) (*page[R], error) {
	unpaged := filter.query()
	var warned sync.Once
	return func(ctx context.Context, cursor string, limit int) (*page[R], error) {
		query := maps.Clone(unpaged)
		query.Set(PageSizeParameter, strconv.Itoa(limit))
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var answer *page[R]
		err := c.get(ctx, list.Path, query, func(body []byte) (rows int, err error) {
			answer, err = decoder.decode(ctx, body, cursor)
			if err != nil {
				return 0, &BodyError{Noun: list.Noun, Object: bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")), Err: err}
			}
			return len(answer.rows), nil
		})
		if err == nil && answer.odd != nil {
			warned.Do(func() { c.log.WarnContext(ctx, "The server sends what it should not", "what", answer.odd.Error()) })
		}
		return answer, err
	}
}

func plural(noun string) string { return noun + "s" }
