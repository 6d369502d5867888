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

// quota has the fake refuse what is too much: the requests beyond so many in each period.
// Each answer takes a tenth of a second.
func quota(api *fakeapi.Server, count int, period time.Duration) {
	var counting sync.Mutex
	begun := time.Now()
	window, used := time.Duration(-1), 0
	api.Delay(100 * time.Millisecond)
	api.Before(func(r fakeapi.Request) {
		counting.Lock()
		defer counting.Unlock()
		if now := time.Since(begun) / period; now != window {
			window, used = now, 0
		}
		if used++; used > count {
			api.Fail(fakeapi.Status(http.StatusTooManyRequests, `{"message": "Too many requests"}`), r.Number)
		}
	})
}

// bucket refuses requests as nginx's limit_req does: so many are accepted in a second, and
// burst more at a time.
func bucket(api *fakeapi.Server, perSecond, burst float64, status int) {
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

// Limiters of nginx respond with 503 by default, and with 429 if they are told to.
func TestLimiters(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T, transport http.RoundTripper, rows int) {
		t.Helper()
		client := clientAt(t, "https://tofupilot.invalid", overTransport(transport), withRetries(rest.DefaultMaxRetries))
		begun := time.Now()
		got, err := client.Procedures(t.Context(), Filter{})
		if err != nil || len(got) != rows || time.Since(begun) > 5*time.Minute {
			t.Errorf("%d rows after %s, %v", len(got), time.Since(begun), err)
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
					bucket(api, c.perSecond, c.burst, status)
					read(t, withoutSockets{api}, c.rows)
				})
			})
		}
		t.Run(fmt.Sprintf("%d, one connection", status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api := fakeapi.New(fakeapi.Generate(3_000, fakeapi.WithRepository)...)
				var inFlight atomic.Int64
				read(t, withoutSockets{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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

// With the retries of the default and within the five minutes of timeouts.read, a
// list is read to its end wherever the server's pace allows that.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows   int // 2,500 take 26 pages, and 10,000 take 102
		count  int
		period time.Duration
		within time.Duration
	}{
		"20 per 10 s":   {2_500, 20, 10 * time.Second, 30 * time.Second},
		"1 per s":       {10_000, 1, time.Second, 5 * time.Minute},
		"30 per minute": {10_000, 30, time.Minute, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api := fakeapi.New(fakeapi.Generate(c.rows, fakeapi.WithRepository)...)
				quota(api, c.count, c.period)
				client := clientAt(t, "https://tofupilot.invalid", overTransport(withoutSockets{api}), withRetries(rest.DefaultMaxRetries))
				begun := time.Now()
				rows, err := client.Procedures(t.Context(), Filter{})
				if took := time.Since(begun); err != nil || len(rows) != c.rows || took > c.within {
					t.Errorf("%d rows after %s, %v", len(rows), took, err)
				}
			})
		})
	}
}

// Where the pace doesn't allow it, the error tells of the deadline and of the 429s.
func TestRateTooSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(fakeapi.Generate(10_000, fakeapi.WithRepository)...)
		quota(api, 10, time.Minute) // at most 60 of 102 pages
		client := clientAt(t, "https://tofupilot.invalid", overTransport(withoutSockets{api}), withRetries(2))
		cause, begun := errors.New("time is up"), time.Now()
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Minute, cause)
		defer cancel()
		_, err := client.Procedures(ctx, Filter{})
		failed := new(rest.Error)
		if !errors.Is(err, cause) || !errors.As(err, &failed) || failed.Kind != rest.RateLimited || failed.Message != "Too many requests" && failed.Status != 0 {
			t.Error(err)
		}
		if took := time.Since(begun); took != 5*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}
