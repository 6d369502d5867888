package paging

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	maxRows    = 1_000_000 // of one pass over a list
	pagesAhead = 8         // requests under way at a time
)

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
	return taken + pagesAhead
}

// Pauses between two passes over a list that changes.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Page is one answer of a list.
type Page[R any] struct {
	Rows []R
	More bool   // whether the server says that more follow (has_more)
	Next string // the cursor to what follows (next_cursor); empty: the server gives none
}

// List is a list that a server gives page by page.
type List[R any] struct {
	// Fetch asks for the page at a cursor, of at most so many rows. An empty cursor
	// asks for the first page, and begins a pass. It is called by several goroutines
	// at a time, but for the first page. Where the server takes a cursor for wrong, the
	// error is an ErrCursor.
	Fetch   func(ctx context.Context, cursor string, limit int) (Page[R], error)
	Key     func(*R) string                     // what a row is known by, its ID
	Created func(*R) (at time.Time, known bool) // when it was created
	Seam    func(*R)                            // is told of each row that is dropped because the page before ended with it; may be nil
	Log     *slog.Logger                        // nil: no logging

	PageSize    int // rows to ask for, at least 1
	MaxPageSize int // the most that the server may be asked for, at least 2
}

// Read returns every row that stood in the list throughout, once, in the server's order.
// The error is an *IncompleteError.
func Read[R any](ctx context.Context, list List[R]) ([]R, error) {
	if list.Log == nil {
		list.Log = slog.New(slog.DiscardHandler)
	}
	pager := pager[R]{List: list, reach: reach}
	return pager.all(ctx)
}

// pager reads one list, once.
type pager[R any] struct {
	List[R]

	reach     func(taken int) int // more than taken; tests have others
	following bool                // the server's own cursors: its cursors aren't offsets

	// Of the pass under way:
	rows  []R
	seen  map[string]bool // their keys
	shown bool            // that nothing is missing, so that no other pass is needed
}

// all reads the list until it is shown to be complete. The error is an *IncompleteError.
func (p *pager[R]) all(ctx context.Context) ([]R, error) {
	var (
		before       []string      // the rows of the pass before, if it came to its end
		contradicted contradiction // how the pass before ended, if it didn't
		change       error         // the latest
		pause        = firstPause
	)
	for passes := 1; ; passes++ {
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
			contradicted = contradiction{failed.How, p.keys()}
			permanent := contradicted.equals(lastContradicted)
			if permanent && !p.following {
				contradicted = contradiction{}
				p.startFollowing(ctx, failed.How+", twice")
				continue
			}
			if permanent {
				change, err = nil, &InconsistentError{What: failed.How + ", each time that the list is read"}
			}
		}
		if errors.As(err, &failed) {
			change = err
			p.Log.WarnContext(ctx, "Reading the list again", "reason", change.Error(), "passes", passes)
			if err = sleep(ctx, pause/2+rand.N(pause/2)); err == nil {
				pause = min(2*pause, lastPause)
				continue
			}
		}
		return nil, &IncompleteError{Passes: passes, Rows: len(p.rows), Change: change, Err: err}
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
	p.Log.WarnContext(ctx, "Following the server's cursors, one page after the other", "reason", why)
}

func (p *pager[R]) keys() []string {
	keys := make([]string, len(p.rows))
	for i := range p.rows {
		keys[i] = p.Key(&p.rows[i])
	}
	return keys
}

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
	first, err := p.Fetch(ctx, "", p.PageSize)
	if err != nil {
		return err
	}
	if err := p.add(first.Rows, 0); err != nil {
		return err
	}
	n := len(first.Rows)
	switch {
	case first.last() && n < p.PageSize:
		p.shown = true // one page is a snapshot
		return nil
	case n < min(2, p.PageSize): // as from a count that was taken before the rows went; one row leaves no room to overlap
		return changed("the first page is short, of %d, though more follow", n)
	}
	if err := first.countsFrom(0); err != nil {
		return err
	}
	if err := p.overlap(ctx, first); err != nil {
		return err
	}
	p.shown = p.byCreation()
	return nil
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
		until := p.reach(taken)
		if latest.last() {
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
		if err := p.join(latest, width); err != nil || latest.last() && len(latest.Rows) < width {
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
	case next.More && len(next.Rows) != width:
		return changed("the page at offset %d has %d rows instead of %d, though more follow", offset, len(next.Rows), width)
	}
	if p.Seam != nil {
		p.Seam(&next.Rows[0])
	}
	return p.add(next.Rows, 1)
}

// byCreation reports whether the rows stand in the order in which they were
// created, or the other way round. Equal and unknown times show neither.
func (p *pager[R]) byCreation() bool {
	rising, falling := true, true
	var before time.Time
	for i := range p.rows {
		at, known := p.Created(&p.rows[i])
		if !known {
			return false
		}
		if i > 0 {
			rising, falling = rising && at.After(before), falling && at.Before(before)
		}
		before = at
	}
	return rising || falling
}

// follow reads the list by the cursors as the server gives them.
func (p *pager[R]) follow(ctx context.Context) error {
	at, followed := "", map[string]bool{}
	for range maxRows { // a page may be empty
		next, err := p.Fetch(ctx, at, p.PageSize)
		if err != nil {
			return err
		}
		// The cursor first: where it leads nowhere, rows that come again are no change.
		advances := next.Next != "" && !followed[next.Next] && !isBehind(next.Next, at)
		switch {
		case next.More && next.Next == "":
			return &InconsistentError{What: fmt.Sprintf("it has more after the page at cursor %q, but gives no next_cursor", at)}
		case next.More && !advances: // once it may be for a count that was taken before rows went
			return changed("after the page at cursor %q it gives next_cursor %q, which doesn't advance", at, next.Next)
		}
		if err := p.add(next.Rows, 0); err != nil {
			return err
		}
		if !next.More && (!advances || len(next.Rows) == 0) {
			return nil
		}
		at = next.Next
		followed[at] = true
	}
	return errTooManyRows
}

// isBehind reports whether both cursors are offsets, of which the first isn't the larger.
func isBehind(next, at string) bool {
	to, ok := offsetOf(next)
	from, atOffset := offsetOf(cmp.Or(at, "0"))
	return ok && atOffset && to <= from
}

// offsetOf is the number that a cursor is, if it is the plain form of a whole one.
// Any other is a token, to be sent back as it came.
func offsetOf(cursor string) (offset int, ok bool) {
	offset, err := strconv.Atoi(cursor)
	return offset, err == nil && strconv.Itoa(offset) == cursor
}

// add takes the rows of a page into the pass, from one of them on. One that is
// there already moved meanwhile, unless it stands twice in the same page.
func (p *pager[R]) add(rows []R, from int) error {
	for i := from; i < len(rows); i++ {
		key := p.Key(&rows[i])
		switch {
		case !p.seen[key]:
			p.seen[key] = true
		case slices.ContainsFunc(rows[:i], func(other R) bool { return p.Key(&other) == key }):
			return &InconsistentError{What: fmt.Sprintf("%q stands twice in one page", key)}
		default:
			return changed("%q came twice", key)
		}
	}
	p.rows = append(p.rows, rows[from:]...)
	if len(p.rows) > maxRows {
		return errTooManyRows
	}
	return nil
}

// last reports whether the server says, without contradiction, that nothing follows.
func (p Page[R]) last() bool { return !p.More && p.Next == "" }

// countsFrom returns nil if next_cursor is the page's offset plus its rows, as
// documented. Another number may be due to a change, as from a count that was taken
// before the rows went; anything else is no offset.
func (p Page[R]) countsFrom(offset int) error {
	next, isOffset := offsetOf(p.Next)
	switch {
	case p.last(), p.More && isOffset && next == offset+len(p.Rows):
		return nil
	case p.More && isOffset:
		return changed("after the page at offset %d, which has %d rows, it gives next_cursor %d", offset, len(p.Rows), next)
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

// IncompleteError is a list that couldn't be shown to be complete. Err is why: what a
// fetch failed with, a *InconsistentError or the context's cause.
type IncompleteError struct {
	Passes int   // how often the list was read from its start, the last one included
	Rows   int   // that the last pass had read
	Change error // what showed that the list changed, in the latest pass that was given up; nil if none was
	Err    error
}

func (e *IncompleteError) Error() string {
	if e.Change == nil {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v (read from the start %d times, because the list changed while it was read: %v)", e.Err, e.Passes, e.Change)
}

func (e *IncompleteError) Unwrap() error { return e.Err }

// ChangedError tells what showed that the list changed while it was read.
type ChangedError struct{ How string }

func (e *ChangedError) Error() string { return e.How }

func changed(format string, args ...any) error {
	return &ChangedError{How: fmt.Sprintf(format, args...)}
}

// InconsistentError is an answer that leaves no safe next step.
type InconsistentError struct{ What string }

func (e *InconsistentError) Error() string { return "the server's paging can't be followed: " + e.What }

// ErrCursor is in the chain of a fetch's error where the server takes a cursor
// that it didn't give for wrong.
var ErrCursor = errors.New("the server refuses the cursor")

var (
	errTooManyRows = &InconsistentError{What: fmt.Sprintf("it goes on after %d rows", maxRows)}
	// errNotOffsets ends a pass whose cursors turn out not to be offsets.
	errNotOffsets = errors.New("the cursors aren't offsets")
)
