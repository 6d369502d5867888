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
	pagesAhead = 8         // requests in flight
)

// Pauses between two passes over a list that changes.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Read returns every row that was in the list throughout, once, in the server's order.
// The error is an *IncompleteError.
func Read[R any](ctx context.Context, list List[R]) ([]R, error) {
	if list.Log == nil {
		list.Log = slog.New(slog.DiscardHandler)
	}
	pager := pager[R]{List: list, prefetch: prefetch}
	return pager.all(ctx)
}

// List describes a list that a server returns page by page.
type List[R any] struct {
	// Fetch requests the page at a cursor, of at most limit rows. An empty cursor
	// requests the first page, and begins a pass. Several goroutines call it at a time,
	// except for the first page. If the server rejects the cursor, the error wraps
	// ErrCursor.
	Fetch   func(ctx context.Context, cursor string, limit int) (Page[R], error)
	Key     func(*R) string                     // returns the ID of a row
	Created func(*R) (at time.Time, known bool) // returns when a row was created
	Log     *slog.Logger                        // nil: no logging

	PageSize    int // rows to request, at least 1
	MaxPageSize int // the most that may be requested, at least 2
}

// Page is one page of a list.
type Page[R any] struct {
	Rows []R
	More bool   // whether the server says that more rows follow (has_more)
	Next string // the cursor of the next page (next_cursor); empty: there is none
}

// IsLast reports whether the server says, without contradiction, that nothing follows.
func (p Page[R]) IsLast() bool { return !p.More && p.Next == "" }

// pager reads one list, once.
type pager[R any] struct {
	List[R]

	prefetch  func(taken int) int // returns more than taken; tests replace it
	following bool                // whether it follows the server's own cursors

	// Of the current pass:
	rows []R
	seen map[string]bool // their keys
	ends []int           // offsets at which the followed pages end
}

// all reads the list until it is shown to be complete. The error is an *IncompleteError.
func (p *pager[R]) all(ctx context.Context) ([]R, error) {
	var (
		previous *passSummary // nil: the next pass is compared with none
		change   error        // the latest
		pause    = firstPause
	)
	for passes := 1; ; passes++ {
		latest := p.pass(ctx)
		action, reason := decide(previous, latest, p.following)
		previous = latest
		switch action {
		case accept:
			return p.rows, nil
		case confirm:
		case readAgain:
			change = reason
			p.Log.WarnContext(ctx, "Reading the list again", "reason", reason, "passes", passes)
			if err := sleep(ctx, pause/2+rand.N(pause/2)); err != nil {
				return nil, &IncompleteError{Passes: passes, Rows: len(p.rows), Change: change, Err: err}
			}
			pause = min(2*pause, lastPause)
		case follow:
			p.following, previous, change = true, nil, nil
			p.Log.WarnContext(ctx, "Following the server's cursors, one page after the other", "reason", reason)
		case fail:
			if latest.changed() { // twice in the same way: it wasn't a change
				change = nil
			}
			return nil, &IncompleteError{Passes: passes, Rows: len(p.rows), Change: change, Err: reason}
		}
	}
}

// action says what to do after a pass.
type action int

const (
	accept    action = iota // the list is complete
	confirm                 // read it once more: two passes must agree
	readAgain               // it changed: read it after a pause
	follow                  // read it by the server's own cursors
	fail
)

// decide returns what to do after the latest pass, and why. previous is nil for the first pass.
// following says whether the server's own cursors are followed.
func decide(previous, latest *passSummary, following bool) (action, error) {
	switch {
	case latest.proven:
		return accept, nil
	case latest.err == nil:
		switch {
		case previous == nil || previous.changed():
			return confirm, nil
		case previous.agreesWith(latest, following):
			return accept, nil
		default:
			return readAgain, changedError("two passes gave different lists, of %d and %d rows", len(previous.rows), len(latest.rows))
		}
	case latest.changed():
		switch {
		case previous == nil || !previous.contradictsLike(latest):
			return readAgain, latest.err
		case following:
			return fail, &InconsistentError{What: latest.err.Error() + ", each time that the list is read"}
		default:
			return follow, fmt.Errorf("%w, twice", latest.err)
		}
	case errors.Is(latest.err, errNotOffsets):
		return follow, latest.err
	default:
		return fail, latest.err
	}
}

// passSummary is the outcome of one pass. It is compared with the next pass.
type passSummary struct {
	proven bool     // the list is complete
	err    error    // why the pass didn't come to its end; nil if it did
	rows   []uint64 // hashes of the keys, in the server's order; nil if the list is proven
	ends   []int    // offsets at which the followed pages ended
}

// changed reports whether two pages of the pass contradict each other.
func (s *passSummary) changed() bool { return errors.As(s.err, new(*ChangedError)) }

// agreesWith reports whether two passes that came to their ends have the same rows. If the
// cursors are followed, no overlap connects the pages, and the order and the ends of
// the pages must be the same, too: a page that ends the list in one pass and not in
// the other shows that the server's count was older than its rows. That is strong
// evidence that the list didn't change, but no proof.
func (s *passSummary) agreesWith(next *passSummary, following bool) bool {
	if !slices.Equal(s.ends, next.ends) {
		return false
	}
	if following {
		return slices.Equal(s.rows, next.rows)
	}
	return slices.Equal(slices.Sorted(slices.Values(s.rows)), slices.Sorted(slices.Values(next.rows)))
}

// contradictsLike reports whether both passes contradicted themselves in the same way,
// after the same rows.
func (s *passSummary) contradictsLike(next *passSummary) bool {
	return s.changed() && s.err.Error() == next.err.Error() && slices.Equal(s.rows, next.rows)
}

// pass reads the list once, from its start.
func (p *pager[R]) pass(ctx context.Context) *passSummary {
	p.rows, p.seen, p.ends = nil, map[string]bool{}, nil
	if p.following {
		err := p.follow(ctx)
		return &passSummary{err: err, rows: p.hashes(), ends: p.ends}
	}
	isWhole, err := p.overlap(ctx)
	if err == nil && (isWhole || p.isByCreation()) { // doc.go says why either proves it
		return &passSummary{proven: true}
	}
	return &passSummary{err: err, rows: p.hashes()}
}

// hashes returns hashes of the rows' keys, which may be long. Two keys have the same hash
// with a probability of 2⁻⁶⁴.
func (p *pager[R]) hashes() []uint64 {
	hashes := make([]uint64, len(p.rows))
	for i := range p.rows {
		hashes[i] = maphash.String(seed, p.Key(&p.rows[i]))
	}
	return hashes
}

var seed = maphash.MakeSeed()

// isByCreation reports whether the rows are in the order in which they were created, or in
// the reverse order. Equal and unknown times show neither.
func (p *pager[R]) isByCreation() bool {
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

// add adds the rows of a page to the pass, beginning with the one at from. A row that is
// already in the pass moved while the list was read. A row that is twice in one page is a
// mistake of the server.
func (p *pager[R]) add(rows []R, from int) error {
	for i := from; i < len(rows); i++ {
		key := p.Key(&rows[i])
		switch {
		case !p.seen[key]:
			p.seen[key] = true
		case slices.ContainsFunc(rows[:i], func(other R) bool { return p.Key(&other) == key }):
			return &InconsistentError{What: fmt.Sprintf("%q is twice in one page", key)}
		default:
			return changedError("%q came twice", key)
		}
	}
	p.rows = append(p.rows, rows[from:]...)
	if len(p.rows) > maxRows {
		return errTooManyRows
	}
	return nil
}

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
