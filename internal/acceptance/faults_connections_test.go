package acceptance

import (
	"io"
	"net"
	"net/http"
	"os"
	"testing"

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
			name: "nothing listens", at: harness.NewDeadTarget, provider: harness.Values{"max_retries": 1},
			fails:   harness.WantError("", unreachable, askedFor+" (2 attempts) failed: dial tcp", harness.ConnectionRefused, "Nothing accepts connections there: check the address and its port, and that the server is running."),
			retries: 1, within: retried,
		},
		{
			name: "closed instead of an answer", at: faulty(fakeapi.HangUp().ServeHTTP), provider: once,
			fails:    harness.WantError("", incomplete, askedFor+" failed: the connection was closed before an answer came", againLater),
			requests: 1,
		},
		{
			name: "101 and then silence", at: harness.NewConnTarget(thenSilent("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: h2c", "", "")),
			fails:    harness.WantError("", notTheAPI, askedFor+" returned HTTP 101 Switching Protocols.", leadsToTofuPilot),
			requests: 1,
		},
		{
			name: "headers that never come", at: harness.NewConnTarget(saysNothing), provider: harness.Values{"max_retries": 1, "request_timeout": "100ms"},
			fails:    harness.WantError("", tooSlow, askedFor+" (2 attempts) failed", "no complete answer within 100ms", "raise the provider's request_timeout, or lower page_size"),
			requests: 2, retries: 1, within: retried,
		},
		{
			name: "an encoding that nobody asked for", at: faulty(answer(http.StatusOK, "\x1b\x0b\x00\xf8", "Content-Encoding", "br", "Content-Type", "application/json")),
			fails:    harness.WantError("", notTheAPI, askedFor+" returned HTTP 200 OK (application/json): the answer's encoding is br, which the provider didn't ask for.", leadsToTofuPilot),
			requests: 1,
		},
	}
}

// A developer's proxy must not come between a test and its server. net/http reads these
// once.
func init() {
	for _, variable := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		if err := os.Unsetenv(variable); err != nil {
			panic(err)
		}
	}
}

const (
	noProxy    = "The proxy doesn't connect to the server"
	checkProxy = "Check HTTPS_PROXY, or HTTP_PROXY for an http:// address: it must be like http://user:password@proxy.example.com:3128. " +
		"If it is right, ask the proxy's administrator. If this server needs no proxy, list tofupilot.test in NO_PROXY. Its entries are host names and networks, separated by commas."
)

// Faults of a proxy between. Its address is {elsewhere}.
func proxyFaults() []fault {
	once := harness.Values{"max_retries": 1}
	refuses := func(status string) fault {
		return fault{
			name: "a proxy that answers " + status, at: behind("https://tofupilot.test", saying("HTTP/1.1 "+status, "Content-Length: 8", "", "Not now.")),
			environment: useProxy,
			fails:       harness.WantError("", noProxy, askedFor+" failed: the proxy {elsewhere} refused to connect to the server, with HTTP "+status+".\n\n", checkProxy),
			requests:    1,
		}
	}
	badAddress := func(what, proxy string) fault {
		return fault{
			name: "a proxy's address with " + what, at: notBehind("https://tofupilot.test"),
			environment: func(t *testing.T, _ *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				t.Setenv("HTTPS_PROXY", proxy)
			},
			fails: harness.WantError("", noProxy, askedFor+" failed: the value of HTTPS_PROXY isn't the address of a proxy; look for a line break at its end, and for characters of a password that need percent-encoding.", checkProxy),
		}
	}
	again := func(f fault) fault {
		f.provider, f.requests, f.retries, f.within = once, 2, 1, retried
		f.fails.Words[0] = askedFor + " (2 attempts)" + f.fails.Words[0][len(askedFor):]
		return f
	}
	return []fault{
		refuses("403 Forbidden"),
		again(refuses("502 Bad Gateway")),
		{
			name: "a proxy where nothing listens", at: notBehind("https://tofupilot.test"), environment: useProxy, provider: once,
			fails:   harness.WantError("", noProxy, askedFor+" (2 attempts) failed: proxyconnect tcp: dial tcp", harness.ConnectionRefused, checkProxy),
			retries: 1, within: retried,
		},
		badAddress("a space", "http://user:hunter2 @proxy.invalid:3128"),
		badAddress("no scheme", "user:hunter2@proxy.invalid:port"),
		badAddress("a password that isn't encoded", "http://user:hunter2%ss@proxy.invalid:3128"),
		{
			name: "a proxy that asks for a password, over plain HTTP", provider: harness.Values{"allow_http": true}, environment: useProxy,
			at:    behind("http://tofupilot.test", saying("HTTP/1.1 407 Proxy Authentication Required", "Content-Length: 0", "", "")),
			fails: harness.WantError("", noProxy, askedFor+" returned HTTP 407 Proxy Authentication Required.", checkProxy), requests: 1,
		},
		{
			name: "a proxy that connects", at: tunnelled, environment: useProxy,
			ids: whole, requests: 1,
		},
	}
}

// behind is a server that is reached through a proxy, which serves by hand and
// wants a password.
func behind(url string, proxy func(conn net.Conn, number int)) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		at := harness.NewConnTarget(proxy)(t)
		at.URL, at.OtherURL = url, at.URL
		return at
	}
}

// notBehind is one whose proxy isn't there.
func notBehind(url string) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		at := harness.NewDeadTarget(t)
		at.URL, at.OtherURL = url, at.URL
		return at
	}
}

// useProxy has the environment name the proxy, with a password, and the key.
func useProxy(t *testing.T, at *harness.Target) {
	t.Helper()
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	for _, variable := range []string{"HTTPS_PROXY", "HTTP_PROXY"} {
		t.Setenv(variable, "http://user:hunter2@"+at.OtherURL[len("http://"):])
	}
}

// tunnelled is a server over TLS behind a proxy that connects to it, whatever it is
// asked for.
func tunnelled(t *testing.T) *harness.Target {
	t.Helper()
	at := secure(certified{known: true, name: "tofupilot.test"})(t)
	server := at.URL[len("https://"):]
	proxy := harness.NewConnTarget(func(conn net.Conn, _ int) {
		request, reader := readRequest(conn)
		if request == nil || request.Method != http.MethodConnect || request.Header.Get("Proxy-Authorization") == "" || request.Header.Get("Authorization") != "" {
			t.Errorf("the proxy was asked %v", request)
			return
		}
		through, err := new(net.Dialer).DialContext(t.Context(), "tcp", server)
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 Connected\r\n\r\n")
		go func() {
			_, _ = io.Copy(through, reader)
			_ = through.Close()
		}()
		_, _ = io.Copy(conn, through)
	})(t)
	at.URL, at.OtherURL = "https://tofupilot.test", proxy.URL
	return at
}
