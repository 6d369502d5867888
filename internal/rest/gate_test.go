package rest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// crowd sends requests through a gate that take a second each.
type crowd struct {
	gate *gate
	all  sync.WaitGroup

	mu             sync.Mutex
	inFlight, most int
	started        []time.Duration // since the crowd was made
	born           time.Time
}

func newCrowd() *crowd { return &crowd{gate: newGate(), born: time.Now()} }

// send starts requests, all of which succeed.
func (c *crowd) send(t *testing.T, count int) {
	t.Helper()
	for range count {
		c.all.Go(func() {
			sent, err := c.gate.enter(t.Context(), normal, 3)
			if err != nil {
				t.Error(err)
				return
			}
			c.count(1)
			time.Sleep(time.Second)
			c.count(-1)
			c.gate.leave(sent, http.StatusOK, 0, 3)
		})
	}
}

// refuse closes the gate as a 429 does, with a Retry-After unless that is 0.
func (c *crowd) refuse(retryAfter time.Duration) { c.respond(http.StatusTooManyRequests, retryAfter) }

// refuseLate refuses a request that was sent before all others.
func (c *crowd) refuseLate(retryAfter time.Duration) {
	c.gate.mu.Lock()
	c.gate.inFlight++
	c.gate.mu.Unlock()
	c.gate.leave(c.born, http.StatusTooManyRequests, retryAfter, 3)
}

// respond ends a request that was sent just now.
func (c *crowd) respond(status int, retryAfter time.Duration) {
	c.gate.mu.Lock()
	c.gate.inFlight++
	c.gate.mu.Unlock()
	c.gate.leave(time.Now(), status, retryAfter, 3)
}

func (c *crowd) count(change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight += change
	c.most = max(c.most, c.inFlight)
	if change > 0 {
		c.started = append(c.started, time.Since(c.born))
	}
}

// startedBy is how many requests had started that long after the beginning.
func (c *crowd) startedBy(after time.Duration) (count int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, started := range c.started {
		if started <= after {
			count++
		}
	}
	return count
}

func TestGateMaxInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.send(t, 50)
		c.all.Wait()
		if c.most != 8 {
			t.Errorf("%d requests were in flight", c.most)
		}
		if took := time.Since(c.born); took != 7*time.Second { // 50 by 8
			t.Errorf("it took %s: places stood empty", took)
		}
	})
}

// After a refusal one request is in flight, and the limit doubles after every eight successes.
func TestGateReopens(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd()
			c.respond(status, 10*time.Second)
			c.send(t, 40)
			c.all.Wait()
			for seconds, started := range map[time.Duration]int{9: 0, 10: 1, 11: 2, 17: 8, 18: 10, 21: 16, 22: 20, 23: 24, 24: 32, 25: 40} {
				if got := c.startedBy(seconds * time.Second); got != started {
					t.Errorf("%d requests had started after %d s, want %d", got, seconds, started)
				}
			}
		})
	}
}

func TestGateAdmitsInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.refuse(time.Second)
		var admitted []order
		for _, order := range []order{last, normal, first, normal, last, first} {
			c.all.Go(func() {
				sent, err := c.gate.enter(t.Context(), order, 3)
				if err != nil {
					t.Error(err)
				}
				admitted = append(admitted, order) // one request is in flight
				time.Sleep(time.Second)
				c.gate.leave(sent, http.StatusOK, 0, 3)
			})
		}
		c.all.Wait()
		if !slices.IsSorted(admitted) {
			t.Errorf("admitted in the order %v", admitted)
		}
	})
}

func TestGateOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		for i, c := range []struct {
			status int
			next   order
		}{
			{429, first}, {429, last}, {503, last}, {200, normal}, {503, first}, {503, last}, {500, normal}, {200, normal}, {429, first},
		} {
			time.Sleep(g.closedFor() + time.Second)
			g.inFlight++
			if got, _ := g.leave(time.Now(), c.status, 0, 3); got != c.next {
				t.Errorf("response %d, a %d: order %d, want %d", i, c.status, got, c.next)
			}
		}
	})
}

// Only refusals that count are held against a request.
func TestGateCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statuses []int
		giveUp   bool // after the last of them, with three retries
	}{
		"429s before any success":             {[]int{429, 429, 429, 429}, true},
		"429s after a success":                {[]int{200, 429, 429, 429, 429, 429}, false},
		"503s before any success":             {[]int{503, 503, 503, 503}, true},
		"503s after a success":                {[]int{200, 503, 503, 503, 503}, true},
		"three 503s":                          {[]int{200, 503, 503, 503}, false},
		"a 503 after 429s that don't count":   {[]int{200, 429, 429, 429, 429, 503}, false},
		"503s with a success in between":      {[]int{503, 503, 503, 200, 503, 503, 503}, false},
		"both kinds before any success":       {[]int{429, 503, 429, 503}, true},
		"other failures":                      {[]int{0, 500, 0, 500, 0}, false},
		"a 429 after 503s, the last to count": {[]int{200, 503, 503, 503, 429}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			g, giveUp := newGate(), false
			for _, status := range c.statuses {
				time.Sleep(g.closedFor() + time.Second)
				g.inFlight++
				_, giveUp = g.leave(time.Now(), status, 0, 3)
			}
			if giveUp != c.giveUp {
				t.Errorf("%s: gives up %t, want %t", name, giveUp, c.giveUp)
			}
		})
	}
}

func TestGateSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.send(t, 8) // under way for a second
		time.Sleep(time.Second / 2)
		c.refuse(10 * time.Second)
		c.send(t, 1)
		c.all.Wait()
		if at := c.started[8]; at != 10*time.Second+time.Second/2 {
			t.Errorf("one more was sent after %s", at)
		}
	})
}

// between holds a pause to be what it should be, or up to a quarter longer.
func between(t *testing.T, what string, pause, want time.Duration) {
	t.Helper()
	if pause < want || pause > want+want/4 {
		t.Errorf("%s: it is closed for %s, want %s to %s", what, pause, want, want+want/4)
	}
}

func TestGatePauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.respond(http.StatusOK, 0)
		for _, seconds := range slices.Concat([]time.Duration{1, 2, 4, 8, 16}, slices.Repeat([]time.Duration{30}, 100)) {
			c.refuse(0)
			if c.gate.refusedTooMany(3) {
				t.Fatal("it gives up, though a request succeeded")
			}
			between(t, "refused again", c.gate.closedFor(), seconds*time.Second)
			time.Sleep(c.gate.closedFor())
		}
		c.respond(http.StatusOK, 0)
		c.refuse(0)
		between(t, "refused after a success", c.gate.closedFor(), time.Second)
	})
}

func TestGateOneClosing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		for range 8 {
			c.refuseLate(0)
			if c.gate.refusedTooMany(3) {
				t.Error("it gives up")
			}
		}
		between(t, "refused eight times at once", c.gate.closedFor(), time.Second)
		time.Sleep(c.gate.closedFor())
		c.refuseLate(0) // an answer that took long
		if closed := c.gate.closedFor(); closed > 0 {
			t.Errorf("a late answer closes it for %s", closed)
		}
		c.refuseLate(10 * time.Second) // another, which asks for that
		c.refuseLate(time.Second)
		if closed := c.gate.closedFor(); closed != 10*time.Second {
			t.Errorf("a late answer that asks for 10 s closes it for %s", closed)
		}
		time.Sleep(10 * time.Second)
		c.refuse(0)
		between(t, "refused again", c.gate.closedFor(), 2*time.Second)
	})
}

func TestGateTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.refuse(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_, err := c.gate.enter(ctx, normal, 3)
		refused := classify(response{}, err)
		if refused.RetryAfter != time.Hour || refused.TimeLeft != 5*time.Minute || refused.Kind != RateLimited || refused.canRetry() {
			t.Errorf("it is told %+v", refused)
		}
		if want := "the server told another request to wait until " + c.born.Add(time.Hour).UTC().Format(time.RFC3339); refused.Err.Error() != want {
			t.Errorf("it is told %q, not %q", refused.Err, want)
		}
		if took := time.Since(c.born); took > 0 {
			t.Errorf("it was told after %s", took)
		}
		longer, cancel := context.WithTimeout(t.Context(), 61*time.Minute)
		defer cancel()
		if _, err := c.gate.enter(longer, normal, 3); err != nil || time.Since(c.born) != time.Hour {
			t.Errorf("one that has the time: %v after %s", err, time.Since(c.born))
		}
	})
}

// Who can wait doesn't stand in the way of who can't.
func TestGateTooLongAmongMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.refuse(time.Hour)
		c.send(t, 2*maxInFlight)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := c.gate.enter(ctx, normal, 3); !errors.As(err, new(*blockedError)) || time.Since(c.born) > 0 {
			t.Errorf("%v after %s", err, time.Since(c.born))
		}
		c.all.Wait()
	})
}

func TestGateContext(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(*crowd){
		"closed": func(c *crowd) { c.respond(http.StatusOK, 0); c.gate.opensAt = time.Now().Add(time.Hour) },
		"full": func(c *crowd) {
			c.gate.inFlight = maxInFlight
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, cause := newCrowd(), errors.New("enough")
				fill(c)
				before := c.gate.inFlight
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
				defer cancel()
				_, err := c.gate.enter(ctx, normal, 3)
				blocked := errors.As(err, new(*blockedError))
				if blocked != (name == "closed") || !blocked && !errors.Is(err, cause) || strings.Contains(err.Error(), "told another") { // the server asked for no pause
					t.Error(err)
				}
				if took := time.Since(c.born); took != time.Second || c.gate.inFlight != before {
					t.Errorf("it took %s, and %d places", took, c.gate.inFlight-before)
				}
			})
		})
	}
}

func TestGateEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := newGate()
	if _, err := g.enter(ctx, normal, 3); !errors.Is(err, context.Canceled) || g.inFlight != 0 {
		t.Errorf("%v, with %d in flight", err, g.inFlight)
	}
}
