package tofupilot

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"sync"

	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// listLookups have lookups share reads of the whole list: one read is under way at a time,
// and all lookups that come meanwhile share the next. A lookup shares none that began
// before it, so it finds what was there when it began.
type listLookups struct {
	turn chan struct{} // holds one element while a read is under way

	mu   sync.Mutex
	next *sharedRead // that hasn't begun; nil: there is none
}

// sharedRead is one read of the list. The first lookup that shares it reads, with its own
// context, and the others wait.
type sharedRead struct {
	wanted map[By]map[string]bool // under NFC
	users  int                    // lookups that use it, or will
	close  func()                 // ends the counting of its rows

	done       chan struct{} // closed when the rest is known
	rows       []Row[found]
	err        error
	readerOnly bool // the error is due to the time that the reader has; others may have more
}

func newListLookups() *listLookups { return &listLookups{turn: make(chan struct{}, 1)} }

// read reads the list to its end. Without an error, done must be called when its rows
// aren't used any more.
func (l *listLookups) read(ctx context.Context, c *Client, by By, wanted map[string]bool) (rows []Row[found], done func(), err error) {
	var before error // that a read ended with, whose reader had less time
	for {
		shared, first := l.join(by, wanted)
		if first {
			l.lead(ctx, c, shared)
		} else {
			select {
			case <-shared.done:
			case <-ctx.Done():
				l.leave(shared)
				return nil, nil, cmp.Or(before, context.Cause(ctx))
			}
		}
		if shared.err == nil {
			return shared.rows, func() { l.leave(shared) }, nil
		}
		l.leave(shared)
		switch {
		case first && before != nil && ctx.Err() != nil:
			return nil, nil, before // which tells more than a read that hardly began
		case first || !shared.readerOnly:
			return nil, nil, shared.err
		}
		before = shared.err
	}
}

// join adds a lookup to the next read, and reports whether it is the first.
func (l *listLookups) join(by By, wanted map[string]bool) (shared *sharedRead, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if first = l.next == nil; first {
		l.next = &sharedRead{wanted: map[By]map[string]bool{ByName: {}, ByID: {}}, done: make(chan struct{})}
	}
	maps.Copy(l.next.wanted[by], wanted)
	l.next.users++
	return l.next, first
}

// leave must be called when a lookup is done with a read and its rows.
func (l *listLookups) leave(shared *sharedRead) {
	l.mu.Lock()
	defer l.mu.Unlock()
	shared.users--
	if shared.users == 0 {
		shared.close()
	}
}

// lead reads for all that share a read, once the read before it is over.
func (l *listLookups) lead(ctx context.Context, c *Client, shared *sharedRead) {
	defer close(shared.done)
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done(): // and nothing is asked for
	}
	l.mu.Lock()
	l.next = nil
	l.mu.Unlock()
	read := newListRead(c, Procedures, Filter{}, keepFound(func(p *Procedure) bool {
		return shared.wanted[ByName][norm.NFC.String(ByName.of(p))] || shared.wanted[ByID][norm.NFC.String(p.ID)]
	}))
	shared.close = read.close
	shared.rows, shared.err = read.all(ctx)
	failed := new(rest.Error)
	shared.readerOnly = shared.err != nil && (ctx.Err() != nil || errors.As(shared.err, &failed) && failed.TimeLeft > 0)
}
