package paging

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	maxRows    = 1_000_000 // of one pass over a list
	pagesAhead = 8         // requests under way at a time
)

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
	pager := pager[R]{List: list, prefetch: prefetch}
	return pager.all(ctx)
}

// pager reads one list, once.
type pager[R any] struct {
	List[R]

	prefetch  func(taken int) int // more than taken; tests have others
	following bool                // the server's own cursors: its cursors aren't offsets

	// Of the pass under way:
	rows []R
	seen map[string]bool // their keys
	ends []int           // where the pages that were followed end, as offsets
}

// all reads the list until it is shown to be complete. The error is an *IncompleteError.
func (p *pager[R]) all(ctx context.Context) ([]R, error) {
	var (
		previous *endedPass // nil: the next pass is compared with none
		change   error      // the latest
		pause    = firstPause
	)
	for passes := 1; ; passes++ {
		incomplete := func(err error) error {
			return &IncompleteError{Passes: passes, Rows: len(p.rows), Change: change, Err: err}
		}
		complete, err := p.pass(ctx)
		failed := new(ChangedError)
		switch {
		case complete:
			return p.rows, nil
		case errors.Is(err, errNotOffsets):
			previous = nil
			p.startFollowing(ctx, err.Error())
			continue
		case err != nil && !errors.As(err, &failed):
			return nil, incomplete(err)
		}
		this, before := p.ended(err), previous
		previous = this
		switch {
		case err == nil && before.completes(this, p.following):
			return p.rows, nil
		case err == nil && (before == nil || before.contradiction != ""):
			continue // to see whether the list stays so
		case err == nil:
			err = changed("two passes gave different lists, of %d and %d rows", len(before.rows), len(this.rows))
		case before.contradictedAs(this) && !p.following:
			previous, change = nil, nil
			p.startFollowing(ctx, failed.How+", twice")
			continue
		case before.contradictedAs(this):
			change = nil
			return nil, incomplete(&InconsistentError{What: failed.How + ", each time that the list is read"})
		}
		change = err
		p.Log.WarnContext(ctx, "Reading the list again", "reason", change.Error(), "passes", passes)
		if err := sleep(ctx, pause/2+rand.N(pause/2)); err != nil {
			return nil, incomplete(err)
		}
		pause = min(2*pause, lastPause)
	}
}

// endedPass is what is held of a pass while the next is read.
type endedPass struct {
	contradiction string   // how it contradicted itself; empty: it came to its end
	rows          []uint64 // hashes of their keys, in the server's order
	ends          []int    // where the pages that were followed ended, as offsets
}

// ended is the pass that just ended with this error.
func (p *pager[R]) ended(err error) *endedPass {
	ended := &endedPass{rows: p.hashes(), ends: p.ends}
	if err != nil {
		ended.contradiction = err.Error()
	}
	return ended
}

// completes reports whether both passes came to their ends and gave the same rows. Where
// the cursors are followed, no seam holds a pass together, and the order and the ends of
// the pages must be the same, too: a page that ends the list in one pass and not in
// the other shows that the server's count was older than its rows. That is strong
// evidence that the list stood still, not proof.
func (e *endedPass) completes(next *endedPass, following bool) bool {
	if e == nil || e.contradiction != "" || !slices.Equal(e.ends, next.ends) {
		return false
	}
	if following {
		return slices.Equal(e.rows, next.rows)
	}
	return slices.Equal(slices.Sorted(slices.Values(e.rows)), slices.Sorted(slices.Values(next.rows)))
}

// contradictedAs reports whether both passes contradicted themselves in the same way,
// after the same rows.
func (e *endedPass) contradictedAs(next *endedPass) bool {
	return e != nil && e.contradiction == next.contradiction && slices.Equal(e.rows, next.rows)
}

// startFollowing has the passes that come follow the server's own cursors.
func (p *pager[R]) startFollowing(ctx context.Context, why string) {
	p.following = true
	p.Log.WarnContext(ctx, "Following the server's cursors, one page after the other", "reason", why)
}

// hashes stand for the rows' keys, however long these are. Other rows give other hashes,
// but for one in 2⁶⁴.
func (p *pager[R]) hashes() []uint64 {
	hashes := make([]uint64, len(p.rows))
	for i := range p.rows {
		hashes[i] = maphash.String(seed, p.Key(&p.rows[i]))
	}
	return hashes
}

var seed = maphash.MakeSeed() // of hashes

// pass reads the list once, and reports whether that shows it to be complete; else another
// pass must agree. The error is a *ChangedError where reading again may help, and
// errNotOffsets where the cursors must be followed instead.
func (p *pager[R]) pass(ctx context.Context) (complete bool, err error) {
	p.rows, p.seen, p.ends = nil, map[string]bool{}, nil
	if p.following {
		return false, p.follow(ctx)
	}
	first, err := p.Fetch(ctx, "", p.PageSize)
	if err != nil {
		return false, err
	}
	if err := p.add(first.Rows, 0); err != nil {
		return false, err
	}
	n := len(first.Rows)
	switch {
	case first.Last() && n < p.PageSize:
		return true, nil // one page is a snapshot
	case n < min(2, p.PageSize): // as if it had been counted before rows were deleted; one row leaves no room to overlap
		return false, changed("the first page is short, of %d, though more follow", n)
	}
	if err := first.countsFrom(0); err != nil {
		return false, err
	}
	if err := p.overlap(ctx, first); err != nil {
		return false, err
	}
	return p.byCreation(), nil
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

// Last reports whether the server says, without contradiction, that nothing follows.
func (p Page[R]) Last() bool { return !p.More && p.Next == "" }

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
