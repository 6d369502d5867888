package paging

import (
	"context"
	"errors"
	"strconv"
	"sync"
)

// prefetch returns how many pages to have requested once this many have been used. At first,
// 2, 3 and 5 pages are requested at a time, because most lists are short and pages beyond
// the end are wasted. Then a window of 8 advances with every page, so that a slow page
// doesn't delay those behind it; 7 are wasted at the end.
func prefetch(taken int) int {
	for _, end := range []int{1 + 2, 1 + 2 + 3, 1 + 2 + 3 + 5} {
		if taken < end {
			return end
		}
	}
	return taken + pagesAhead
}

// overlap reads the list on pages that overlap by one row. It reports whether the first page
// is the whole list, which proves that it is complete: one page is a snapshot.
func (p *pager[R]) overlap(ctx context.Context) (isWhole bool, err error) {
	first, err := p.Fetch(ctx, "", p.PageSize)
	if err != nil {
		return false, err
	}
	if err := p.add(first.Rows, 0); err != nil {
		return false, err
	}
	n := len(first.Rows)
	switch {
	case first.IsLast() && n < p.PageSize:
		return true, nil
	case n < min(2, p.PageSize):
		// Rows may have been deleted after they were counted. Pages can't overlap by the only row.
		return false, changedError("the first page has only %d of %d rows, though more follow", n, p.PageSize)
	}
	if err := first.checkNext(0); err != nil {
		return false, err
	}
	return false, p.readOn(ctx, first)
}

// readOn reads the pages after the first, each of which begins with the last row of the page
// before. It requests several ahead, and takes them in their order. Its requests have ended
// when it returns.
func (p *pager[R]) readOn(ctx context.Context, first Page[R]) error {
	var requests sync.WaitGroup
	defer requests.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type response struct {
		page Page[R]
		err  error
	}
	width := max(2, len(first.Rows)) // rows of a page, as the server sends them
	limit := min(width, p.MaxPageSize)
	start := len(first.Rows) - 1 // of the next page to request
	latest := first
	var ahead []chan response
	for taken := 1; ; taken++ {
		until := p.prefetch(taken)
		if latest.IsLast() {
			until = taken + 1 // to see that nothing follows
		}
		for taken+len(ahead) < until {
			at, coming := strconv.Itoa(start), make(chan response, 1)
			requests.Go(func() {
				page, err := p.Fetch(ctx, at, limit)
				coming <- response{page, err}
			})
			ahead = append(ahead, coming)
			start += width - 1
		}
		next := <-ahead[0]
		ahead = ahead[1:]
		if errors.Is(next.err, ErrCursor) {
			return errNotOffsets
		}
		if next.err != nil {
			return next.err
		}
		latest = next.page
		if err := p.join(latest, width); err != nil || latest.IsLast() && len(latest.Rows) < limit {
			return err
		}
	}
}

// join adds an overlapping page if its seam holds.
func (p *pager[R]) join(next Page[R], width int) error {
	offset := len(p.rows) - 1
	last := p.Key(&p.rows[offset])
	if err := next.checkNext(offset); err != nil {
		return err
	}
	switch {
	case len(next.Rows) == 0:
		return changedError("the page at offset %d is empty, though %q was there before", offset, last)
	case p.Key(&next.Rows[0]) != last:
		return changedError("the page at offset %d begins with %q, where %q was before", offset, p.Key(&next.Rows[0]), last)
	case next.More && len(next.Rows) != width: // if rows move, the seams around it may hold by chance
		return changedError("the page at offset %d has %d rows instead of %d, though more follow", offset, len(next.Rows), width)
	}
	return p.add(next.Rows, 1)
}

// checkNext returns nil if next_cursor is the page's offset plus its rows, as documented. It
// returns a *ChangedError for another number, which may come from a count from before rows
// were deleted, and errNotOffsets for anything else.
func (p Page[R]) checkNext(offset int) error {
	next, isOffset := offsetOf(p.Next)
	switch {
	case p.IsLast(), p.More && isOffset && next == offset+len(p.Rows):
		return nil
	case p.More && isOffset:
		return changedError("after the page at offset %d, which has %d rows, it gives next_cursor %d", offset, len(p.Rows), next)
	}
	return errNotOffsets
}

// offsetOf parses a cursor that is a whole number in its plain form. Any other cursor is a
// token, which is sent back unchanged.
func offsetOf(cursor string) (offset int, ok bool) {
	offset, err := strconv.Atoi(cursor)
	return offset, err == nil && strconv.Itoa(offset) == cursor && int64(offset) < 1<<53 // as in JSON
}
