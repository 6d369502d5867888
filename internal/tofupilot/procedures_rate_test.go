package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// limitRate returns a handler that forwards a request to the API if isAllowed returns true, and
// refuses it with the status otherwise. Each response takes 100 ms.
func limitRate(api http.Handler, status int, isAllowed func() bool) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		allowed := isAllowed()
		mu.Unlock()
		time.Sleep(100 * time.Millisecond)
		if !allowed {
			fakeapi.Status(status, `{"message": "Too many requests"}`).ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// limitPerPeriod returns a handler that refuses requests beyond maxRequests in each period.
func limitPerPeriod(api http.Handler, maxRequests int, period time.Duration) http.Handler {
	start := time.Now()
	requests := map[time.Duration]int{} // by the number of the period
	return limitRate(api, http.StatusTooManyRequests, func() bool {
		number := time.Since(start) / period
		requests[number]++
		return requests[number] <= maxRequests
	})
}

// limitLikeNginx returns a handler that refuses requests like nginx with limit_req: it allows
// perSecond requests per second on average, and up to burst additional ones at once. nginx can respond
// with 503 or with 429.
func limitLikeNginx(api http.Handler, status int, perSecond, burst float64) http.Handler {
	available := burst + 1
	updated := time.Now()
	return limitRate(api, status, func() bool {
		now := time.Now()
		available = min(burst+1, available+now.Sub(updated).Seconds()*perSecond)
		updated = now
		if available < 1 {
			return false
		}
		available--
		return true
	})
}

// limitInFlight returns a handler that refuses a request while another one is in flight, like nginx
// with limit_conn.
func limitInFlight(api http.Handler, status int) http.Handler {
	var inFlight atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer inFlight.Add(-1)
		if inFlight.Add(1) > 1 {
			fakeapi.Status(status, "").ServeHTTP(w, r)
			return
		}
		time.Sleep(100 * time.Millisecond)
		api.ServeHTTP(w, r)
	})
}

// TestRateLimits checks that a server's rate limit doesn't make a read fail with the default of
// max_retries, and that the read takes no longer than the table says.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	type testCase struct {
		rows    int                                 // 100 on a page
		limit   func(api http.Handler) http.Handler // returns a handler that limits the API's rate
		longest time.Duration                       // of the read
	}
	const defaultTimeout = 5 * time.Minute // of timeouts.read
	cases := map[string]testCase{
		"20 per 10 s":   {2_500, func(api http.Handler) http.Handler { return limitPerPeriod(api, 20, 10*time.Second) }, 30 * time.Second}, // three periods for 26 pages
		"1 per s":       {10_000, func(api http.Handler) http.Handler { return limitPerPeriod(api, 1, time.Second) }, defaultTimeout},
		"30 per minute": {10_000, func(api http.Handler) http.Handler { return limitPerPeriod(api, 30, time.Minute) }, defaultTimeout},
	}
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for name, c := range map[string]testCase{
			"2 per s, burst of 2":  {3_000, func(api http.Handler) http.Handler { return limitLikeNginx(api, status, 2, 2) }, defaultTimeout},
			"1 per s, no burst":    {10_000, func(api http.Handler) http.Handler { return limitLikeNginx(api, status, 1, 0) }, defaultTimeout},
			"5 per s, burst of 20": {10_000, func(api http.Handler) http.Handler { return limitLikeNginx(api, status, 5, 20) }, defaultTimeout},
			"one in flight":        {3_000, func(api http.Handler) http.Handler { return limitInFlight(api, status) }, defaultTimeout},
		} {
			cases[fmt.Sprintf("%d, %s", status, name)] = c
		}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limited := c.limit(fakeapi.New(fakeapi.Generate(c.rows, fakeapi.WithRepository)...))
				client := newClient(t, "https://tofupilot.invalid", withTransport(harness.HandlerTransport{Handler: limited}), withRetries(rest.DefaultMaxRetries))
				start := time.Now()
				rows, err := client.Procedures(t.Context(), Filter{})
				if took := time.Since(start); err != nil || len(rows) != c.rows || took > c.longest {
					t.Errorf("got %d rows after %s, %v; want %d after at most %s", len(rows), took, err, c.rows, c.longest)
				}
			})
		})
	}
}

// TestRateTooSlow checks that a read ends at its deadline if the rate limit allows too few requests
// until then, and that its error wraps the context's cause and the last refusal.
func TestRateTooSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(fakeapi.Generate(10_000, fakeapi.WithRepository)...)
		limited := limitPerPeriod(api, 10, time.Minute) // 50 requests until the deadline, but 102 pages
		client := newClient(t, "https://tofupilot.invalid", withTransport(harness.HandlerTransport{Handler: limited}), withRetries(2))
		start := time.Now()
		cause := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Minute, cause)
		defer cancel()
		_, err := client.Procedures(ctx, Filter{})
		if !errors.Is(err, cause) || kindOf(err) != rest.RateLimited {
			t.Errorf("got %v, want an error about a rate limit and the deadline", err)
		}
		if took := time.Since(start); took != 5*time.Minute {
			t.Errorf("the read took %s, want 5m", took)
		}
	})
}
