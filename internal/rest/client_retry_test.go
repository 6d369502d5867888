package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// testbed is a test in a synctest bubble, with a fake API and a client that sends requests to it. The
// client's pauses between attempts are as long as in production.
type testbed struct {
	*testing.T
	api    *fakeapi.Server
	client *Client
	start  time.Time
}

// runOnTestbed runs a test in a synctest bubble: time passes only while every goroutine waits.
func runOnTestbed(t *testing.T, test func(b *testbed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &testbed{T: t, api: fakeapi.New(), start: time.Now()}
		b.client = newClient(t, "https://tofupilot.invalid")
		b.client.retryInterval = firstInterval
		b.client.http.Transport = harness.HandlerTransport{Handler: b.api}
		test(b)
	})
}

func TestRetryStatuses(t *testing.T) {
	t.Parallel()
	for _, maxRetries := range []int{0, 1, 3, 10} {
		for _, status := range []int{408, 429, 500, 502, 504, 507, 520, 599} {
			checkAttempts(t, status, maxRetries, maxRetries+1)
		}
		checkAttempts(t, 503, maxRetries, min(maxRetries+1, 10)) // a request that got ten 503s fails
		for _, status := range []int{201, 204, 304, 400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 451, 499} {
			checkAttempts(t, status, maxRetries, 1)
		}
	}
}

// checkAttempts checks how many attempts a request makes if it always gets this status.
func checkAttempts(t *testing.T, status, maxRetries, want int) {
	t.Helper()
	runOnTestbed(t, func(b *testbed) {
		b.api.Fail(fakeapi.Status(status, ""))
		b.client.gate.maxRetries = maxRetries
		failed := getError(b.T, b.client)
		if got := len(b.api.Requests()); got != want || failed.Attempts != want {
			b.Errorf("%d, %d retries: got %d attempts, and %d in the error, want %d", status, maxRetries, got, failed.Attempts, want)
		}
		if failed.Status != status {
			b.Errorf("%d, %d retries: got the status %d", status, maxRetries, failed.Status)
		}
	})
}

// TestRetryPauses checks that the pauses between attempts have random lengths, up to a limit that
// doubles from 1 s to 20 s.
func TestRetryPauses(t *testing.T) {
	t.Parallel()
	const runs, retries = 50, 10
	pauses := make([][]time.Duration, retries) // for each retry, those of all runs
	distinct := map[time.Duration]bool{}
	for range runs {
		runOnTestbed(t, func(b *testbed) {
			b.client.gate.maxRetries = retries
			b.api.Fail(fakeapi.Status(500, ""))
			var requests []time.Time
			b.api.Before(func(fakeapi.Request) { requests = append(requests, time.Now()) })
			_ = getError(b.T, b.client)
			for i := range retries {
				pause := requests[i+1].Sub(requests[i])
				pauses[i] = append(pauses[i], pause)
				distinct[pause] = true
			}
		})
	}
	limit := time.Second
	for i := range retries { // of 50 random pauses up to limit, one is almost certainly longer than half the limit
		if longest := slices.Max(pauses[i]); longest < limit/2 || longest > limit {
			t.Errorf("retry %d: the longest of %d pauses is %s, want %s to %s", i+1, runs, longest, limit/2, limit)
		}
		limit = min(2*limit, 20*time.Second)
	}
	if len(distinct) < 400 { // hardly any two random pauses are equal
		t.Errorf("%d pauses have only %d lengths: they aren't random", runs*retries, len(distinct))
	}
}

// TestUnavailableURL checks that requests succeed if the server responds with 503 to another URL. The
// request for that URL fails, and everything together takes at most 30 seconds.
func TestUnavailableURL(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.client.gate.maxRetries = DefaultMaxRetries
		b.api.Before(func(r fakeapi.Request) {
			if r.Query.Has("cursor") {
				b.api.Fail(fakeapi.Status(http.StatusServiceUnavailable, ""), r.Number) // only this attempt
			}
		})
		var all sync.WaitGroup
		all.Go(func() {
			err := b.client.Get(b.Context(), "v2/procedures", url.Values{"cursor": {"99"}}, nil)
			failed := new(Error)
			if !errors.As(err, &failed) || failed.Kind != Unavailable || failed.Attempts > maxUnavailable {
				b.Errorf("the URL with a cursor: %v", err)
			}
		})
		synctest.Wait() // until the gate is closed
		for range 3 * maxInFlight {
			all.Go(func() {
				if _, err := getRows(b.Context(), b.client); err != nil {
					b.Errorf("the URL without a cursor: %v", err)
				}
			})
		}
		all.Wait()
		if took := time.Since(b.start); took > 30*time.Second {
			b.Errorf("it took %s, want at most 30s", took)
		}
	})
}

// TestGetOnceUnusable checks that GetOnce fails after one attempt if it gets an unusable response, or no
// response within ten seconds or request_timeout, whichever is shorter.
func TestGetOnceUnusable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		response       http.Handler
		requestTimeout time.Duration
		duration       time.Duration // of the request
	}{
		"no response":                  {harness.NoResponse, time.Minute, 10 * time.Second},
		"no response, shorter timeout": {harness.NoResponse, 3 * time.Second, 3 * time.Second},
		"closed connection":            {fakeapi.HangUp(), time.Minute, 0},
		"truncated body":               {respondOK(`{"data": [`), time.Minute, 0},
		"500":                          {fakeapi.Status(500, ""), time.Minute, 0},
		"503":                          {fakeapi.Status(503, ""), time.Minute, 0},
	} {
		runOnTestbed(t, func(b *testbed) {
			b.client.requestTimeout = c.requestTimeout
			b.api.Fail(c.response)
			err := b.client.GetOnce(b.Context(), "v2/procedures", nil, func([]byte) error { return ErrTruncated })
			if n := len(b.api.Requests()); !errors.As(err, new(*Error)) || n != 1 {
				b.Errorf("%s: %v after %d attempts, want 1", name, err, n)
			}
			if took := time.Since(b.start); took != c.duration {
				b.Errorf("%s: it took %s, want %s", name, took, c.duration)
			}
		})
	}
}

// TestGetOnceRetries checks that GetOnce retries (here twice) after a 429 and after a failure to connect, as
// Get does.
func TestGetOnceRetries(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]http.RoundTripper{
		"429": harness.HandlerTransport{Handler: fakeapi.Status(http.StatusTooManyRequests, "")},
		"refused connection": roundTripFunc(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}),
	} {
		runOnTestbed(t, func(b *testbed) {
			b.client.http.Transport = transport
			err := b.client.GetOnce(b.Context(), "v2/procedures", nil, nil)
			failed := new(Error)
			if !errors.As(err, &failed) || failed.Attempts != 3 {
				b.Errorf("%s: got %v, want an *Error after 3 attempts", name, err)
			}
		})
	}
}

// TestRetryAfterPause checks that the pause before a retry is exactly as long as Retry-After says.
func TestRetryAfterPause(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 503} {
		runOnTestbed(t, func(b *testbed) {
			b.client.gate.maxRetries = 1
			b.api.Fail(fakeapi.Status(status, "", "Retry-After", "3600"))
			failed := getError(b.T, b.client)
			if failed.RetryAfter != time.Hour {
				b.Errorf("%d: the error has the Retry-After %s, want 1h", status, failed.RetryAfter)
			}
			if took := time.Since(b.start); failed.Attempts != 2 || took != time.Hour {
				b.Errorf("%d: %d attempts took %s, want 2 and 1h", status, failed.Attempts, took)
			}
		})
	}
}

// TestRetryAfterTooLong checks that a request fails at once if the deadline is before the end of its
// Retry-After.
func TestRetryAfterTooLong(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 503} {
		runOnTestbed(t, func(b *testbed) {
			b.api.Fail(fakeapi.Status(status, "", "Retry-After", "31"))
			ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
			defer cancel()
			_, err := getRows(ctx, b.client)
			failed := new(Error)
			if !errors.As(err, &failed) || failed.Status != status || failed.Attempts != 1 || failed.RetryAfter != 31*time.Second {
				b.Errorf("%d: %v", status, err)
			}
			if took := time.Since(b.start); took > 0 {
				b.Errorf("%d: it took %s", status, took)
			}
		})
	}
}

// TestDeadlineDuringPause checks that a request ends at its deadline even during a pause, and that the
// error reports both the deadline and the response before the pause. After a 500, only this request pauses. After a 503, the
// gate is closed for all requests.
func TestDeadlineDuringPause(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 503} {
		runOnTestbed(t, func(b *testbed) {
			b.client.retryInterval = 10_000 * time.Hour // so that a random pause doesn't end before the deadline
			b.api.Fail(fakeapi.Status(status, `{"message": "In maintenance"}`))
			cause := errors.New("time is up")
			ctx, cancel := context.WithTimeoutCause(b.Context(), time.Second/2, cause)
			defer cancel()
			_, err := getRows(ctx, b.client)
			failed := new(Error)
			if !errors.Is(err, cause) || !errors.As(err, &failed) || failed.Message != "In maintenance" {
				b.Errorf("%d: %v", status, err)
			}
			if took := time.Since(b.start); took != time.Second/2 {
				b.Errorf("%d: it took %s, want 0.5s", status, took)
			}
		})
	}
}

// TestRateLimitGivesUp makes 100 concurrent requests to a server that refuses all of them. They must
// take no longer than a single request, and make at most maxInFlight times as many attempts. Each error
// has the URL of its own request.
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

// TestDeadlineAfter429 checks that the error of a request that got a 429 mentions the 429 if the deadline
// passes during the retry, and that the errors of other requests don't. The server responds only to the
// first attempt.
func TestDeadlineAfter429(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.api.Fail(fakeapi.Status(http.StatusTooManyRequests, "", "Retry-After", "1"), 1)
		b.api.Fail(harness.NoResponse)
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
				// Only the error of the request that got the 429 wraps an *Error.
				if _, ok := errors.AsType[*Error](err); ok {
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

// TestCanceledByOtherError checks that a request that is canceled with the error of another request
// returns that error unchanged. Here the error is about a 429, but it doesn't close the gate.
func TestCanceledByOtherError(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.api.Delay(time.Second)
		const otherURL = "https://example.test/other"
		other := &Error{URL: otherURL, Attempts: 1, Status: http.StatusTooManyRequests}
		ctx, cancel := context.WithCancelCause(b.Context())
		time.AfterFunc(time.Second/2, func() { cancel(other) })
		if _, err := getRows(ctx, b.client); !errors.Is(err, other) {
			b.Errorf("got %v, want %v", err, other)
		}
		if other.URL != otherURL || other.Attempts != 1 {
			b.Errorf("the other error has become %+v", other)
		}
		if closed := b.client.gate.closedFor(); closed > 0 {
			b.Errorf("the gate is closed for %s", closed)
		}
	})
}

// TestRetrySlowResponse checks that an attempt without a response is retried after requestTimeout.
func TestRetrySlowResponse(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.api.Fail(harness.NoResponse, 1)
		if _, err := getRows(b.Context(), b.client); err != nil {
			b.Error(err)
		}
		if n := len(b.api.Requests()); n != 2 {
			b.Errorf("got %d attempts, want 2", n)
		}
	})
}

const onePage = `{"data": [{"id": "a"}], "meta": {"has_more": false, "next_cursor": null}}`

// respondRaw returns a handler that writes these bytes and closes the connection.
func respondRaw(t *testing.T, response string) http.Handler {
	t.Helper()
	return hijack(t, func(connection net.Conn) {
		_, _ = io.WriteString(connection, response) // it may fail, if the client has closed the connection
		_ = connection.Close()
	})
}

// hijack returns a handler that calls respond with the request's connection instead of responding.
func hijack(t *testing.T, respond func(net.Conn)) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // net/http/httptest serves with net/http.
		if err != nil {
			t.Error(err)
			return
		}
		respond(connection)
	})
}

// TestBrokenResponses checks that a request is retried after a response that ends too early, and that
// the error isn't io's "unexpected EOF", which doesn't say that the response was cut off.
func TestBrokenResponses(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, response := range map[string]http.Handler{
		"closed connection":                fakeapi.HangUp(),
		"no HTTP":                          respondRaw(t, "220 smtp.example.com ESMTP\r\n"),
		"body shorter than Content-Length": respondRaw(t, fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(onePage)+1, onePage)),
		"no last chunk":                    respondRaw(t, fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", head, len(onePage), onePage)),
		"gzip cut off":                     respondRaw(t, head+"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"),
		"JSON cut off":                     respondOK(onePage[:len(onePage)-1]),
	} {
		failed := getError(t, newClient(t, newServer(t, response).String()))
		if failed.Attempts != 3 {
			t.Errorf("%s: got %d attempts, want 3", name, failed.Attempts)
		}
		if failed.Err == nil || strings.Contains(failed.Err.Error(), "unexpected EOF") {
			t.Errorf("%s: got %v", name, failed.Err)
		}
	}
}
