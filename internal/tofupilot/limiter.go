package tofupilot

import (
	"context"
	"sync"
	"time"
)

// maxInFlight is how many requests one client has under way at a time, whatever
// the number of data sources that share it.
const maxInFlight = 8

// limiter bounds what a client sends. A server that answers 429 closes it for
// everyone; afterwards it opens with one request and lets one more in with each
// that succeeds, because all of them at once would only be refused again. Those
// that were tried before go first: else some of many would be refused again and
// again, until they have no retries left.
type limiter struct {
	mu          sync.Mutex
	inFlight    int
	width       int                 // how many may be under way now, 1 to maxInFlight
	waiting     [MaxRetries + 2]int // how many wait, by the number of their attempt
	closedUntil time.Time
	changed     chan struct{} // closed, and made anew, when someone who waits should look again
}

func newLimiter() *limiter {
	return &limiter{width: maxInFlight, changed: make(chan struct{})}
}

// acquire waits until an attempt may be made, of which the first is 1. The error
// is the context's.
func (l *limiter) acquire(ctx context.Context, attempt int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[attempt]++
	defer func() {
		l.waiting[attempt]--
		l.wake() // it may have been in someone's way
	}()
	for {
		closed := time.Until(l.closedUntil)
		if closed <= 0 && l.inFlight < l.width && l.isFirst(attempt) && ctx.Err() == nil {
			l.inFlight++
			return nil
		}
		if err := l.wait(ctx, closed); err != nil {
			return err
		}
	}
}

// isFirst tells whether nobody waits who was tried more often.
func (l *limiter) isFirst(attempt int) bool {
	for _, others := range l.waiting[attempt+1:] {
		if others > 0 {
			return false
		}
	}
	return true
}

// wait lets go of the lock until it is worth looking again.
func (l *limiter) wait(ctx context.Context, closed time.Duration) error {
	changed := l.changed
	l.mu.Unlock()
	defer l.mu.Lock()
	var opens <-chan time.Time
	if closed > 0 {
		opens = time.After(closed)
	}
	select {
	case <-changed:
	case <-opens:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// release ends what acquire began.
func (l *limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	l.wake()
}

// succeeded is told of every request that the server did not refuse.
func (l *limiter) succeeded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	// An answer to a request from before the limiter closed says nothing about now.
	if l.width < maxInFlight && time.Now().After(l.closedUntil) {
		l.width++
		l.wake()
	}
}

// close keeps everyone waiting for at least this long.
func (l *limiter) close(pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(pause); until.After(l.closedUntil) {
		l.closedUntil = until
	}
	l.width = 1
	l.wake()
}

func (l *limiter) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}
