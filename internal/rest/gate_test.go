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

// gateLoad sends requests through a gate. Each takes a second.
type gateLoad struct {
	gate     *gate
	requests sync.WaitGroup

	mu             sync.Mutex
	inFlight, peak int             // peak is the largest inFlight
	started        []time.Duration // since start
	start          time.Time
}

func newGateLoad() *gateLoad { return &gateLoad{gate: newGate(), start: time.Now()} }

// send starts count requests, which all succeed.
func (c *gateLoad) send(t *testing.T, count int) {
	t.Helper()
	for range count {
		c.requests.Go(func() {
			sent, err := c.gate.enter(t.Context(), normal, 3)
			if err != nil {
				t.Error(err)
				return
			}
			c.add(1)
			time.Sleep(time.Second)
			c.add(-1)
			c.gate.leave(sent, http.StatusOK, 0, 3)
		})
	}
}

// refuse responds with a 429 to a request that was sent now. 0 means no Retry-After.
func (c *gateLoad) refuse(retryAfter time.Duration) {
	c.respond(http.StatusTooManyRequests, retryAfter)
}

// refuseLate responds with a 429 to a request that was sent at the start.
func (c *gateLoad) refuseLate(retryAfter time.Duration) {
	c.gate.mu.Lock()
	c.gate.inFlight++
	c.gate.mu.Unlock()
	c.gate.leave(c.start, http.StatusTooManyRequests, retryAfter, 3)
}

// respond responds with a status to a request that was sent now.
func (c *gateLoad) respond(status int, retryAfter time.Duration) {
	c.gate.mu.Lock()
	c.gate.inFlight++
	c.gate.mu.Unlock()
	c.gate.leave(time.Now(), status, retryAfter, 3)
}

func (c *gateLoad) add(change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight += change
	c.peak = max(c.peak, c.inFlight)
	if change > 0 {
		c.started = append(c.started, time.Since(c.start))
	}
}

// startedBy returns the number of requests that were sent by this time.
func (c *gateLoad) startedBy(after time.Duration) (count int) {
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
		c := newGateLoad()
		c.send(t, 50)
		c.requests.Wait()
		if c.peak != 8 {
			t.Errorf("%d requests were in flight", c.peak)
		}
		if took := time.Since(c.start); took != 7*time.Second { // seven rounds of at most eight
			t.Errorf("it took %s: fewer than 8 requests were in flight", took)
		}
	})
}

// TestGateReopens checks that after a refusal one request is in flight, and the limit doubles after
// every eight successes.
func TestGateReopens(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			c := newGateLoad()
			c.respond(status, 10*time.Second)
			c.send(t, 40)
			c.requests.Wait()
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
		c := newGateLoad()
		c.refuse(time.Second)
		var admitted []order
		for _, order := range []order{last, normal, first, normal, last, first} {
			c.requests.Go(func() {
				sent, err := c.gate.enter(t.Context(), order, 3)
				if err != nil {
					t.Error(err)
				}
				admitted = append(admitted, order) // one request is in flight
				time.Sleep(time.Second)
				c.gate.leave(sent, http.StatusOK, 0, 3)
			})
		}
		c.requests.Wait()
		if !slices.IsSorted(admitted) {
			t.Errorf("admitted in the order %v", admitted)
		}
	})
}

// TestGateOrder checks that a refused request is retried first, but last if it was the first
// request after a pause.
func TestGateOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		for i, c := range []struct {
			status     int
			retryOrder order
		}{
			{429, first}, {429, last}, {503, last}, {200, normal}, {503, first}, {503, last}, {500, normal}, {200, normal}, {429, first},
		} {
			time.Sleep(g.closedFor() + time.Second)
			g.inFlight++
			if got, _ := g.leave(time.Now(), c.status, 0, 3); got != c.retryOrder {
				t.Errorf("response %d, a %d: order %d, want %d", i, c.status, got, c.retryOrder)
			}
		}
	})
}

// TestGateCounts checks which refusals count until a request fails.
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

// TestGateLateSuccess checks that a success of a request sent before a refusal doesn't open the gate.
func TestGateLateSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newGateLoad()
		c.send(t, 8) // each takes a second
		time.Sleep(time.Second / 2)
		c.refuse(10 * time.Second)
		c.send(t, 1)
		c.requests.Wait()
		if at := c.started[8]; at != 10*time.Second+time.Second/2 {
			t.Errorf("one more was sent after %s", at)
		}
	})
}

// checkPause checks that a pause is as long as wanted, or up to a quarter longer.
func checkPause(t *testing.T, what string, pause, want time.Duration) {
	t.Helper()
	if pause < want || pause > want+want/4 {
		t.Errorf("%s: the gate is closed for %s, want %s to %s", what, pause, want, want+want/4)
	}
}

func TestGatePauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newGateLoad()
		c.respond(http.StatusOK, 0)
		for _, seconds := range slices.Concat([]time.Duration{1, 2, 4, 8, 16}, slices.Repeat([]time.Duration{30}, 100)) {
			c.refuse(0)
			if c.gate.refusedTooMany(3) {
				t.Fatal("the request fails, though another one succeeded")
			}
			checkPause(t, "refused again", c.gate.closedFor(), seconds*time.Second)
			time.Sleep(c.gate.closedFor())
		}
		c.respond(http.StatusOK, 0)
		c.refuse(0)
		checkPause(t, "refused after a success", c.gate.closedFor(), time.Second)
	})
}

func TestGateConcurrentRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newGateLoad()
		for range 8 {
			c.refuseLate(0)
			if c.gate.refusedTooMany(3) {
				t.Error("the request fails")
			}
		}
		checkPause(t, "refused eight times at once", c.gate.closedFor(), time.Second)
		time.Sleep(c.gate.closedFor())
		c.refuseLate(0) // a late response
		if closed := c.gate.closedFor(); closed > 0 {
			t.Errorf("a late 429 closes the gate for %s", closed)
		}
		c.refuseLate(10 * time.Second) // another late response, with Retry-After
		c.refuseLate(time.Second)
		if closed := c.gate.closedFor(); closed != 10*time.Second {
			t.Errorf("a late 429 with Retry-After: 10 closes the gate for %s", closed)
		}
		time.Sleep(10 * time.Second)
		c.refuse(0)
		checkPause(t, "refused again", c.gate.closedFor(), 2*time.Second)
	})
}

func TestGateRetryAfterBeyondDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newGateLoad()
		c.refuse(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_, err := c.gate.enter(ctx, normal, 3)
		refused := classify(response{}, err)
		if refused.RetryAfter != time.Hour || refused.TimeLeft != 5*time.Minute || refused.Kind != RateLimited || refused.canRetry() {
			t.Errorf("got %+v", refused)
		}
		if want := "the server told another request to wait until " + c.start.Add(time.Hour).UTC().Format(time.RFC3339); refused.Err.Error() != want {
			t.Errorf("got %q, want %q", refused.Err, want)
		}
		if took := time.Since(c.start); took > 0 {
			t.Errorf("it took %s", took)
		}
		longer, cancel := context.WithTimeout(t.Context(), 61*time.Minute)
		defer cancel()
		if _, err := c.gate.enter(longer, normal, 3); err != nil || time.Since(c.start) != time.Hour {
			t.Errorf("with a later deadline: %v after %s", err, time.Since(c.start))
		}
	})
}

// TestGateShortDeadline checks that, while others wait at the gate, a request fails at once if its
// deadline is before the end of the wait.
func TestGateShortDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newGateLoad()
		c.refuse(time.Hour)
		c.send(t, 2*maxInFlight)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := c.gate.enter(ctx, normal, 3); !errors.As(err, new(*blockedError)) || time.Since(c.start) > 0 {
			t.Errorf("%v after %s", err, time.Since(c.start))
		}
		c.requests.Wait()
	})
}

func TestGateContext(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(*gateLoad){
		"closed": func(c *gateLoad) { c.respond(http.StatusOK, 0); c.gate.opensAt = time.Now().Add(time.Hour) },
		"full": func(c *gateLoad) {
			c.gate.inFlight = maxInFlight
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, cause := newGateLoad(), errors.New("enough")
				fill(c)
				before := c.gate.inFlight
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
				defer cancel()
				_, err := c.gate.enter(ctx, normal, 3)
				blocked := errors.As(err, new(*blockedError))
				if blocked != (name == "closed") || !blocked && !errors.Is(err, cause) || strings.Contains(err.Error(), "told another") { // the server requested no pause
					t.Error(err)
				}
				if took := time.Since(c.start); took != time.Second || c.gate.inFlight != before {
					t.Errorf("it took %s, and inFlight changed by %d", took, c.gate.inFlight-before)
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
