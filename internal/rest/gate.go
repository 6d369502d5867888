package rest

import (
	"context"
	"errors"
	"fmt"
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

// gate bounds what a client sends: to so many requests at a time, and to none before
// the time that a 429 moved.
type gate struct {
	places chan struct{}

	mu         sync.Mutex
	opens      time.Time     // nothing is sent before
	retryAfter time.Duration // that the server asked for; 0: it didn't
	closed     time.Time     // when it was last closed
	inARow     int           // how often, since a request succeeded
	succeeded  bool          // some request did, ever
}

func newGate() *gate { return &gate{places: make(chan struct{}, maxInFlight)} }

// enter waits until the gate is open, and for a place, and returns the time for close; leave
// must be called then. Else it tells why the request isn't sent: err is the context's, where
// that ended, and held is a 429, an *Error without a request, where that was waited for, or
// waiting can't help.
func (g *gate) enter(ctx context.Context, maxRetries int) (sent time.Time, held *Error, err error) {
	for ctx.Err() == nil {
		if held, wait := g.holds(ctx, maxRetries); held != nil {
			if wait == 0 {
				return sent, held, nil
			}
			if err := sleep(ctx, wait); err != nil {
				return sent, held, err
			}
			continue
		}
		select {
		case g.places <- struct{}{}:
			sent = time.Now() // before the look at the gate: a later closing is later than this
			if g.closedFor() == 0 {
				return sent, nil, nil
			}
			g.leave() // it was closed meanwhile
		case <-ctx.Done():
		}
	}
	return sent, nil, context.Cause(ctx)
}

// leave must be called when a request that was let in ends.
func (g *gate) leave() { <-g.places }

// holds is what holds a request back, nil if nothing does, and how long to wait for it; 0
// where waiting can't help: the context has no such time, or the server has let nothing
// through however often it was asked.
func (g *gate) holds(ctx context.Context, maxRetries int) (held *Error, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait = time.Until(g.opens)
	if wait <= 0 {
		return nil, 0
	}
	held = &Error{Kind: RateLimited, RetryAfter: g.retryAfter, final: true, Err: errors.New("the server limits the rate of requests, and refused another one just before")}
	if g.retryAfter > 0 {
		held.Err = fmt.Errorf("the server told another request to wait until %s", g.opens.UTC().Format(time.RFC3339))
		held.TimeLeft = tooLong(ctx, wait)
	}
	if held.TimeLeft > 0 || g.lettingNothingThrough(maxRetries) {
		return held, 0
	}
	return held, wait
}

// close is called for every 429, with the time when its request was sent. The requests that
// were under way when the gate was closed don't count anew, but may ask for a longer pause.
func (g *gate) close(sent time.Time, retryAfter time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	pause := retryAfter
	if sent.After(g.closed) {
		g.closed = time.Now()
		g.inARow++
		if pause == 0 {
			pause = min(firstClosing<<min(g.inARow-1, 10), lastClosing)
			pause += rand.N(pause / 4)
		}
	}
	if opens := time.Now().Add(pause); opens.After(g.opens) {
		g.opens, g.retryAfter = opens, retryAfter
	}
}

// succeed is called for every answer with status 200.
func (g *gate) succeed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.succeeded, g.inARow = true, 0
}

// givesUp reports whether a request that was refused isn't to be sent again: a server
// that lets some through is waited for at any pace, unless nothing is to be retried.
func (g *gate) givesUp(maxRetries int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maxRetries == 0 || g.lettingNothingThrough(maxRetries)
}

// lettingNothingThrough stays so until a request succeeds: until then, whoever comes
// after a pause tries once.
func (g *gate) lettingNothingThrough(maxRetries int) bool {
	return !g.succeeded && g.inARow > maxRetries
}

// closedFor is how long nothing will be sent.
func (g *gate) closedFor() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(time.Until(g.opens), 0)
}

// tooLong is the time until the context's deadline if that comes before the pause is
// over, else 0.
func tooLong(ctx context.Context, pause time.Duration) time.Duration {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
		return time.Until(deadline)
	}
	return 0
}
