package paging

import (
	"context"
	"errors"
	"strconv"
	"sync"
)

// prefetch is how many pages to have requested once this many have been used. At first
// windows of 2, 3 and 5 are asked for one after the other, because most lists are
// short and pages beyond the end are wasted. Then a window of 8 moves on with
// every page taken, so that a slow one doesn't hold up those behind it; 7 are
// wasted at the end.
func prefetch(taken int) int {
	for _, end := range []int{1 + 2, 1 + 2 + 3, 1 + 2 + 3 + 5} {
		if taken < end {
			return end
		}
	}
	return taken + pagesAhead
}

// overlap reads on from the first page, by pages of which each begins with the row
// that the one before ended with. Several are asked for ahead, and taken in their
// order. It ends, and so do the requests under way, with the list's last page or
// the first error.
func (p *pager[R]) overlap(ctx context.Context, first Page[R]) error {
	var requests sync.WaitGroup
	defer requests.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type answer struct {
		page Page[R]
		err  error
	}
	width := max(2, len(first.Rows))
	start := len(first.Rows) - 1 // of the next page to ask for
	latest := first
	var ahead []chan answer
	for taken := 1; ; taken++ {
		until := p.prefetch(taken)
		if latest.Last() {
			until = taken + 1 // to see that nothing follows
		}
		for taken+len(ahead) < until {
			at, coming := strconv.Itoa(start), make(chan answer, 1)
			requests.Go(func() {
				page, err := p.Fetch(ctx, at, min(width, p.MaxPageSize))
				coming <- answer{page, err}
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
		if err := p.join(latest, width); err != nil || latest.Last() && len(latest.Rows) < width {
			return err
		}
	}
}

// join adds an overlapping page, if its seam holds.
func (p *pager[R]) join(next Page[R], width int) error {
	offset := len(p.rows) - 1
	last := p.Key(&p.rows[offset])
	if err := next.countsFrom(offset); err != nil {
		return err
	}
	switch {
	case len(next.Rows) == 0:
		return changed("the page at offset %d is empty, though %q stood there before", offset, last)
	case p.Key(&next.Rows[0]) != last:
		return changed("the page at offset %d begins with %q, where %q stood before", offset, p.Key(&next.Rows[0]), last)
	case next.More && len(next.Rows) != width: // where rows move, the seams around it may hold by chance
		return changed("the page at offset %d has %d rows instead of %d, though more follow", offset, len(next.Rows), width)
	}
	return p.add(next.Rows, 1)
}

// countsFrom returns nil if next_cursor is the page's offset plus its rows, as
// documented. Another number may be due to a change, as from a count that was taken
// before rows were deleted; anything else is no offset.
func (p Page[R]) countsFrom(offset int) error {
	next, isOffset := offsetOf(p.Next)
	switch {
	case p.Last(), p.More && isOffset && next == offset+len(p.Rows):
		return nil
	case p.More && isOffset:
		return changed("after the page at offset %d, which has %d rows, it gives next_cursor %d", offset, len(p.Rows), next)
	}
	return errNotOffsets
}

// offsetOf is the number that a cursor is, if it is the plain form of a whole one.
// Any other is a token, to be sent back as it came.
func offsetOf(cursor string) (offset int, ok bool) {
	offset, err := strconv.Atoi(cursor)
	return offset, err == nil && strconv.Itoa(offset) == cursor && int64(offset) < 1<<53 // as in JSON
}
