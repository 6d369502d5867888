package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// From offset pages to one complete list.
//
// Offset paging loses rows: delete a row of page 1 after reading it, and the
// first row of page 2 moves to page 1 and is never seen. So pages overlap by
// one row, the seam, and the last row of a page must be the first of the next.
//
// Why that is enough: say row X stands at offset b when page k is read, and
// again when page k+1 is read. Whatever stood in front of X all along is in
// front of b in page k's time, and whatever stood behind it is behind b in page
// k+1's. So seams that all hold prove that no row which was there throughout is
// missing, in whatever order and however far apart in time the pages came. The
// one assumption is that rows which stay keep their order; a row that turns up
// twice shows that they didn't.
//
// A seam that fails means that the list changed under the read: it is read
// again from the start, until every seam holds or the context ends.

// maxPages bounds one pass over a list.
const maxPages = 10_000

// reach is how many pages to have asked for when so many were taken. At first
// windows of 2, 3 and 5 are asked for one after the other, because most lists are
// short and pages beyond the end are wasted. Then a window of 8 moves on with
// every page taken, so that a slow one doesn't hold up those behind it; 7 are
// wasted at the end.
func reach(taken int) int {
	for _, end := range []int{1 + 2, 1 + 2 + 3, 1 + 2 + 3 + 5} {
		if taken < end {
			return end
		}
	}
	return taken + maxInFlight
}

// Pauses between two passes over a list that changes.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
)

// row is what the pager knows of a row.
type row[R any] struct {
	key     string     // its ID
	created *Timestamp // nil where the server doesn't say
	kept    R          // what the caller made of it
}

// page is one answer of a list.
type page[R any] struct {
	rows []row[R]
	more bool    // has_more
	next *cursor // next_cursor, nil where it is null or missing
}

// pager reads one list, once.
type pager[R any] struct {
	fetch func(ctx context.Context, cursor string, limit int) (*page[R], error)
	limit int                 // rows per page, at least 1
	noun  string              // what a row is
	reach func(taken int) int // more than taken; tests have others
	clean func(string) string
	log   *slog.Logger

	requests atomic.Int64 // pages asked for, whatever came of them

	// Of the pass under way:
	rows []row[R]
	seen map[string]bool // their keys
}

// all reads the list until a pass shows that it is complete. The error is a *ListError.
func (p *pager[R]) all(ctx context.Context) ([]row[R], error) {
	var change error
	pause := firstPause
	for passes := 1; ; passes++ {
		p.rows, p.seen = nil, map[string]bool{}
		err := p.pass(ctx)
		if err == nil {
			return p.rows, nil
		}
		if errors.As(err, new(*ChangedError)) {
			change = cleaned{err, p.clean}
			p.log.WarnContext(ctx, "Reading the list again", "reason", change.Error(), "passes", passes)
			if err = sleep(ctx, pause/2+rand.N(pause/2)); err == nil {
				pause = min(2*pause, lastPause)
				continue
			}
		}
		return nil, &ListError{
			Noun: p.noun, Passes: passes, Requests: int(p.requests.Load()), Rows: len(p.rows),
			Change: change, Err: cleaned{err, p.clean},
		}
	}
}

// pass reads the list once. Its error is a *ChangedError where reading again may help.
func (p *pager[R]) pass(ctx context.Context) error {
	first, err := p.get(ctx, "", p.limit)
	if err != nil {
		return err
	}
	n := len(first.rows)
	switch {
	case first.last():
		return p.add(first.rows)
	case first.countsFrom(0) && (n > 1 || n == p.limit): // one row leaves no room to overlap
		err = p.overlapping(ctx, first.rows)
		if !errors.Is(err, errNotCounted) {
			return err
		}
	}
	return p.twice(ctx)
}

// overlapping reads on from the first page's rows, by pages of which each begins
// with the row that the one before ended with. Several are asked for ahead, and
// taken in their order. It ends, and so do the requests under way, with the
// list's last page or the first error.
func (p *pager[R]) overlapping(ctx context.Context, first []row[R]) error {
	if err := p.add(first); err != nil {
		return err
	}
	var requests sync.WaitGroup
	defer requests.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type answer struct {
		page *page[R]
		err  error
	}
	width := max(2, len(first))
	start := len(first) - 1 // of the next page to ask for
	var ahead []chan answer
	for taken := 1; taken < maxPages; taken++ {
		for taken+len(ahead) < min(p.reach(taken), maxPages) {
			at, coming := strconv.Itoa(start), make(chan answer, 1)
			requests.Go(func() {
				page, err := p.get(ctx, at, min(width, MaxPageSize))
				coming <- answer{page, err}
			})
			ahead = append(ahead, coming)
			start += width - 1
		}
		next := <-ahead[0]
		ahead = ahead[1:]
		if next.err != nil {
			return next.err
		}
		if err := p.join(next.page, width); err != nil || next.page.last() {
			return err
		}
	}
	return errTooManyPages
}

// join adds an overlapping page, if its seam holds.
func (p *pager[R]) join(next *page[R], width int) error {
	offset := len(p.rows) - 1
	last := p.rows[offset].key
	switch {
	case !next.last() && !next.countsFrom(offset):
		return errNotCounted
	case len(next.rows) == 0:
		return changed("the page at offset %d is empty, though the one before it announced more", offset)
	case next.rows[0].key != last:
		return changed("the page at offset %d begins with %q, where %q stood before", offset, next.rows[0].key, last)
	case next.more && width == 2 && len(next.rows) == 1: // as on a server that never gives two
		return errNotCounted
	case next.more && len(next.rows) != width:
		return changed("the page at offset %d has %d rows instead of %d, though more follow", offset, len(next.rows), width)
	}
	return p.add(next.rows[1:])
}

// twice reads a list whose cursors aren't offsets, and where nothing can be
// overlapped. Two passes that agree are strong evidence that the list stood
// still, not proof.
func (p *pager[R]) twice(ctx context.Context) error {
	if err := p.follow(ctx); err != nil {
		return err
	}
	before := p.rows
	if err := p.follow(ctx); err != nil {
		return err
	}
	if !slices.EqualFunc(before, p.rows, func(a, b row[R]) bool { return a.key == b.key }) {
		return changed("two passes gave different lists, of %d and %d rows", len(before), len(p.rows))
	}
	return nil
}

// follow reads the list by the cursors as the server gives them.
func (p *pager[R]) follow(ctx context.Context) error {
	p.rows, p.seen = nil, map[string]bool{}
	at, followed := &cursor{whole: true}, map[string]bool{}
	for range maxPages {
		next, err := p.get(ctx, at.text, p.limit)
		if err != nil {
			return err
		}
		// The cursor first: where it leads nowhere, rows that come again are no change.
		back := next.next != nil && at.whole && next.next.whole && next.next.number <= at.number
		advances := next.next != nil && !back && !followed[next.next.text]
		switch {
		case next.more && next.next == nil:
			return &PagingError{What: fmt.Sprintf("it has more after the page at cursor %q, but gives no next_cursor", at.text)}
		case next.more && !advances:
			return &PagingError{What: fmt.Sprintf("after the page at cursor %q it gives next_cursor %q, which doesn't advance", at.text, next.next.text)}
		}
		if err := p.add(next.rows); err != nil {
			return err
		}
		if !next.more && (!advances || len(next.rows) == 0) {
			return nil
		}
		at = next.next
		followed[at.text] = true
	}
	return errTooManyPages
}

func (p *pager[R]) get(ctx context.Context, cursor string, limit int) (*page[R], error) {
	p.requests.Add(1)
	return p.fetch(ctx, cursor, limit)
}

// add takes rows into the pass. One that is there already moved meanwhile.
func (p *pager[R]) add(rows []row[R]) error {
	for _, row := range rows {
		if p.seen[row.key] {
			return changed("%q came twice", row.key)
		}
		p.seen[row.key] = true
	}
	p.rows = append(p.rows, rows...)
	return nil
}

// last tells whether the server says, without contradiction, that nothing follows.
func (p *page[R]) last() bool { return !p.more && p.next == nil }

// countsFrom tells whether more follows and next_cursor is what the documents
// say: the page's offset plus its rows.
func (p *page[R]) countsFrom(offset int) bool {
	return p.more && p.next != nil && p.next.whole && p.next.number == offset+len(p.rows)
}

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
