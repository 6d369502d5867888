package rest

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

// enter waits until the gate is open, and for a place. It returns the time for close; leave
// must be called then. The error is a *blockedError if the gate is closed and waiting can't
// help, or if the context ended while it was closed; otherwise it is the context's cause.
func (g *gate) enter(ctx context.Context, maxRetries int) (sent time.Time, err error) {
	for ctx.Err() == nil {
		if blocked, wait := g.blocked(ctx, maxRetries); blocked != nil {
			if wait == 0 || sleep(ctx, wait) != nil {
				return sent, blocked
			}
			continue
		}
		select {
		case g.places <- struct{}{}:
			sent = time.Now() // before the look at the gate: a later closing is later than this
			if g.closedFor() == 0 {
				return sent, nil
			}
			g.leave() // it was closed meanwhile
		case <-ctx.Done():
		}
	}
	return sent, context.Cause(ctx)
}

// leave must be called when a request that was let in ends.
func (g *gate) leave() { <-g.places }

// blocked reports why a request must wait, and for how long. It returns nil if the gate is
// open. A wait of 0 means that waiting can't help: the context ends before the gate opens,
// or the server has refused too many requests and accepted none.
func (g *gate) blocked(ctx context.Context, maxRetries int) (*blockedError, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait := time.Until(g.opens)
	if wait <= 0 {
		return nil, 0
	}
	blocked := &blockedError{retryAfter: g.retryAfter, opens: g.opens}
	if g.retryAfter > 0 {
		blocked.timeLeft = timeLeft(ctx, wait)
	}
	if blocked.timeLeft > 0 || g.refusesAll(maxRetries) {
		return blocked, 0
	}
	return blocked, wait
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
	return maxRetries == 0 || g.refusesAll(maxRetries)
}

// refusesAll reports whether the server has refused more than maxRetries requests in a row
// and accepted none so far. Until it accepts one, each request is sent only once.
func (g *gate) refusesAll(maxRetries int) bool {
	return !g.succeeded && g.inARow > maxRetries
}

// closedFor is how long nothing will be sent.
func (g *gate) closedFor() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(time.Until(g.opens), 0)
}

// timeLeft returns the time until the context's deadline if that comes before the pause
// is over, and 0 otherwise.
func timeLeft(ctx context.Context, pause time.Duration) time.Duration {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
		return time.Until(deadline)
	}
	return 0
}

// blockedError is a request that isn't sent because of another request's 429.
type blockedError struct {
	retryAfter time.Duration // that the server asked for; 0: it didn't
	timeLeft   time.Duration // until the context's deadline, if that comes before the gate opens; else 0
	opens      time.Time
}

func (e *blockedError) Error() string {
	if e.retryAfter > 0 {
		return "the server told another request to wait until " + e.opens.UTC().Format(time.RFC3339)
	}
	return "the server limits the rate of requests, and refused another one just before"
}
