package acceptance

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	unreachable = "The server can't be reached"
	incomplete  = "No complete answer came"
	againLater  = "Try again later. If the problem persists, check that this is the right server and that no proxy or firewall cuts connections off, and ask the server's administrator."
	tooSlow     = "The server takes too long"
	checkServer = "The address {url}/api comes from the provider's url. Check that this is the right server, and that this machine can reach it: DNS, a proxy, a firewall or a VPN may be in the way."
)

// Faults of a connection, and of the bytes of an answer.
func transportFaults() []fault {
	once := harness.Values{"max_retries": 0}
	return []fault{
		{
			name: "nothing listens", at: harness.Nobody, provider: harness.Values{"max_retries": 1},
			fails:   harness.Error("", unreachable, askedFor+" (2 attempts) failed: dial tcp", harness.Refused, "Nothing accepts connections there: check the address and its port, and that the server is running."),
			retries: 1, within: retried(1),
		},
		{
			name: "a name that doesn't resolve", at: atName("https://tofupilot.invalid"),
			fails: harness.Error("", unreachable, askedFor+" failed", "no such host", checkServer),
		},
		{
			name: "closed instead of an answer", at: faulty(fakeapi.HangUp().ServeHTTP), provider: once,
			fails:    harness.Error("", incomplete, askedFor+" failed: the connection was closed before an answer came", againLater),
			requests: 1,
		},
		{
			name: "no HTTP", at: harness.ByHand(saying("SSH-2.0-OpenSSH_9.6\r\n")), provider: once,
			fails:    harness.Error("", incomplete, askedFor, "malformed HTTP", againLater),
			requests: 1,
		},
		{
			name: "101 and then silence", at: harness.ByHand(thenSilent("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: h2c", "", "")),
			fails:    harness.Error("", notTheAPI, askedFor+" returned HTTP 101 Switching Protocols.", leadsToTofuPilot),
			requests: 1,
		},
		{
			name: "a 1xx that HTTP doesn't know, and then silence", at: harness.ByHand(thenSilent("HTTP/1.1 150 Working on it", "", "")),
			provider: harness.Values{"max_retries": 0, "request_timeout": "200ms"},
			fails:    harness.Error("", "The server takes too long", askedFor+" failed: no complete answer within 200ms."),
			requests: 1,
		},
		{
			name: "1xx without end", at: harness.ByHand(saying(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000))), provider: once,
			fails:    harness.Error("", incomplete, askedFor, "unexpected EOF", againLater),
			requests: 1,
		},
		{
			name: "403 and a body that never comes", at: harness.ByHand(thenSilent("HTTP/1.1 403 Forbidden", "Content-Length: 10", "", "")), provider: harness.Values{"request_timeout": "200ms"},
			fails:    harness.Error("", notTheAPI, askedFor+" returned HTTP 403 Forbidden."),
			requests: 1,
		},
		{
			name: "headers that never end", at: harness.ByHand(saying("HTTP/1.1 200 OK", strings.Repeat("X-Filler: "+strings.Repeat("x", 4000)+"\r\n", 3000))), provider: once,
			fails:    harness.Error("", incomplete, askedFor, "server response headers exceeded 10485760 bytes"),
			requests: 1,
		},
		{
			name: "a body that drips", at: faulty(drip), provider: harness.Values{"max_retries": 0, "request_timeout": "300ms"},
			fails:    harness.Error("", tooSlow, askedFor, "no complete answer within 300ms", "raise the provider's request_timeout, or lower page_size"),
			requests: 1,
		},
		{
			name: "a kept-alive connection that died in the meantime", at: dyingInTheMeantime, provider: once, arguments: harness.Values{"page_size": 2},
			ids: whole, requests: 5, // four pages, of which one was asked for twice
		},
		{
			name: "closed in mid-body", at: faulty(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				_, _ = w.Write([]byte(`{"data":[`))
			}), provider: once,
			fails:    harness.Error("", incomplete, askedFor, "reading the answer: the body ends too early", againLater),
			requests: 1,
		},
		{
			name: "closed in mid-body, once", at: faulty(breakOff, 1), provider: harness.Values{"max_retries": 1},
			ids: whole, requests: 2, retries: 1, within: retried(1),
		},
		{
			name: "a line break in TF_APPEND_USER_AGENT", at: faulty(nil),
			environment: func(t *testing.T, _ *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				t.Setenv("TF_APPEND_USER_AGENT", "ci/7\nnightly")
			},
			ids: whole, requests: 1,
		},
		{
			name: "gzip", at: around(gzipped(1)), provider: once,
			ids: whole, requests: 1,
		},
		{
			name: "an encoding that nobody asked for", at: faulty(answer(http.StatusOK, "\x1b\x0b\x00\xf8", "Content-Encoding", "br", "Content-Type", "application/json")),
			fails:    harness.Error("", notTheAPI, askedFor+" returned HTTP 200 OK (application/json): the answer's encoding is br, which the provider didn't ask for.", leadsToTofuPilot),
			requests: 1,
		},
	}
}

// breakOff begins with a body and closes the connection, or resets the stream.
func breakOff(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(`{"data":[`))
	flush(w)
	panic(http.ErrAbortHandler)
}

// drip sends a byte now and then, each sooner than any timeout.
func drip(w http.ResponseWriter, r *http.Request) {
	for range 100 {
		_, _ = w.Write([]byte(" "))
		flush(w)
		untilGone(r, 50*time.Millisecond)
		if r.Context().Err() != nil {
			return
		}
	}
}

// dyingInTheMeantime closes a connection when the second request comes on it,
// as a server or a proxy does that thought it idle for too long. It does so once.
func dyingInTheMeantime(t *testing.T) *harness.Target {
	t.Helper()
	var (
		mu   sync.Mutex
		used = map[string]bool{}
		died bool
	)
	t.Cleanup(func() {
		if !died {
			t.Error("no connection was used twice")
		}
	})
	return around(func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			dies := used[r.RemoteAddr] && !died
			used[r.RemoteAddr], died = true, died || dies
			mu.Unlock()
			if dies {
				panic(http.ErrAbortHandler)
			}
			api.ServeHTTP(w, r)
		})
	})(t)
}

// gzipped compresses answers for clients that take that, and sends so much of each.
func gzipped(part float64) func(http.Handler) http.Handler {
	return func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			whole, packed := httptest.NewRecorder(), new(strings.Builder)
			api.ServeHTTP(whole, r)
			if r.Header.Get("Accept-Encoding") != "gzip" {
				panic(fmt.Sprintf("the client takes %q", r.Header["Accept-Encoding"]))
			}
			to := gzip.NewWriter(packed)
			_, _ = whole.Body.WriteTo(to)
			_ = to.Close()
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(whole.Code)
			_, _ = w.Write([]byte(packed.String())[:int(part*float64(packed.Len()))])
		})
	}
}
