package rest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

const (
	// maxInFlight bounds the requests of one client that are in flight at a time.
	maxInFlight = 8
	// successesToDouble requests must succeed before the limit of requests in flight doubles,
	// after a refusal has reduced it to one.
	successesToDouble = 8
)

// Pauses after a refusal without a Retry-After. They double from the first to the last, and
// each is up to a quarter longer, so that clients that were refused together don't return
// together.
const (
	firstClosing = time.Second
	lastClosing  = 30 * time.Second
)

// gate bounds the requests of a client: how many are in flight, and when they may be sent
// after the server refused one with a 429 or a 503.
type gate struct {
	maxRetries int

	mu       sync.Mutex
	changed  chan struct{} // closed by wake, which replaces it
	limit    int           // of requests in flight, 1 to maxInFlight
	inFlight int
	waiting  [last + 1]int // requests, by their order

	closedAt   time.Time     // when the gate was last closed
	opensAt    time.Time     // until then, no request is sent
	status     int           // of the refusal that decided when it opens
	retryAfter time.Duration // of that refusal; 0: the server didn't say

	succeeded bool // whether any request has succeeded
	successes int  // since the limit changed
	closings  int  // since a request succeeded
	counted   int  // those of them that count against max_retries
}

func newGate(maxRetries int) *gate {
	return &gate{maxRetries: maxRetries, changed: make(chan struct{}), limit: maxInFlight}
}

// enter waits until a request may be sent. The caller passes the returned time to leave, when
// the request has ended. Requests are admitted in their order.
//
// The error is a *blockedError if the gate is closed and waiting can't help, or if the
// context ended while it was closed; otherwise it is the context's cause.
func (g *gate) enter(ctx context.Context, order order) (sent time.Time, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting[order]++
	defer func() {
		g.waiting[order]--
		g.wake()
	}()
	for ctx.Err() == nil {
		blocked, wait := g.blocked(ctx)
		switch {
		case blocked != nil && wait == 0:
			return sent, blocked
		case blocked == nil && g.inFlight < g.limit && g.isNext(order):
			g.inFlight++
			return time.Now(), nil
		}
		changed := g.changed
		g.mu.Unlock()
		var opens <-chan time.Time // never, if the gate is open
		if blocked != nil {
			opens = time.After(wait)
		}
		select {
		case <-changed:
		case <-opens:
		case <-ctx.Done():
		}
		g.mu.Lock()
		if blocked != nil && ctx.Err() != nil {
			return sent, blocked
		}
	}
	return sent, context.Cause(ctx)
}

// isNext reports whether no waiting request comes before those of this order.
func (g *gate) isNext(own order) bool {
	for _, earlier := range g.waiting[:own] {
		if earlier > 0 {
			return false
		}
	}
	return true
}

// blocked reports why a request must wait, and for how long. It returns nil if the gate is
// open. An error with a wait of 0 means that waiting can't help: the context ends before the
// pause that the server asked for, or the server has refused too many requests.
func (g *gate) blocked(ctx context.Context) (*blockedError, time.Duration) {
	wait := time.Until(g.opensAt)
	if wait <= 0 {
		return nil, 0
	}
	blocked := &blockedError{status: g.status, retryAfter: g.retryAfter, opens: g.opensAt}
	if g.retryAfter > 0 {
		blocked.timeLeft = timeLeft(ctx, wait)
	}
	if blocked.timeLeft > 0 || g.refusedTooMany() { // timeLeft: the context ends before the gate opens
		return blocked, 0
	}
	return blocked, wait
}

// refusedTooMany reports whether a refused request isn't retried. Once it is true, each request
// is sent only once, until one succeeds.
func (g *gate) refusedTooMany() bool {
	return g.maxRetries == 0 || g.counted > g.maxRetries
}

// leave ends an attempt. The time sent is from enter; status and retryAfter are the response's,
// and status is 0 if there was no usable one. leave returns the order of the next attempt, and
// whether there must be none.
func (g *gate) leave(sent time.Time, status int, retryAfter time.Duration) (next order, giveUp bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.wake()
	g.inFlight--
	switch status {
	case http.StatusOK:
		g.succeeded, g.closings, g.counted = true, 0, 0
		if sent.After(g.closedAt) {
			g.successes++
		}
		if g.successes == successesToDouble {
			g.limit, g.successes = min(2*g.limit, maxInFlight), 0
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		next = g.close(sent, status, retryAfter)
		return next, g.refusedTooMany() // this refusal included
	}
	return normal, false
}

// close closes the gate after a refusal. Requests that were in flight when it was closed
// don't close it again, but may ask for a longer pause. It returns the order of the refused
// request's next attempt.
func (g *gate) close(sent time.Time, status int, retryAfter time.Duration) order {
	next, pause := first, retryAfter
	if sent.After(g.closedAt) {
		if g.closings > 0 {
			next = last
		}
		g.closedAt = time.Now()
		g.limit, g.successes = 1, 0
		g.closings++
		// Once a request has succeeded, the server is known to accept requests at some
		// rate, so that a 429 doesn't count any more.
		if status == http.StatusServiceUnavailable || !g.succeeded {
			g.counted++
		}
		if pause == 0 {
			pause = min(firstClosing<<min(g.closings-1, 10), lastClosing)
			pause += rand.N(pause / 4)
		}
	}
	if opens := time.Now().Add(pause); opens.After(g.opensAt) {
		g.opensAt, g.status, g.retryAfter = opens, status, retryAfter
	}
	return next
}

// order is the order in which waiting requests are admitted.
type order int

const (
	// A refused request is the first to be sent when the gate opens. Otherwise a server that
	// accepts a few requests after each pause could refuse the same one every time.
	first order = iota
	normal
	// A request that was refused as the first one after a pause is last, because the server
	// may refuse only this one.
	last
)

// wake makes all waiting requests check again whether they are admitted.
func (g *gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// hasSucceeded reports whether any request has succeeded.
func (g *gate) hasSucceeded() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.succeeded
}

// closedFor returns how long no request will be sent.
func (g *gate) closedFor() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(time.Until(g.opensAt), 0)
}

// timeLeft returns the time until the context's deadline if that comes before the pause
// is over, and 0 otherwise.
func timeLeft(ctx context.Context, pause time.Duration) time.Duration {
	deadline, ok := ctx.Deadline()
	if left := time.Until(deadline); ok && left < pause {
		return max(left, 1) // not 0, if it is over
	}
	return 0
}

// blockedError reports that a request wasn't sent because the gate is closed.
type blockedError struct {
	status     int           // of the refusal, 429 or 503
	retryAfter time.Duration // that the server asked for; 0: it didn't
	timeLeft   time.Duration // until the context's deadline, if that comes before the gate opens; else 0
	opens      time.Time
}

func (e *blockedError) Error() string {
	if e.retryAfter > 0 {
		return "the server told another request to wait until " + e.opens.UTC().Format(time.RFC3339)
	}
	return "the server refused another request just before, with " + statusLine(e.status)
}
