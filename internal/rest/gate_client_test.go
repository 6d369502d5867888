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

// TestRateLimitErrors checks that each error has the URL of its own request, although a 429 delays
// all requests.
func TestRateLimitErrors(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.api.Fail(fakeapi.Status(http.StatusTooManyRequests, ""))
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				query := "reader" + strconv.Itoa(i)
				err := b.client.Get(b.Context(), "v2/procedures", url.Values{"search_query": {query}}, func([]byte) error { return nil })
				failed := new(Error)
				if !errors.As(err, &failed) || !strings.HasSuffix(failed.URL, "search_query="+query) {
					b.Errorf("%s: %v", query, err)
				}
			})
		}
		all.Wait()
	})
}

// TestRateLimitGivesUp checks that if the server refuses everything, 100 concurrent requests end as
// early as one would, after at most eight attempts for each retry.
func TestRateLimitGivesUp(t *testing.T) {
	t.Parallel()
	for retries := range 4 {
		runOnTestbed(t, func(b *testbed) {
			b.api.Fail(fakeapi.Status(http.StatusTooManyRequests, ""))
			b.api.Delay(time.Millisecond)
			b.client.maxRetries = retries
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					if failed := getError(b.T, b.client); failed.Kind != RateLimited {
						b.Error(failed)
					}
				})
			}
			all.Wait()
			if sent, most := len(b.api.Requests()), maxInFlight*(retries+1); sent > most {
				b.Errorf("%d retries: %d attempts, want at most %d", retries, sent, most)
			}
			nominal := time.Duration(1<<retries-1)*time.Second + time.Duration(retries+1)*time.Millisecond
			if took := time.Since(b.start); took < nominal || took > nominal+nominal/4 {
				b.Errorf("%d retries: it took %s, want %s to a quarter more", retries, took, nominal)
			}
		})
	}
}

// TestDeadlineAfter429 refuses one request and doesn't respond to any other until the deadline.
// Only the error of the refused request has the 429.
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
		var withStatus atomic.Int64
		for range 3 * maxInFlight {
			all.Go(func() {
				_, err := getRows(ctx, b.client)
				if !errors.Is(err, cause) {
					b.Error(err)
				}
				if errors.As(err, new(*Error)) {
					withStatus.Add(1)
				}
			})
		}
		all.Wait()
		if withStatus.Load() != 1 {
			b.Errorf("%d errors have the 429, want 1", withStatus.Load())
		}
	})
}
