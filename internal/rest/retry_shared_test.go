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

// What holds everyone up is one request's 429. Each error is of its own request.
func TestRateLimitedReaders(t *testing.T) {
	t.Parallel()
	onTestbed(t, func(b *testbed) {
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

// Nobody waits for a server that lets nothing through, whoever was refused: however many
// read at a time, they send as many requests as one would, but for the first window.
func TestRateGivesUp(t *testing.T) {
	t.Parallel()
	for retries := range 4 {
		onTestbed(t, func(b *testbed) {
			b.api.Fail(fakeapi.Status(http.StatusTooManyRequests, ""))
			b.api.Delay(time.Millisecond)
			b.client.maxRetries = retries
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					if failed := failure(b.T, b.client); failed.Kind != RateLimited {
						b.Error(failed)
					}
				})
			}
			all.Wait()
			if sent, most := len(b.api.Requests()), maxInFlight*(retries+1); sent > most {
				b.Errorf("%d retries: %d requests, want at most %d", retries, sent, most)
			}
			nominal := time.Duration(1<<retries-1)*time.Second + time.Duration(retries+1)*time.Millisecond
			if took := time.Since(b.begun); took < nominal || took > nominal+nominal/4 {
				b.Errorf("%d retries: it took %s, want %s to a quarter more", retries, took, nominal)
			}
		})
	}
}

// One request was refused, long before the time of all ends: the others, which hang or wait
// for a place, don't blame it.
func TestDeadlineAfter429(t *testing.T) {
	t.Parallel()
	onTestbed(t, func(b *testbed) {
		b.api.Fail(fakeapi.Status(http.StatusTooManyRequests, "", "Retry-After", "1"), 1)
		b.api.Fail(silence)
		b.client.requestTimeout = time.Hour
		cause := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(b.Context(), time.Minute, cause)
		defer cancel()
		var all sync.WaitGroup
		var blamed atomic.Int64
		for range 3 * maxInFlight {
			all.Go(func() {
				_, err := getRows(ctx, b.client)
				if !errors.Is(err, cause) {
					b.Error(err)
				}
				if errors.As(err, new(*Error)) {
					blamed.Add(1)
				}
			})
		}
		all.Wait()
		if blamed.Load() != 1 {
			b.Errorf("%d errors tell of the one request that was refused", blamed.Load())
		}
	})
}

// A failure that isn't over is told, though the time ends while it is tried again.
func TestDeadlineDuringRetry(t *testing.T) {
	t.Parallel()
	onTestbed(t, func(b *testbed) {
		b.api.Fail(fakeapi.Status(http.StatusInternalServerError, ""), 1)
		b.api.Fail(silence)
		b.client.requestTimeout = time.Hour
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		_, err := getRows(ctx, b.client)
		failed := new(Error)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &failed) || failed.Status != http.StatusInternalServerError {
			b.Errorf("%v", err)
		}
	})
}

// Whoever ends early because another request failed doesn't take its error for its own.
func TestOtherRequestsError(t *testing.T) {
	t.Parallel()
	onTestbed(t, func(b *testbed) {
		b.api.Delay(time.Second)
		own := &Error{URL: "https://example.test/own", Attempts: 1, Status: http.StatusTooManyRequests}
		before := *own
		ctx, cancel := context.WithCancelCause(b.Context())
		time.AfterFunc(time.Second/2, func() { cancel(own) })
		_, err := getRows(ctx, b.client)
		if !errors.Is(err, error(own)) || own.URL != before.URL || own.Attempts != before.Attempts || b.client.gate.closedFor() > 0 {
			b.Errorf("%v, and the other's error is %+v", err, own)
		}
	})
}
