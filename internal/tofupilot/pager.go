package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
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
// Why that is enough: say row X is at offset b when page k is read, and again when
// page k+1 is read. Rows that are in front of X throughout are in front of b when
// page k is read. Rows that are behind X throughout are behind b when page k+1 is
// read. So if all seams hold, no row that existed throughout is missing, in whatever
// order and however far apart in time the pages were read.
//
// The proof assumes two things, and both are checked:
//
//   - Rows that stay keep their order. They do in a list by creation, which shows
//     in its times (byCreation). In any other list a row may move from behind a
//     seam to the front while another is deleted: it is read until two passes in a
//     row, each proven, give the same rows.
//   - The end is the end. A page shorter than asked for proves it. A full one rests
//     on has_more alone, which may come from a count of its own: so one more page
//     is asked for, and must hold just the seam.
//
// A seam that fails means that the list changed under the read: it is read again
// from the start. Where two passes over the same rows contradict themselves in the
// same way, it isn't a change, but how the server counts: then its own cursors
// are followed, and two passes must give the same rows in the same order.

// maxRows bounds one pass over a list; its bytes are bounded, too (maxHeld).
const maxRows = 1_000_000

// reach is how many pages to have requested once this many have been used. At first
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
	key     string  // its ID
	created instant // where the server says it
	kept    R       // what the caller keeps of it
	size    int64   // bytes that key and kept take
}

func sizeOf[R any](rows []row[R]) (bytes int64) {
	for i := range rows {
		bytes += rows[i].size
	}
	return bytes
}

// page is one answer of a list.
type page[R any] struct {
	rows []row[R]
	more bool    // has_more
	next *cursor // next_cursor, nil where it is null or missing
	odd  error   // what is wrong with a row, though the list can be read
}

// pager reads one list, once.
type pager[R any] struct {
	fetch func(ctx context.Context, cursor string, limit int) (*page[R], error) // counts the rows as held
	held  *holding
	limit int                 // rows per page, at least 1
	noun  string              // what a row is
	reach func(taken int) int // more than taken; tests have others
	clean cleaner
	log   *slog.Logger

	requests  atomic.Int64 // pages asked for, whatever came of them
	following bool         // the server's own cursors: its cursors aren't offsets

	// Of the pass under way:
	rows  []row[R]
	seen  map[string]bool // their keys
	shown bool            // that nothing is missing, so that no other pass is needed
}

// all reads the list until it is shown to be complete. The error is a *ListError.
func (p *pager[R]) all(ctx context.Context) ([]row[R], error) {
	var (
		before       []string      // the rows of the pass before, if it came to its end
		contradicted contradiction // how the pass before ended, if it didn't
		change       error         // the latest
		pause        = firstPause
	)
	for passes := 1; ; passes++ {
		if passes > 1 {
			p.held.restart(lengthOf(before) + lengthOf(contradicted.rows))
		}
		err := p.pass(ctx)
		if err == nil && (p.shown || before != nil && p.agrees(before)) {
			return p.rows, nil
		}
		last, lastContradicted := before, contradicted
		before, contradicted = nil, contradiction{}
		failed := new(ChangedError)
		switch {
		case err == nil:
			before = p.keys()
			if last == nil {
				continue // to see whether it stays so
			}
			err = changed("two passes gave different lists, of %d and %d rows", len(last), len(before))
		case errors.Is(err, errNotOffsets):
			p.startFollowing(ctx, err.Error())
			continue
		case errors.As(err, &failed):
			contradicted = contradiction{failed.how, p.keys()}
			permanent := contradicted.equals(lastContradicted)
			if permanent && !p.following {
				contradicted = contradiction{}
				p.startFollowing(ctx, failed.how+", twice")
				continue
			}
			if permanent {
				change, err = nil, &PagingError{What: failed.how + ", each time that the list is read"}
			}
		}
		if errors.As(err, &failed) {
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

// contradiction is how a pass contradicted itself, and the rows that it had read.
type contradiction struct {
	how  string
	rows []string
}

func (c contradiction) equals(other contradiction) bool {
	return c.how == other.how && slices.Equal(c.rows, other.rows)
}

// startFollowing has the passes that come follow the server's own cursors.
func (p *pager[R]) startFollowing(ctx context.Context, why string) {
	p.following = true
	p.log.WarnContext(ctx, "Following the server's cursors, one page after the other", "reason", p.clean.text(why))
}

func (p *pager[R]) keys() []string {
	keys := make([]string, len(p.rows))
	for i := range p.rows {
		keys[i] = p.rows[i].key
	}
	return keys
}

func lengthOf(keys []string) (bytes int64) {
	for _, key := range keys {
		bytes += int64(len(key)) + 16 // and what a string itself takes
	}
	return bytes
}

// close ends the counting of what is held.
func (p *pager[R]) close() { p.held.restart(0) }

// agrees tells whether a pass gave the same rows as the one before. Where the
// cursors are followed, no seam holds a pass together, and the order must be the
// same, too: strong evidence that the list stood still, not proof.
func (p *pager[R]) agrees(before []string) bool {
	if p.following {
		return slices.Equal(before, p.keys())
	}
	return len(before) == len(p.rows) && !slices.ContainsFunc(before, func(key string) bool { return !p.seen[key] })
}

// pass reads the list once. Its error is a *ChangedError where reading again may
// help, and errNotOffsets where the cursors must be followed instead.
func (p *pager[R]) pass(ctx context.Context) error {
	p.rows, p.seen, p.shown = nil, map[string]bool{}, false
	if p.following {
		return p.follow(ctx)
	}
	first, err := p.get(ctx, "", p.limit)
	if err != nil {
		return err
	}
	if err := p.add(first.rows, 0); err != nil {
		return err
	}
	n := len(first.rows)
	switch {
	case first.last() && n < p.limit:
		p.shown = true // one page is a snapshot
		return nil
	case n < min(2, p.limit): // as from a count that was taken before the rows went; one row leaves no room to overlap
		return changed("the first page is short, of %d, though more follow", n)
	}
	if err := first.countsFrom(0); err != nil {
		return err
	}
	if err := p.overlap(ctx, first); err != nil {
		return err
	}
	p.shown = byCreation(p.rows)
	return nil
}

// overlap reads on from the first page, by pages of which each begins with the row
// that the one before ended with. Several are asked for ahead, and taken in their
// order. It ends, and so do the requests under way, with the list's last page or
// the first error.
func (p *pager[R]) overlap(ctx context.Context, first *page[R]) error {
	var requests sync.WaitGroup
	defer requests.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type answer struct {
		page *page[R]
		err  error
	}
	width := max(2, len(first.rows))
	start := len(first.rows) - 1 // of the next page to ask for
	latest := first
	var ahead []chan answer
	for taken := 1; ; taken++ {
		until := p.reach(taken)
		if latest.last() {
			until = taken + 1 // to see that nothing follows
		}
		for taken+len(ahead) < until {
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
		if refusesCursor(next.err) {
			return errNotOffsets
		}
		if next.err != nil {
			return next.err
		}
		latest = next.page
		if err := p.join(latest, width); err != nil || latest.last() && len(latest.rows) < width {
			return err
		}
	}
}

// join adds an overlapping page, if its seam holds.
func (p *pager[R]) join(next *page[R], width int) error {
	offset := len(p.rows) - 1
	last := p.rows[offset].key
	if err := next.countsFrom(offset); err != nil {
		return err
	}
	switch {
	case len(next.rows) == 0:
		return changed("the page at offset %d is empty, though %s stood there before", offset, p.clean.quote(last))
	case next.rows[0].key != last:
		return changed("the page at offset %d begins with %s, where %s stood before", offset, p.clean.quote(next.rows[0].key), p.clean.quote(last))
	case next.more && len(next.rows) != width:
		return changed("the page at offset %d has %d rows instead of %d, though more follow", offset, len(next.rows), width)
	}
	_ = p.held.change(-1, -next.rows[0].size) // it is there already
	return p.add(next.rows, 1)
}

// refusesCursor tells whether the server takes a cursor that it didn't give for
// wrong. What the first page wasn't refused for isn't meant.
func refusesCursor(err error) bool {
	failed := new(Error)
	if !errors.As(err, &failed) || failed.Err != nil || failed.Status < 400 || failed.Status > 499 {
		return false
	}
	switch failed.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return true
}

// byCreation tells whether the rows stand in the order in which they were
// created, or the other way round. Equal, missing and unreadable times show
// neither.
func byCreation[R any](rows []row[R]) bool {
	rising, falling := true, true
	for i := range rows {
		if !rows[i].created.known {
			return false
		}
		if i > 0 {
			order := rows[i].created.compare(rows[i-1].created)
			rising, falling = rising && order > 0, falling && order < 0
		}
	}
	return rising || falling
}

// follow reads the list by the cursors as the server gives them.
func (p *pager[R]) follow(ctx context.Context) error {
	at, followed := &cursor{whole: true}, map[string]bool{}
	for range maxRows { // a page may be empty
		next, err := p.get(ctx, at.text, p.limit)
		if err != nil {
			return err
		}
		// The cursor first: where it leads nowhere, rows that come again are no change.
		back := next.next != nil && at.whole && next.next.whole && next.next.number <= at.number
		advances := next.next != nil && !back && !followed[next.next.text]
		switch {
		case next.more && next.next == nil:
			return &PagingError{What: fmt.Sprintf("it has more after the page at cursor %s, but gives no next_cursor", p.clean.quote(at.text))}
		case next.more && !advances: // once it may be for a count that was taken before rows went
			return changed("after the page at cursor %s it gives next_cursor %s, which doesn't advance", p.clean.quote(at.text), p.clean.quote(next.next.text))
		}
		if err := p.add(next.rows, 0); err != nil {
			return err
		}
		if !next.more && (!advances || len(next.rows) == 0) {
			return nil
		}
		at = next.next
		followed[at.text] = true
		if err := p.held.change(1, int64(len(at.text))); err != nil {
			return err
		}
	}
	return errTooManyRows
}

func (p *pager[R]) get(ctx context.Context, cursor string, limit int) (*page[R], error) {
	p.requests.Add(1)
	return p.fetch(ctx, cursor, limit)
}

// add takes the rows of a page into the pass, from one of them on. One that is
// there already moved meanwhile, unless it stands twice in the same page.
func (p *pager[R]) add(rows []row[R], from int) error {
	for i := from; i < len(rows); i++ {
		key := rows[i].key
		switch {
		case !p.seen[key]:
			p.seen[key] = true
		case slices.ContainsFunc(rows[:i], func(other row[R]) bool { return other.key == key }):
			return &PagingError{What: p.clean.quote(key) + " stands twice in one page"}
		default:
			return changed("%s came twice", p.clean.quote(key))
		}
	}
	p.rows = append(p.rows, rows[from:]...)
	if len(p.rows) > maxRows {
		return errTooManyRows
	}
	return nil
}

// last tells whether the server says, without contradiction, that nothing follows.
func (p *page[R]) last() bool { return !p.more && p.next == nil }

// countsFrom returns nil if next_cursor is what the API says of it: the page's
// offset plus its rows. Another number may be due to a change, as from a count that
// was taken before the rows went; anything else is no offset.
func (p *page[R]) countsFrom(offset int) error {
	switch after := offset + len(p.rows); {
	case p.last(), p.more && p.next != nil && p.next.whole && p.next.number == after:
		return nil
	case p.more && p.next != nil && p.next.whole:
		return changed("after the page at offset %d, which has %d rows, it gives next_cursor %d", offset, len(p.rows), p.next.number)
	}
	return errNotOffsets
}

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
