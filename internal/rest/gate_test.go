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

const (
	gateRetries  = 3 // max_retries in the tests of the gate
	noRetryAfter = 0
)

// gateLoad sends requests through a gate and records when.
type gateLoad struct {
	gate     *gate
	start    time.Time
	requests sync.WaitGroup

	mu          sync.Mutex
	inFlight    int
	maxInFlight int             // the largest inFlight so far
	started     []time.Duration // times of the requests, since start
}

func newGateLoad() *gateLoad { return &gateLoad{gate: newGate(gateRetries), start: time.Now()} }

// send starts count requests. Each waits at the gate, and succeeds a second after the gate has admitted it.
func (l *gateLoad) send(t *testing.T, count int) {
	t.Helper()
	for range count {
		l.requests.Go(func() {
			sent, err := l.gate.enter(t.Context(), normal)
			if err != nil {
				t.Error(err)
				return
			}
			l.addInFlight(1)
			time.Sleep(time.Second)
			l.addInFlight(-1)
			l.gate.leave(sent, http.StatusOK, noRetryAfter)
		})
	}
}

func (l *gateLoad) addInFlight(change int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight += change
	l.maxInFlight = max(l.maxInFlight, l.inFlight)
	if change > 0 {
		l.started = append(l.started, time.Since(l.start))
	}
}

// startedBy returns the number of requests that were sent within sinceStart of the start.
func (l *gateLoad) startedBy(sinceStart time.Duration) (count int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, started := range l.started {
		if started <= sinceStart {
			count++
		}
	}
	return count
}

// refuse reports a 429 to the gate, for a request that was sent just now.
func (l *gateLoad) refuse(retryAfter time.Duration) {
	respond(l.gate, time.Now(), http.StatusTooManyRequests, retryAfter)
}

// refuseLate reports a 429 to the gate, for a request that was sent at the start.
func (l *gateLoad) refuseLate(retryAfter time.Duration) {
	respond(l.gate, l.start, http.StatusTooManyRequests, retryAfter)
}

// respond reports a response to the gate, for an attempt that was sent at the time sent. It returns the
// results of leave.
func respond(g *gate, sent time.Time, status int, retryAfter time.Duration) (next order, giveUp bool) {
	g.mu.Lock()
	g.inFlight++ // as enter does
	g.mu.Unlock()
	return g.leave(sent, status, retryAfter)
}

// checkPause checks that a pause is as long as wanted, or up to a quarter longer, which the gate chooses at
// random.
func checkPause(t *testing.T, name string, pause, want time.Duration) {
	t.Helper()
	if pause < want || pause > want+want/4 {
		t.Errorf("%s: got a pause of %s, want %s to %s", name, pause, want, want+want/4)
	}
}

func TestGateMaxInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := newGateLoad()
		load.send(t, 50)
		load.requests.Wait()
		if load.maxInFlight != 8 {
			t.Errorf("got %d requests in flight, want 8", load.maxInFlight)
		}
		if took := time.Since(load.start); took != 7*time.Second { // 50 requests, at most 8 at a time, and each takes a second
			t.Errorf("it took %s, want 7s: fewer than 8 requests were in flight", took)
		}
	})
}

// TestGateReopens checks that only one request is in flight at first after a refusal, and that this
// limit doubles after every eight successes.
func TestGateReopens(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			load := newGateLoad()
			respond(load.gate, time.Now(), status, 10*time.Second)
			load.send(t, 40)
			load.requests.Wait()
			for seconds, want := range map[int]int{
				9:  0,
				10: 1, 11: 2, 17: 8, // one at a time
				18: 10, 21: 16, // two at a time
				22: 20, 23: 24, // four at a time
				24: 32, 25: 40, // eight at a time
			} {
				if got := load.startedBy(time.Duration(seconds) * time.Second); got != want {
					t.Errorf("%d: got %d requests after %d s, want %d", status, got, seconds, want)
				}
			}
		})
	}
}

func TestGateAdmitsInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := newGateLoad()
		load.refuse(time.Second) // all requests wait for a second, and are then admitted one at a time
		var admitted []order     // needs no lock, because only one request is in flight
		for _, requestOrder := range []order{last, normal, first, normal, last, first} {
			load.requests.Go(func() {
				sent, err := load.gate.enter(t.Context(), requestOrder)
				if err != nil {
					t.Error(err)
				}
				admitted = append(admitted, requestOrder)
				time.Sleep(time.Second)
				load.gate.leave(sent, http.StatusOK, noRetryAfter)
			})
		}
		load.requests.Wait()
		if !slices.IsSorted(admitted) {
			t.Errorf("admitted in the order %v", admitted)
		}
	})
}

// TestGateRetryOrder checks that a refused request is retried first, but last if it was sent as the
// first request after a pause. The gate gets the responses of the table one after the other.
func TestGateRetryOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(gateRetries)
		for i, response := range []struct {
			status int
			want   order // of the request's next attempt, if there is one
		}{
			{429, first},
			{429, last}, {503, last}, // refused right after a pause
			{200, normal},
			{503, first},
			{503, last},
			{500, normal}, {200, normal},
			{429, first},
		} {
			time.Sleep(g.closedFor() + time.Second)
			if got, _ := respond(g, time.Now(), response.status, noRetryAfter); got != response.want {
				t.Errorf("response %d, a %d: got order %d, want %d", i, response.status, got, response.want)
			}
		}
	})
}

// TestGateCountsRefusals checks which refusals count against max_retries: every 503, but a 429 only before
// the first success. A success resets the count. Because max_retries is 3, the request with the fourth
// refusal that counts fails.
func TestGateCountsRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statuses []int
		giveUp   bool // whether the request with the last status fails
	}{
		"429s":                           {[]int{429, 429, 429, 429}, true},
		"429s after a success":           {[]int{200, 429, 429, 429, 429, 429}, false},
		"503s":                           {[]int{503, 503, 503, 503}, true},
		"503s after a success":           {[]int{200, 503, 503, 503, 503}, true},
		"three 503s after a success":     {[]int{200, 503, 503, 503}, false},
		"429s and a 503 after a success": {[]int{200, 429, 429, 429, 429, 503}, false},
		"503s and a 429 after a success": {[]int{200, 503, 503, 503, 429}, false},
		"a success between 503s":         {[]int{503, 503, 503, 200, 503, 503, 503}, false},
		"429s and 503s":                  {[]int{429, 503, 429, 503}, true},
		"other failures":                 {[]int{0, 500, 0, 500, 0}, false}, // 0: no response
	} {
		synctest.Test(t, func(t *testing.T) {
			g, giveUp := newGate(gateRetries), false
			for _, status := range c.statuses {
				time.Sleep(g.closedFor() + time.Second)
				_, giveUp = respond(g, time.Now(), status, noRetryAfter)
			}
			if giveUp != c.giveUp {
				t.Errorf("%s: the last request fails: got %t, want %t", name, giveUp, c.giveUp)
			}
		})
	}
}

// TestGateWithoutRetries checks that a request is given up at its first refusal if max_retries is 0, even
// after a success.
func TestGateWithoutRetries(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		g := newGate(0)
		respond(g, time.Now(), http.StatusOK, noRetryAfter)
		if _, giveUp := respond(g, time.Now(), status, noRetryAfter); !giveUp {
			t.Errorf("%d: the request is retried", status)
		}
	}
}

// TestGateLateSuccess checks that requests that were sent before the gate was closed neither open it nor
// raise the limit of requests in flight if they succeed.
func TestGateLateSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := newGateLoad()
		load.send(t, 8) // they succeed after a second
		time.Sleep(time.Second / 2)
		load.refuse(10 * time.Second)
		load.send(t, 2)
		load.requests.Wait()
		if got, want := load.started[8:], []time.Duration{10500 * time.Millisecond, 11500 * time.Millisecond}; !slices.Equal(got, want) {
			t.Errorf("the last two requests were sent after %s, want %s", got, want)
		}
	})
}

// TestGatePauses checks that the pause after a refusal without Retry-After doubles from one second to
// 30, and is one second again after a success.
func TestGatePauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := newGateLoad()
		want := time.Second
		for range 100 {
			load.refuse(noRetryAfter)
			checkPause(t, "refused again", load.gate.closedFor(), want)
			time.Sleep(load.gate.closedFor())
			want = min(2*want, 30*time.Second)
		}
		respond(load.gate, time.Now(), http.StatusOK, noRetryAfter)
		load.refuse(noRetryAfter)
		checkPause(t, "refused after a success", load.gate.closedFor(), time.Second)
	})
}

// TestGateConcurrentRefusals checks that refusals of requests that were sent at the same time count
// as one: they don't use up max_retries, and the pause doubles once.
func TestGateConcurrentRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := newGateLoad()
		for range 8 {
			load.refuse(noRetryAfter) // no time passes in this loop
			if load.gate.refusedTooMany() {
				t.Error("the request fails")
			}
		}
		checkPause(t, "refused eight times at once", load.gate.closedFor(), time.Second)
		time.Sleep(load.gate.closedFor())
		load.refuse(noRetryAfter)
		checkPause(t, "refused again", load.gate.closedFor(), 2*time.Second)
	})
}

// TestGateLateRefusal checks that a refusal of a request that was sent before the last pause closes
// the gate only if it has a Retry-After. The longest Retry-After decides. Such refusals don't make
// later pauses longer.
func TestGateLateRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := newGateLoad()
		load.refuse(noRetryAfter)
		time.Sleep(load.gate.closedFor())
		load.refuseLate(noRetryAfter)
		if got := load.gate.closedFor(); got > 0 {
			t.Errorf("without Retry-After: closed for %s", got)
		}
		load.refuseLate(10 * time.Second)
		load.refuseLate(time.Second)
		if got := load.gate.closedFor(); got != 10*time.Second {
			t.Errorf("with Retry-After: closed for %s, want 10s", got)
		}
		time.Sleep(10 * time.Second)
		load.refuse(noRetryAfter)
		checkPause(t, "refused again", load.gate.closedFor(), 2*time.Second)
	})
}

// TestGateRetryAfterBeyondDeadline checks that a request fails at once if its deadline is before the end of
// another request's Retry-After, even while more requests wait at the gate.
func TestGateRetryAfterBeyondDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := newGateLoad()
		load.refuse(time.Hour)
		load.send(t, 2*maxInFlight)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_, err := load.gate.enter(ctx, normal)
		if took := time.Since(load.start); took > 0 {
			t.Errorf("it took %s", took)
		}
		failed := classify(response{}, err)
		if failed.Kind != RateLimited || failed.canRetry() || failed.RetryAfter != time.Hour || failed.TimeLeft != 5*time.Minute {
			t.Errorf("got %+v", failed)
		}
		if want := "the server told another request to wait until " + load.start.Add(time.Hour).UTC().Format(time.RFC3339); failed.Err.Error() != want {
			t.Errorf("got %q, want %q", failed.Err, want)
		}
		load.requests.Wait() // they succeed after an hour
	})
}

// TestGateClosedUntilDeadline checks that the error says that another request was refused if the deadline
// passes while the gate is closed.
func TestGateClosedUntilDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := newGateLoad()
		load.refuse(noRetryAfter)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		_, err := load.gate.enter(ctx, normal)
		if !errors.As(err, new(*blockedError)) || !strings.HasPrefix(err.Error(), "the server refused another request just before") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(load.start); took != time.Second/2 || load.gate.inFlight != 0 {
			t.Errorf("it took %s, and %d requests are in flight", took, load.gate.inFlight)
		}
	})
}

// TestGateFullUntilDeadline checks that enter returns the context's cause if the deadline passes while the
// maximum number of requests is in flight.
func TestGateFullUntilDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := newGateLoad()
		load.gate.inFlight = maxInFlight
		cause := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		if _, err := load.gate.enter(ctx, normal); !errors.Is(err, cause) || errors.As(err, new(*blockedError)) {
			t.Errorf("got %v, want %v", err, cause)
		}
		if took := time.Since(load.start); took != time.Second || load.gate.inFlight != maxInFlight {
			t.Errorf("it took %s, and %d requests are in flight", took, load.gate.inFlight)
		}
	})
}

func TestGateEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := newGate(gateRetries)
	if _, err := g.enter(ctx, normal); !errors.Is(err, context.Canceled) || g.inFlight != 0 {
		t.Errorf("got %v with %d requests in flight, want %v with none", err, g.inFlight, context.Canceled)
	}
}
