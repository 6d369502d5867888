package rest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

const (
	// maxInFlight is how many requests of one client are in flight at a time.
	maxInFlight = 8
	// successesToDouble is how many requests must succeed before the limit of requests in
	// flight doubles, after a refusal has reduced it to one.
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
	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when a waiting request may be admitted
	limit    int           // of requests in flight, 1 to maxInFlight
	inFlight int
	waiting  [last + 1]int // requests, by their order

	opens      time.Time     // no request is sent before
	retryAfter time.Duration // that the server asked for; 0: it didn't
	status     int           // of the latest refusal
	closed     time.Time     // when the gate was last closed
	refusals   int           // since a request succeeded; those of one closing count once
	successes  int           // since the limit changed
	succeeded  bool          // whether any request has succeeded
}

func newGate() *gate { return &gate{changed: make(chan struct{}), limit: maxInFlight} }

// enter waits until a request may be sent, and returns the time for leave, which must be
// called when the request has ended. It admits requests in their order.
//
// The error is a *blockedError if the gate is closed and waiting can't help, or if the
// context ended while it was closed; otherwise it is the context's cause.
func (g *gate) enter(ctx context.Context, order order, maxRetries int) (sent time.Time, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting[order]++
	defer func() {
		g.waiting[order]--
		g.wake()
	}()
	for ctx.Err() == nil {
		blocked, wait := g.blocked(ctx, maxRetries)
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

// isNext reports whether no request of an earlier order is waiting.
func (g *gate) isNext(order order) bool {
	for earlier := range order {
		if g.waiting[earlier] > 0 {
			return false
		}
	}
	return true
}

// blocked reports why a request must wait, and for how long. It returns nil if the gate is
// open. A wait of 0 means that waiting can't help: the context ends before the gate opens,
// or the server has refused too many requests.
func (g *gate) blocked(ctx context.Context, maxRetries int) (*blockedError, time.Duration) {
	wait := time.Until(g.opens)
	if wait <= 0 {
		return nil, 0
	}
	blocked := &blockedError{status: g.status, retryAfter: g.retryAfter, opens: g.opens}
	if g.retryAfter > 0 {
		blocked.timeLeft = timeLeft(ctx, wait)
	}
	if blocked.timeLeft > 0 || g.refusesTooMuch(maxRetries) {
		return blocked, 0
	}
	return blocked, wait
}

// refusesTooMuch reports whether the server has refused so many requests in a row that a
// refused request isn't retried. A 429 counts until some request has succeeded: from then
// on the server is known to accept requests at some rate.
func (g *gate) refusesTooMuch(maxRetries int) bool {
	if maxRetries == 0 {
		return g.status != 0
	}
	return g.refusals > maxRetries && (!g.succeeded || g.status == http.StatusServiceUnavailable)
}

// leave ends a request that enter admitted at the time sent. The status and the
// Retry-After are those of its response; a status of 0 means that there was none. It
// returns the order of the request's next attempt.
func (g *gate) leave(sent time.Time, status int, retryAfter time.Duration) order {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.wake()
	g.inFlight--
	switch status {
	case http.StatusOK:
		g.succeeded, g.refusals = true, 0
		if sent.After(g.closed) {
			g.successes++
		}
		if g.successes == successesToDouble {
			g.limit, g.successes = min(2*g.limit, maxInFlight), 0
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return g.close(sent, status, retryAfter)
	}
	return normal
}

// close closes the gate after a refusal. Requests that were in flight when it was closed
// don't close it again, but may ask for a longer pause. It returns the order of the refused
// request's next attempt.
func (g *gate) close(sent time.Time, status int, retryAfter time.Duration) order {
	next, pause := first, retryAfter
	if sent.After(g.closed) {
		if g.refusals > 0 {
			next = last
		}
		g.closed, g.status = time.Now(), status
		g.limit, g.successes = 1, 0
		g.refusals++
		if pause == 0 {
			pause = min(firstClosing<<min(g.refusals-1, 10), lastClosing)
			pause += rand.N(pause / 4)
		}
	}
	if opens := time.Now().Add(pause); opens.After(g.opens) {
		g.opens, g.retryAfter = opens, retryAfter
	}
	return next
}

// order is the order in which waiting requests are admitted.
type order int

const (
	// A request that was refused after others had succeeded is first: a server that accepts
	// a few requests after each pause accepts it next time, instead of refusing it again
	// and again.
	first order = iota
	normal
	// A request that was refused although it was the first one after a pause is last: the
	// server may refuse only this one.
	last
)

// wake lets all waiting requests ask again whether they are admitted.
func (g *gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// givesUp reports whether a refused request isn't retried.
func (g *gate) givesUp(maxRetries int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refusesTooMuch(maxRetries)
}

// closedFor returns how long no request will be sent.
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

// blockedError is a request that isn't sent because the server refused another one.
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
	return fmt.Sprintf("the server refused another request just before, with %s", statusLine(e.status))
}
