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

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// limitPerPeriod makes the fake refuse requests beyond count in each period. Each response takes
// 100 ms.
func limitPerPeriod(api *fakeapi.Server, count int, period time.Duration) {
	var counting sync.Mutex
	start := time.Now()
	window, used := time.Duration(-1), 0
	api.Delay(100 * time.Millisecond)
	api.Before(func(r fakeapi.Request) {
		counting.Lock()
		defer counting.Unlock()
		if now := time.Since(start) / period; now != window {
			window, used = now, 0
		}
		if used++; used > count {
			api.Fail(fakeapi.Status(http.StatusTooManyRequests, `{"message": "Too many requests"}`), r.Number)
		}
	})
}

// limitLikeNginx makes the fake refuse requests as nginx's limit_req does, with a rate and a burst.
func limitLikeNginx(api *fakeapi.Server, perSecond, burst float64, status int) {
	var counting sync.Mutex
	tokens, filled := burst+1, time.Now()
	api.Delay(20 * time.Millisecond)
	api.Before(func(r fakeapi.Request) {
		counting.Lock()
		defer counting.Unlock()
		tokens, filled = min(burst+1, tokens+time.Since(filled).Seconds()*perSecond), time.Now()
		if tokens < 1 {
			api.Fail(fakeapi.Status(status, "<html>"), r.Number)
			return
		}
		tokens--
	})
}

// TestLimiters reads through limiters like nginx's, which respond with 503 by default and can be
// configured to respond with 429.
func TestLimiters(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T, transport http.RoundTripper, rows int) {
		t.Helper()
		client := newClient(t, "https://tofupilot.invalid", withTransport(transport), withRetries(rest.DefaultMaxRetries))
		start := time.Now()
		got, err := client.Procedures(t.Context(), Filter{})
		if err != nil || len(got) != rows || time.Since(start) > 5*time.Minute {
			t.Errorf("%d rows after %s, %v", len(got), time.Since(start), err)
		}
	}
	for _, status := range []int{429, 503} {
		for name, c := range map[string]struct {
			perSecond, burst float64
			rows             int
		}{
			"two a second, burst of two": {2, 2, 3_000},
			"one a second, no burst":     {1, 0, 10_000},
			"five a second, burst of 20": {5, 20, 10_000},
		} {
			t.Run(fmt.Sprintf("%d, %s", status, name), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					api := fakeapi.New(fakeapi.Generate(c.rows, fakeapi.WithRepository)...)
					limitLikeNginx(api, c.perSecond, c.burst, status)
					read(t, handlerTransport{api}, c.rows)
				})
			})
		}
		t.Run(fmt.Sprintf("%d, one connection", status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api := fakeapi.New(fakeapi.Generate(3_000, fakeapi.WithRepository)...)
				var inFlight atomic.Int64
				read(t, handlerTransport{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer inFlight.Add(-1)
					if inFlight.Add(1) > 1 {
						fakeapi.Status(status, "").ServeHTTP(w, r)
						return
					}
					time.Sleep(100 * time.Millisecond)
					api.ServeHTTP(w, r)
				})}, 3_000)
			})
		})
	}
}

// TestRateLimits checks that a list is read with the defaults of max_retries and timeouts.read, if
// the server's limit allows that.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows    int // 2,500 take 26 pages, and 10,000 take 102
		count   int
		period  time.Duration
		longest time.Duration
	}{
		"20 per 10 s":   {2_500, 20, 10 * time.Second, 30 * time.Second},
		"1 per s":       {10_000, 1, time.Second, 5 * time.Minute},
		"30 per minute": {10_000, 30, time.Minute, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api := fakeapi.New(fakeapi.Generate(c.rows, fakeapi.WithRepository)...)
				limitPerPeriod(api, c.count, c.period)
				client := newClient(t, "https://tofupilot.invalid", withTransport(handlerTransport{api}), withRetries(rest.DefaultMaxRetries))
				start := time.Now()
				rows, err := client.Procedures(t.Context(), Filter{})
				if took := time.Since(start); err != nil || len(rows) != c.rows || took > c.longest {
					t.Errorf("%d rows after %s, %v", len(rows), took, err)
				}
			})
		})
	}
}

// TestRateTooSlow has a limit that doesn't allow it. The error has the deadline and the last 429.
func TestRateTooSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(fakeapi.Generate(10_000, fakeapi.WithRepository)...)
		limitPerPeriod(api, 10, time.Minute) // at most 60 of 102 pages
		client := newClient(t, "https://tofupilot.invalid", withTransport(handlerTransport{api}), withRetries(2))
		cause, start := errors.New("time is up"), time.Now()
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Minute, cause)
		defer cancel()
		_, err := client.Procedures(ctx, Filter{})
		failed := new(rest.Error)
		if !errors.Is(err, cause) || !errors.As(err, &failed) || failed.Kind != rest.RateLimited || failed.Message != "Too many requests" && failed.Status != 0 {
			t.Error(err)
		}
		if took := time.Since(start); took != 5*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}
