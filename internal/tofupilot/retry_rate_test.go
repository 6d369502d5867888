package tofupilot

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// quota has the fake refuse what is too much: the requests beyond so many in each period.
// Each answer takes a tenth of a second.
func (b *testbed) quota(count int, period time.Duration) {
	var counting sync.Mutex
	window, used := time.Duration(-1), 0
	b.api.Delay(100 * time.Millisecond)
	b.api.Before(func(r fakeapi.Request) {
		counting.Lock()
		defer counting.Unlock()
		if now := time.Since(b.begun) / period; now != window {
			window, used = now, 0
		}
		if used++; used > count {
			b.api.Fail(fakeapi.Status(http.StatusTooManyRequests, `{"message": "Too many requests"}`), r.Number)
		}
	})
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
			onTestbed(t, func(b *testbed) {
				b.quota(c.count, c.period)
				b.client.maxRetries = DefaultMaxRetries
				rows, err := b.client.Procedures(b.Context(), Filter{})
				if took := time.Since(b.begun); err != nil || len(rows) != c.rows || took > c.within {
					b.Errorf("%d rows after %s, %v", len(rows), took, err)
				}
			}, fakeapi.Generate(c.rows, fakeapi.WithRepository)...)
		})
	}
}

// Where the pace doesn't allow it, the error tells of the deadline and of the 429s.
func TestRateTooSlow(t *testing.T) {
	t.Parallel()
	onTestbed(t, func(b *testbed) {
		b.quota(10, time.Minute) // at most 60 of 102 pages
		cause := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(b.Context(), 5*time.Minute, cause)
		defer cancel()
		_, err := b.client.Procedures(ctx, Filter{})
		failed := new(Error)
		if !errors.Is(err, cause) || !errors.As(err, &failed) || failed.Kind != RateLimited || failed.Message != "Too many requests" && failed.Status != 0 {
			b.Error(err)
		}
		if took := time.Since(b.begun); took != 5*time.Minute {
			b.Errorf("it took %s", took)
		}
	}, fakeapi.Generate(10_000, fakeapi.WithRepository)...)
}
