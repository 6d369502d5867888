package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// handlerTransport calls a handler without a connection, so that testing/synctest can advance
// its clock.
type handlerTransport struct{ handler http.Handler }

func (s handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	response := httptest.NewRecorder()
	s.handler.ServeHTTP(response, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return response.Result(), nil
}

// testbed has a fake API and its client, with the default pauses, in a synctest bubble.
type testbed struct {
	*testing.T
	api    *fakeapi.Server
	client *Client
	start  time.Time
	times  chan time.Duration // of the requests, since start
}

func runOnTestbed(t *testing.T, test func(b *testbed), procedures ...fakeapi.Procedure) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &testbed{T: t, api: fakeapi.New(procedures...), start: time.Now(), times: make(chan time.Duration, 10_000)}
		b.client = newClient(t, "https://tofupilot.invalid")
		b.client.retryInterval = New(Config{}).retryInterval
		b.client.http.Transport = handlerTransport{b.api}
		b.api.Before(func(fakeapi.Request) { b.times <- time.Since(b.start) })
		test(b)
	})
}

// requestTimes returns the times of the requests since the start.
func (b *testbed) requestTimes() []time.Duration {
	close(b.times)
	return slices.Collect(func(yield func(time.Duration) bool) {
		for at := range b.times {
			if !yield(at) {
				return
			}
		}
	})
}

func TestRetryStatuses(t *testing.T) {
	t.Parallel()
	retried := []int{408, 429, 500, 502, 503, 504, 507, 520, 599}
	permanent := []int{201, 204, 304, 400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 451, 499}
	for _, status := range slices.Concat(retried, permanent) {
		for _, retries := range []int{0, 1, 3, 10} {
			t.Run(fmt.Sprintf("%d, %d retries", status, retries), func(t *testing.T) {
				t.Parallel()
				runOnTestbed(t, func(b *testbed) {
					b.api.Fail(fakeapi.Status(status, ""))
					b.client.maxRetries = retries
					failed, want := getError(b.T, b.client), 1
					if slices.Contains(retried, status) {
						want += retries
					}
					if status == http.StatusServiceUnavailable {
						want = min(want, 10) // maxUnavailable
					}
					if n := len(b.api.Requests()); n != want || failed.Attempts != want || failed.Status != status {
						b.Errorf("got %d attempts, want %d: %v", n, want, failed)
					}
				})
			})
		}
	}
}

func TestRetryPauses(t *testing.T) {
	t.Parallel()
	limits := []time.Duration{1, 2, 4, 8, 16, 20, 20, 20, 20, 20} // seconds, twice the interval
	longest := make([]time.Duration, len(limits))
	seen := map[time.Duration]bool{}
	for range 50 {
		runOnTestbed(t, func(b *testbed) {
			b.client.maxRetries = 10
			b.api.Fail(fakeapi.Status(500, ""))
			_ = getError(b.T, b.client)
			times := b.requestTimes()
			for i, limit := range limits {
				pause := times[i+1] - times[i]
				if pause < 0 || pause > limit*time.Second {
					b.Errorf("pause %d: got %s, want at most %d s", i+1, pause, limit)
				}
				longest[i], seen[pause] = max(longest[i], pause), true
			}
		})
	}
	for i, limit := range limits {
		if longest[i] < limit*time.Second/2 {
			t.Errorf("the longest of 50 pauses %d is %s, want up to %d s", i+1, longest[i], limit)
		}
	}
	if len(seen) < 400 {
		t.Errorf("500 pauses have only %d values: there is no jitter", len(seen))
	}
}

// TestUnavailableServer checks how soon a server that responds only with 503 is reported.
func TestUnavailableServer(t *testing.T) {
	t.Parallel()
	for retries, longest := range map[int]time.Duration{0: 0, 1: 5 * time.Second / 4, DefaultMaxRetries: 35 * time.Second / 4} {
		for succeeded := range 2 { // an earlier success makes no difference
			runOnTestbed(t, func(b *testbed) {
				b.client.maxRetries = retries
				for range succeeded {
					if _, err := getRows(b.Context(), b.client); err != nil {
						b.Fatal(err)
					}
				}
				b.api.Fail(fakeapi.Status(http.StatusServiceUnavailable, ""))
				failed := getError(b.T, b.client)
				if took := time.Since(b.start); failed.Kind != Unavailable || failed.Attempts != retries+1 || took > longest || took < longest*4/5 {
					b.Errorf("%d retries: %v after %s", retries, failed, took)
				}
			})
		}
	}
}

// TestUnavailableURL checks that 503s for one URL delay other requests by some seconds only.
func TestUnavailableURL(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.client.maxRetries = DefaultMaxRetries
		b.api.Before(func(r fakeapi.Request) {
			if r.Query.Has("cursor") {
				b.api.Fail(fakeapi.Status(http.StatusServiceUnavailable, ""), r.Number)
			}
		})
		var all sync.WaitGroup
		all.Go(func() {
			err := b.client.Get(b.Context(), "v2/procedures", url.Values{"cursor": {"99"}}, nil)
			failed := new(Error)
			if !errors.As(err, &failed) || failed.Kind != Unavailable || failed.Attempts > maxUnavailable {
				b.Error(err)
			}
		})
		synctest.Wait()
		for range 3 * maxInFlight {
			all.Go(func() {
				if _, err := getRows(b.Context(), b.client); err != nil {
					b.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(b.start); took > 30*time.Second {
			b.Errorf("it took %s", took)
		}
	})
}

func TestGetOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		response http.Handler
		requests int
		longest  time.Duration
	}{
		"no response":       {noResponse, 1, 10 * time.Second},
		"closed connection": {fakeapi.Status(200, ""), 1, 0},
		"a truncated body":  {respondOK(`{"data": [`), 1, 0},
		"500":               {fakeapi.Status(500, ""), 1, 0},
		"503":               {fakeapi.Status(503, ""), 1, 0},
		"429":               {fakeapi.Status(429, ""), 3, 15 * time.Second / 4},
	} {
		runOnTestbed(t, func(b *testbed) {
			if name == "closed connection" {
				b.client.http.Transport = roundTripFunc(func(r *http.Request) (*http.Response, error) {
					b.api.ServeHTTP(httptest.NewRecorder(), r)
					httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
					return nil, io.ErrUnexpectedEOF
				})
			}
			b.api.Fail(c.response)
			err := b.client.GetOnce(b.Context(), "v2/procedures", url.Values{"search_query": {"a"}}, func(body []byte) error {
				if json.Valid(body) {
					return nil
				}
				return ErrTruncated
			})
			if took := time.Since(b.start); !errors.As(err, new(*Error)) || took > c.longest || len(b.api.Requests()) != c.requests {
				b.Errorf("%s: %v after %s and %d attempts", name, err, took, len(b.api.Requests()))
			}
		})
	}
	runOnTestbed(t, func(b *testbed) { // a shorter request_timeout is used
		b.client.requestTimeout = 3 * time.Second
		b.api.Fail(noResponse)
		err := b.client.GetOnce(b.Context(), "v2/procedures", nil, nil)
		if took := time.Since(b.start); err == nil || took != 3*time.Second {
			b.Errorf("%v after %s", err, took)
		}
	})
	// A failure to connect is retried, because it doesn't depend on the request.
	attempts := 0
	client := newClient(t, "https://tofupilot.invalid")
	client.http.Transport = roundTripFunc(func(*http.Request) (*http.Response, error) {
		attempts++
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	})
	if err := client.GetOnce(t.Context(), "v2/procedures", nil, nil); err == nil || attempts != 3 {
		t.Errorf("refused connections: %v after %d attempts", err, attempts)
	}
}

func TestRetryAfterPause(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{"7": 7 * time.Second, "3600": time.Hour} {
		for _, status := range []int{429, 503} {
			runOnTestbed(t, func(b *testbed) {
				b.client.maxRetries = 1
				b.api.Fail(fakeapi.Status(status, "", "Retry-After", value))
				failed := getError(b.T, b.client)
				if times := b.requestTimes(); !slices.Equal(times, []time.Duration{0, want}) || failed.RetryAfter != want {
					b.Errorf("%d with Retry-After %s: requests at %s, and the error has %s", status, value, times, failed.RetryAfter)
				}
			})
		}
	}
}

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
			if waited := time.Since(b.start); waited > 0 {
				b.Errorf("%d: it waited for %s", status, waited)
			}
		})
	}
}

func TestDeadlineDuringPause(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		cause := errors.New("time is up")
		b.client.retryInterval, b.client.maxRetries = time.Hour, 10 // pauses of at most 10 s
		b.api.Fail(fakeapi.Status(503, `{"message": "In maintenance"}`))
		ctx, cancel := context.WithTimeoutCause(b.Context(), time.Second, cause)
		defer cancel()
		_, err := getRows(ctx, b.client)
		failed := new(Error)
		if !errors.Is(err, cause) || !errors.As(err, &failed) || failed.Message != "In maintenance" {
			b.Errorf("%v", err)
		}
		if took := time.Since(b.start); took > time.Second {
			b.Errorf("it took %s", took)
		}
	})
}

const onePage = `{"data": [{"id": "a"}], "meta": {"has_more": false, "next_cursor": null}}`

// respondRaw returns a handler that writes these bytes and closes the connection.
func respondRaw(t *testing.T, response string) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // net/http/httptest serves with net/http.
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(connection, response) // it may fail, if the client has closed the connection
		_ = connection.Close()
	})
}

func TestRetryBrokenResponses(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, fault := range map[string]http.Handler{
		"closed connection":                fakeapi.HangUp(),
		"no HTTP":                          respondRaw(t, "220 smtp.example.com ESMTP\r\n"),
		"body shorter than Content-Length": respondRaw(t, fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(onePage)+1, onePage)),
		"no last chunk":                    respondRaw(t, fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", head, len(onePage), onePage)),
		"gzip cut off":                     respondRaw(t, head+"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"),
		"JSON cut off":                     respondOK(onePage[:len(onePage)-1]),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...)
			client := newClient(t, newServer(t, api).String())
			client.maxRetries = 1
			api.Fail(fault, 1)
			rows, err := getRows(t.Context(), client)
			if err != nil || rows != 1 || len(api.Requests()) != 2 {
				t.Errorf("first attempt only: %d rows after %d attempts, %v", rows, len(api.Requests()), err)
			}

			api.Fail(fault)
			api.Forget()
			// io's "unexpected EOF" doesn't say that the response was cut off.
			if failed := getError(t, client); failed.Attempts != 2 || failed.Err == nil || strings.Contains(failed.Err.Error(), "unexpected EOF") {
				t.Errorf("every attempt: %v", failed)
			}
		})
	}
}

func TestRetrySlowResponse(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.client.requestTimeout = 30 * time.Second
		b.api.Before(func(r fakeapi.Request) {
			if r.Number == 1 {
				time.Sleep(time.Minute)
			}
		})
		rows, err := getRows(b.Context(), b.client)
		if err != nil || rows != 1 || len(b.api.Requests()) != 2 {
			b.Errorf("%d rows after %d attempts, %v", rows, len(b.api.Requests()), err)
		}
	}, fakeapi.Generate(1, fakeapi.WithRepository)...)
}

// TestDeadlineDuringRetry checks that if the deadline passes during a retry, the error has the
// failure of the previous attempt.
func TestDeadlineDuringRetry(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.api.Fail(fakeapi.Status(http.StatusInternalServerError, ""), 1)
		b.api.Fail(noResponse)
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

// TestCanceledByOtherError cancels a request with another request's error, which must not change.
func TestCanceledByOtherError(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.api.Delay(time.Second)
		other := &Error{URL: "https://example.test/other", Attempts: 1, Status: http.StatusTooManyRequests}
		before := *other
		ctx, cancel := context.WithCancelCause(b.Context())
		time.AfterFunc(time.Second/2, func() { cancel(other) })
		_, err := getRows(ctx, b.client)
		if !errors.Is(err, error(other)) || other.URL != before.URL || other.Attempts != before.Attempts || b.client.gate.closedFor() > 0 {
			b.Errorf("%v, and the other error is %+v", err, other)
		}
	})
}
