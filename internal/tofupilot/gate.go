package tofupilot

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
	closed     time.Time     // when the latest 429 came that counts
	closings   int           // since a request succeeded
	succeeded  bool          // some request did, ever
}

func newGate() *gate { return &gate{places: make(chan struct{}, maxInFlight)} }

// errHeld is in the chain of what a request ends with that another one's 429 holds back.
var errHeld = errors.New("the server told another request to wait")

// enter waits for a place, and until the gate is open; leave must be called then.
// Otherwise the error is the context's, or, where another request's 429 is the reason,
// an *Error without a request.
func (g *gate) enter(ctx context.Context, maxRetries int) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
	}
	select {
	case g.places <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for {
		held, wait := g.holds(ctx, maxRetries)
		if held == nil {
			return nil
		}
		if wait == 0 || sleep(ctx, wait) != nil {
			g.leave()
			return held
		}
	}
}

// leave must be called when a request that was let in ends.
func (g *gate) leave() { <-g.places }

// holds is what holds a request back, nil if nothing does, and how long to wait for it;
// 0 where waiting can't help: the context has no such time, or the server has let
// nothing through after so many closings.
func (g *gate) holds(ctx context.Context, maxRetries int) (*Error, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait := time.Until(g.opens)
	if wait <= 0 {
		return nil, 0
	}
	held := &Error{Err: fmt.Errorf("%w until %s", errHeld, g.opens.UTC().Format(time.RFC3339)), RetryAfter: g.retryAfter}
	if g.retryAfter > 0 {
		held.TimeLeft = tooLong(ctx, wait)
	}
	if held.TimeLeft > 0 || g.lettingNothingThrough(maxRetries) {
		return held, 0
	}
	return held, wait
}

// close is called for every 429, with when its request was sent. One that was sent before
// the latest closing isn't another closing, but may ask for a longer pause.
func (g *gate) close(sent time.Time, retryAfter time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	pause := retryAfter
	if !sent.Before(g.closed) {
		g.closed = time.Now()
		g.closings++
		if pause == 0 {
			pause = min(firstClosing<<min(g.closings-1, 10), lastClosing)
			pause += rand.N(pause / 4)
		}
	}
	if opens := time.Now().Add(pause); opens.After(g.opens) {
		g.opens, g.retryAfter = opens, retryAfter
	}
}

// succeed is called for every request that succeeds.
func (g *gate) succeed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.succeeded, g.closings = true, 0
}

// givesUp reports whether a request that was refused isn't to be sent again: a server
// that lets some through is waited for at any pace, unless nothing is to be retried.
func (g *gate) givesUp(maxRetries int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maxRetries == 0 || g.lettingNothingThrough(maxRetries)
}

func (g *gate) lettingNothingThrough(maxRetries int) bool {
	return !g.succeeded && g.closings > maxRetries
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
