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
	// MaxPageSize is the most rows that the API gives in one page.
	MaxPageSize = 100
	// heldPerRow is the overhead of the pager and the allocator, in bytes.
	heldPerRow = 200
	// PageSizeParameter is the API's name for how many rows a page has.
	PageSizeParameter = "limit"
)

// List describes one of the API's lists, of which a row is a T.
type List[T any] struct {
	Path    string           // below the API's base, such as v2/procedures
	Noun    string           // what a row is, in the singular: for errors
	Key     func(*T) string  // what a row is known by, its ID; empty: the row is refused
	Created func(*T) *string // when it was created; nil where the server doesn't say
	Tidy    func(*T)         // puts what is inside a row in order; may be nil
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

// Row is what is kept of a row while the rest of its list is read.
type Row[R any] struct {
	ID   string
	Kept R

	created time.Time // or never
}

// ReadAll reads every row of a list that matches the filter, once, and returns
// what keep makes of each, by Created and then ID; rows without a Created come
// last.
//
// keep says of each row what is kept, and how many bytes that takes. It is given a
// row as soon as it is decoded: then it is still in the processor's cache, and
// what isn't kept takes no memory while the rest is read. The row's own memory is
// used again for the next. Several pages are read at a time, and some of them are
// not used.
//
// The list is complete: if that can't be shown, the error is a *ListError. A
// request that fails gives a *rest.Error, a context that ends its cause.
func ReadAll[T, R any](ctx context.Context, c *Client, list List[T], filter Filter, keep func(*T) (kept R, size int)) ([]Row[R], error) {
	read := newListRead(c, list, filter, keep)
	defer read.close()
	return read.all(ctx)
}

// listRead is one read of a list. What is kept of its rows is counted until it is closed.
type listRead[T, R any] struct {
	client *Client
	list   List[T]
	filter Filter
	keep   func(*T) (kept R, size int)

	held     *rest.Share // what is kept of the rows of the pass under way
	started  time.Time
	requests atomic.Int64
}

func newListRead[T, R any](c *Client, list List[T], filter Filter, keep func(*T) (kept R, size int)) *listRead[T, R] {
	return &listRead[T, R]{client: c, list: list, filter: filter, keep: keep, held: c.memory.Share(), started: time.Now()}
}

// close ends the counting of what is held.
func (r *listRead[T, R]) close() { r.held.Release() }

func (r *listRead[T, R]) pageSize() int { return cmp.Or(r.filter.PageSize, MaxPageSize) }

// all reads the list to its end.
func (r *listRead[T, R]) all(ctx context.Context) ([]Row[R], error) {
	rows, err := paging.Read(ctx, paging.List[Row[R]]{
		Fetch:       r.fetch,
		Key:         func(row *Row[R]) string { return row.ID },
		Created:     func(row *Row[R]) (at time.Time, known bool) { return row.created, row.created != never },
		Log:         r.client.log,
		PageSize:    r.pageSize(),
		MaxPageSize: MaxPageSize,
	})
	if err != nil {
		return nil, r.failed(err)
	}
	sortRows(rows)
	r.logRead(ctx, len(rows))
	return rows, nil
}

// onePage reads the first page, and reports whether that is the whole list.
func (r *listRead[T, R]) onePage(ctx context.Context) (rows []Row[R], whole bool, err error) {
	page, err := r.fetch(ctx, "", r.pageSize())
	if err != nil {
		return nil, false, r.failed(&paging.IncompleteError{Passes: 1, Err: err})
	}
	ids := map[string]bool{}
	for _, row := range page.Rows {
		ids[row.ID] = true
	}
	sortRows(page.Rows)
	r.logRead(ctx, len(page.Rows))
	return page.Rows, page.Last() && len(page.Rows) < r.pageSize() && len(ids) == len(page.Rows), nil
}

func sortRows[R any](rows []Row[R]) {
	slices.SortFunc(rows, func(a, b Row[R]) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.ID, b.ID))
	})
}

// failed says in words that the list couldn't be read.
func (r *listRead[T, R]) failed(err error) error {
	incomplete := new(paging.IncompleteError)
	if !errors.As(err, &incomplete) {
		return err
	}
	return &ListError{*incomplete, r.list.Noun, int(r.requests.Load())}
}

func (r *listRead[T, R]) logRead(ctx context.Context, rows int) {
	r.client.log.InfoContext(ctx, "Read "+plural(r.list.Noun), "url", r.client.base.String(), "filters", r.filter.query().Encode(), "rows", rows,
		"pages", r.requests.Load(), "duration", time.Since(r.started).String())
}

// fetch asks for one page, and counts what is kept of it until the pass is over: also of
// the rows that two pages share, and of attempts that failed.
func (r *listRead[T, R]) fetch(ctx context.Context, at string, limit int) (paging.Page[Row[R]], error) {
	if at == "" { // a pass begins, and all requests of the one before are over
		r.held.Release()
	}
	r.requests.Add(1)
	query := r.filter.query()
	query.Set(PageSizeParameter, strconv.Itoa(limit))
	if at != "" {
		query.Set("cursor", at)
	}
	var answer paging.Page[Row[R]]
	err := r.client.rest.Get(ctx, r.list.Path, query, func(body []byte) (err error) {
		answer, err = decodePage(ctx, r.list, body, r.keep, r.held.Reserve)
		if err != nil {
			return fmt.Errorf("the answer isn't a page of %s: %w", plural(r.list.Noun), err)
		}
		return nil
	})
	if at != "" && refusesCursor(err) {
		err = fmt.Errorf("%w: %w", paging.ErrCursor, err)
	}
	if err == nil { // cursors are remembered while they are followed
		err = r.held.Reserve(len(answer.Next) + heldPerRow)
	}
	if err != nil {
		return paging.Page[Row[R]]{}, err
	}
	return answer, nil
}

// refusesCursor reports whether a request may have failed because of its cursor. A key, a
// proxy and a rate of requests have nothing to do with cursors.
func refusesCursor(err error) bool {
	failed := new(rest.Error)
	if !errors.As(err, &failed) || failed.Err != nil {
		return false
	}
	switch failed.Status {
	case 401, 403, 407, 408, 429:
		return false
	}
	return failed.Status >= 400 && failed.Status <= 499
}

func plural(noun string) string { return noun + "s" }
