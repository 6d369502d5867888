package acceptance

import (
	"net/http"
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
			name: "a name server in trouble", at: atName("https://broken.tofupilot.invalid"), provider: harness.Values{"max_retries": 1},
			fails:   harness.Error("", unreachable, askedFor+" (2 attempts) failed", "server misbehaving", checkServer),
			retries: 1, within: retried(1),
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
			name: "headers that never come", at: harness.ByHand(saysNothing), provider: harness.Values{"max_retries": 1, "request_timeout": "100ms"},
			fails:    harness.Error("", tooSlow, askedFor+" (2 attempts) failed", "no complete answer within 100ms", "raise the provider's request_timeout, or lower page_size"),
			requests: 2, retries: 1, within: retried(1),
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
