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
// that succeeds, because all of them at once would only be refused again.
type limiter struct {
	mu          sync.Mutex
	inFlight    int
	width       int // how many may be under way now, 1 to maxInFlight
	closedUntil time.Time
	changed     chan struct{} // closed, and made anew, when someone who waits should look again
}

func newLimiter() *limiter {
	return &limiter{width: maxInFlight, changed: make(chan struct{})}
}

// acquire waits for a place. The error is the context's.
func (l *limiter) acquire(ctx context.Context) error {
	for {
		l.mu.Lock()
		closed := time.Until(l.closedUntil)
		if closed <= 0 && l.inFlight < l.width && ctx.Err() == nil {
			l.inFlight++
			l.mu.Unlock()
			return nil
		}
		changed := l.changed
		l.mu.Unlock()

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
	}
}

// release gives the place back.
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
