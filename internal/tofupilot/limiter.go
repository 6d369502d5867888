package tofupilot

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// maxInFlight is how many requests one client has under way at a time, whatever
// the number of data sources that share it.
const maxInFlight = 8

// Pauses after a 429 that doesn't say for how long. Each is up to a quarter longer, so
// that clients that were refused together don't come back together.
const (
	firstClosing = time.Second
	lastClosing  = 30 * time.Second
)

// limiter bounds what a client sends. A server that answers 429 closes it for
// everyone; afterwards it opens with one request and lets one more in with each
// that succeeds, because all of them at once would only be refused again.
//
// A server that lets some requests through is waited for until the context ends, at
// any pace. One that has let none through, closing after closing, is given up.
type limiter struct {
	mu       sync.Mutex
	inFlight int
	width    int           // how many may be under way now, 1 to maxInFlight
	changed  chan struct{} // closed, and replaced, when someone who waits should look again

	closings    int // in all
	inARow      int // since a request succeeded that was sent after one
	closedUntil time.Time
	because     Error // the 429 that closed it for so long
	succeeds    bool  // some request did
	givenUp     int   // how often
}

func newLimiter() *limiter {
	return &limiter{width: maxInFlight, changed: make(chan struct{})}
}

// acquire waits until one more request may be sent, and returns how often the
// limiter had been closed then, for succeeded and refused.
//
// The error is the context's, together with the 429 that held everyone up, if one
// did. It is that *Error alone where waiting can't help: the server asked for a time
// that the context doesn't have, or it is given up.
func (l *limiter) acquire(ctx context.Context) (closings int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	givenUp := l.givenUp
	for {
		closed := time.Until(l.closedUntil)
		switch {
		case ctx.Err() != nil && l.width < maxInFlight:
			return 0, ended(ctx, l.refusal(0))
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case givenUp != l.givenUp:
			return 0, l.refusal(0)
		case closed > 0 && l.because.RetryAfter > 0 && tooLong(ctx, closed) > 0:
			return 0, l.refusal(tooLong(ctx, closed))
		case closed <= 0 && l.inFlight < l.width:
			l.inFlight++
			return l.closings, nil
		}
		l.wait(ctx, closed)
	}
}

// refusal is the 429 that closed the limiter, as the error of a request that waiting
// can't help.
func (l *limiter) refusal(timeLeft time.Duration) *Error {
	refused := l.because
	refused.final, refused.TimeLeft = true, timeLeft
	return &refused
}

// tooLong is the time until the context's deadline if that comes before the pause is
// over, else 0.
func tooLong(ctx context.Context, pause time.Duration) time.Duration {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
		return time.Until(deadline)
	}
	return 0
}

// wait releases the lock until something may have changed.
func (l *limiter) wait(ctx context.Context, closed time.Duration) {
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
	}
}

// release must be called when a request that was let in ends.
func (l *limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	l.wake()
}

// succeeded must be called, before release, for every request that succeeds. One that
// was sent before the latest closing says nothing about the rate that is allowed now.
func (l *limiter) succeeded(closings int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.succeeds = true
	if closings == l.closings {
		l.inARow = 0
		l.width = min(l.width+1, maxInFlight)
	}
}

// refused must be called, before release, for every 429. It closes the limiter. A 429
// to a request that was sent before the latest closing doesn't count as another
// closing. The error is marked as final if nothing is to be retried: after maxRetries
// closings in a row, if no request has ever succeeded.
func (l *limiter) refused(closings int, because *Error, maxRetries int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	pause := because.RetryAfter
	if closings == l.closings {
		l.closings++
		l.inARow++
		l.width = 1
		if pause == 0 {
			pause = min(firstClosing<<min(l.inARow-1, 10), lastClosing)
			pause += rand.N(pause / 4)
		}
	}
	giveUp := !l.succeeds && l.inARow > maxRetries
	if giveUp {
		l.givenUp++
		l.inARow = 0
	}
	because.final = giveUp || maxRetries == 0
	if until := time.Now().Add(pause); until.After(l.closedUntil) {
		l.closedUntil, l.because = until, *because
	}
}

// closedFor is how long nothing will be let in.
func (l *limiter) closedFor() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(time.Until(l.closedUntil), 0)
}

func (l *limiter) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}
