package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestRateLimitGivesUp checks that 100 concurrent requests to a server that refuses everything end as
// early as a single one would, and make at most eight times as many attempts. Each error has the URL of
// its own request.
func TestRateLimitGivesUp(t *testing.T) {
	t.Parallel()
	const responseTime = time.Millisecond
	// One retry pauses for 1 s, two for 1 s and 2 s, and three for 1 s, 2 s and 4 s.
	for maxRetries, pauses := range map[int]time.Duration{0: 0, 1: 1 * time.Second, 2: 3 * time.Second, 3: 7 * time.Second} {
		runOnTestbed(t, func(b *testbed) {
			b.api.Fail(fakeapi.Status(http.StatusTooManyRequests, ""))
			b.api.Delay(responseTime)
			b.client.gate.maxRetries = maxRetries
			var all sync.WaitGroup
			for i := range 100 {
				all.Go(func() {
					query := url.Values{"search_query": {strconv.Itoa(i)}}
					err := b.client.Get(b.Context(), "v2/procedures", query, nil)
					failed := new(Error)
					if !errors.As(err, &failed) || failed.Kind != RateLimited || !strings.HasSuffix(failed.URL, "?"+query.Encode()) {
						b.Errorf("%s: got %v", query.Encode(), err)
					}
				})
			}
			all.Wait()
			attempts := maxRetries + 1 // of a single request
			if got := len(b.api.Requests()); got > maxInFlight*attempts {
				b.Errorf("%d retries: got %d attempts, want at most %d", maxRetries, got, maxInFlight*attempts)
			}
			checkPause(b.T, strconv.Itoa(maxRetries)+" retries", time.Since(b.start), pauses+time.Duration(attempts)*responseTime)
		})
	}
}

// TestDeadlineAfter429 checks that the error of a request that got a 429 mentions it if the deadline
// passes during the retry, and that the errors of other requests don't. The server responds only to the
// first attempt.
func TestDeadlineAfter429(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.api.Fail(fakeapi.Status(http.StatusTooManyRequests, "", "Retry-After", "1"), 1)
		b.api.Fail(noResponse)
		b.client.requestTimeout = time.Hour
		cause := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(b.Context(), time.Minute, cause)
		defer cancel()
		var all sync.WaitGroup
		var mentions atomic.Int64
		for range 3 * maxInFlight {
			all.Go(func() {
				_, err := getRows(ctx, b.client)
				if !errors.Is(err, cause) {
					b.Errorf("got %v, want %v", err, cause)
				}
				if errors.As(err, new(*Error)) { // the error that wraps the 429
					mentions.Add(1)
				}
			})
		}
		all.Wait()
		if got := mentions.Load(); got != 1 {
			b.Errorf("%d errors mention the 429, want 1", got)
		}
	})
}
