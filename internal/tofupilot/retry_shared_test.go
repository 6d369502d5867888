package tofupilot

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// gauge stands in front of a handler, lets each request take a second, and
// measures how many are under way and how often each page is asked for.
type gauge struct {
	handler http.Handler

	mu             sync.Mutex
	inFlight, most int
	pages          map[string]int // by cursor
}

func (g *gauge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.move(1, r.URL.Query().Get("cursor"))
	time.Sleep(time.Second)
	g.handler.ServeHTTP(w, r)
	g.move(-1, "")
}

func (g *gauge) move(change int, cursor string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight += change
	g.most = max(g.most, g.inFlight)
	if change > 0 {
		g.pages[cursor]++
	}
}

func (b *testbed) gauge() *gauge {
	g := &gauge{handler: b.api, pages: map[string]int{}}
	b.client.http.Transport = withoutSockets{g}
	return g
}

// readAll reads the list in this many readers at a time.
func (b *testbed) readAll(readers int, want int) {
	b.Helper()
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			if procedures, err := b.client.Procedures(b.Context(), b.filter); err != nil || len(procedures) != want {
				b.Errorf("%d procedures, %v", len(procedures), err)
			}
		})
	}
	all.Wait()
}

// In a window of several pages, one that fails is asked for again, and the
// others are neither asked for again nor given up.
func TestRetryOnePage(t *testing.T) {
	t.Parallel()
	for _, cursor := range []string{"", "99", "198", "396", "891"} {
		onTestbed(t, func(b *testbed) {
			g := b.gauge()
			failures := 0
			b.api.Before(func(r fakeapi.Request) {
				if r.Query.Get("cursor") == cursor && failures < 2 {
					failures++
					b.api.Fail(fakeapi.Status(502, ""), r.Number)
				}
			})
			b.readAll(1, 1000)
			for page, times := range maps.All(g.pages) {
				if want := map[bool]int{true: 3, false: 1}[page == cursor]; times != want {
					b.Errorf("the page at %q failed twice; that at %q was asked for %d times, want %d", cursor, page, times, want)
				}
			}
			for offset := 99; offset < 1000; offset += 99 {
				if g.pages[strconv.Itoa(offset)] == 0 {
					b.Errorf("the page at %d was never asked for", offset)
				}
			}
		}, fakeapi.Generate(1000, fakeapi.WithRepository)...)
	}
}

// What holds everyone up is one request's 429. Each error is of its own request.
func TestRateLimitedReaders(t *testing.T) {
	t.Parallel()
	onTestbed(t, func(b *testbed) {
		b.api.Fail(fakeapi.Status(http.StatusTooManyRequests, ""))
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				query := "reader" + strconv.Itoa(i)
				_, err := b.client.Procedures(b.Context(), Filter{Parameters: map[string]string{"search_query": query}})
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
		b.client.requestTimeout = time.Hour
		b.client.http.Transport = hangingAfter{b.client.http.Transport, new(atomic.Int64)}
		cause := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(b.Context(), time.Minute, cause)
		defer cancel()
		var all sync.WaitGroup
		var blamed atomic.Int64
		for range 3 * maxInFlight {
			all.Go(func() {
				_, err := b.client.Procedures(ctx, Filter{})
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
		b.client.requestTimeout, b.client.maxRetries = time.Hour, 3
		b.client.http.Transport = hangingAfter{b.client.http.Transport, new(atomic.Int64)}
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		_, err := b.client.Procedures(ctx, Filter{})
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
		own := &Error{Method: http.MethodGet, URL: "https://example.test/own", Attempts: 1, Status: http.StatusTooManyRequests}
		before := *own
		ctx, cancel := context.WithCancelCause(b.Context())
		time.AfterFunc(time.Second/2, func() { cancel(own) })
		_, err := b.client.Procedures(ctx, Filter{})
		if !errors.Is(err, error(own)) || own.URL != before.URL || own.Attempts != before.Attempts || b.client.gate.closedFor() > 0 {
			b.Errorf("%v, and the other's error is %+v", err, own)
		}
	})
}

// hangingAfter answers the first request only.
type hangingAfter struct {
	http.RoundTripper

	asked *atomic.Int64
}

func (h hangingAfter) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.asked.Add(1) == 1 {
		return h.RoundTripper.RoundTrip(r)
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}
