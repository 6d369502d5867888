package tofupilot

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

// MaxPageSize is the most rows that the API gives in one page.
const MaxPageSize = 100

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
// what isn't kept takes no memory while the rest is read. Several pages are read
// at a time, and some of them are not used.
//
// The list is complete: if that can't be shown, the error is a *ListError. A
// request that fails gives an *Error, a context that ends its cause.
func ReadAll[T, R any](ctx context.Context, c *Client, list List[T], filter Filter, keep func(*T) (kept R, size int)) ([]R, error) {
	return readList(ctx, c, newPager(c, list, filter, keep), filter)
}

func newPager[T, R any](c *Client, list List[T], filter Filter, keep func(*T) (kept R, size int)) *pager[R] {
	return &pager[R]{
		fetch: fetcher(c, list, filter, keep),
		limit: cmp.Or(filter.PageSize, MaxPageSize),
		noun:  list.Noun,
		reach: reach,
		clean: c.clean,
		log:   c.log,
	}
}

func readList[R any](ctx context.Context, c *Client, pager *pager[R], filter Filter) ([]R, error) {
	started := time.Now()
	rows, err := pager.all(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b row[R]) int {
		return cmp.Or(compareTimes(a.created, b.created), cmp.Compare(a.key, b.key))
	})
	c.log.InfoContext(ctx, "Read "+plural(pager.noun), "url", c.base.String(), "filters", filter.query().Encode(), "rows", len(rows),
		"pages", pager.requests.Load(), "duration", time.Since(started).String())
	kept := make([]R, len(rows))
	for i := range rows {
		kept[i] = rows[i].kept
	}
	return kept, nil
}

// begin asks for the list's first page and tells whether more follows. Whoever
// reads the list after that goes on from this page: it isn't asked for again.
func (p *pager[R]) begin(ctx context.Context) (more bool, err error) {
	fetch := p.fetch
	first, err := fetch(ctx, "", p.limit)
	if err != nil {
		return false, &ListError{Noun: p.noun, Passes: 1, Requests: 1, Err: cleaned{err, p.clean}}
	}
	begun := first
	p.fetch = func(ctx context.Context, cursor string, limit int) (*page[R], error) {
		if cursor == "" && begun != nil {
			page := begun
			begun = nil
			return page, nil
		}
		return fetch(ctx, cursor, limit)
	}
	return first.more, nil
}

// fetcher fetches one page of a list at a time.
func fetcher[T, R any](c *Client, list List[T], filter Filter, keep func(*T) (kept R, size int)) func(ctx context.Context, cursor string, limit int) (*page[R], error) {
	unpaged := filter.query()
	var warned sync.Once
	return func(ctx context.Context, cursor string, limit int) (*page[R], error) {
		query := maps.Clone(unpaged)
		query.Set("limit", strconv.Itoa(limit))
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var answer *page[R]
		err := c.get(ctx, list.Path, query, func(body []byte) (rows int, err error) {
			answer, err = decodePage(body, cursor, list, keep, c.clean)
			if err != nil {
				return 0, &BodyError{Noun: list.Noun, Err: err}
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
