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
	incomplete  = "No complete response came"
	againLater  = "Try again later. If the problem persists, check that this is the right server and that no proxy or firewall cuts connections off, and ask the server's administrator."
	tooSlow     = "The server takes too long"
	checkServer = "The address {url}/api comes from the provider's url. Check that this is the right server, and that this machine can reach it: DNS, a proxy, a firewall or a VPN may be in the way."
)

// transportFaults has faults of connections and of HTTP itself.
func transportFaults() []fault {
	noRetry := harness.Values{"max_retries": 0}
	return []fault{
		{
			name: "nothing listens", target: harness.NewDeadTarget, provider: harness.Values{"max_retries": 1},
			wantError: harness.WantError("", unreachable, firstRequest+" (2 attempts) failed: dial tcp", harness.ConnectionRefused, "Nothing accepts connections there: check the address and its port, and that the server is running."),
			retries:   1, timeout: retryTimeout,
		},
		{
			name: "a connection that is closed instead of a response", target: serveFault(fakeapi.HangUp().ServeHTTP), provider: noRetry,
			wantError: harness.WantError("", incomplete, firstRequest+" failed: the connection was closed before a response came", againLater),
			requests:  1,
		},
		{
			name: "101 and nothing after it", target: harness.NewConnTarget(sendAndWait("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: h2c", "", "")),
			wantError: harness.WantError("", notTheAPI, firstRequest+" returned HTTP 101 Switching Protocols.", leadsToTofuPilot),
			requests:  1,
		},
		{
			name: "a server that never responds", target: harness.NewConnTarget(waitForClose), provider: harness.Values{"max_retries": 1, "request_timeout": "100ms"},
			wantError: harness.WantError("", tooSlow, firstRequest+" (2 attempts) failed", "no complete response within 100ms", "raise the provider's request_timeout, or lower page_size"),
			requests:  2, retries: 1, timeout: retryTimeout,
		},
		{
			name: "an encoding that wasn't requested", target: serveFault(respond(http.StatusOK, "\x1b\x0b\x00\xf8", "Content-Encoding", "br", "Content-Type", "application/json")),
			wantError: harness.WantError("", notTheAPI, firstRequest+" returned HTTP 200 OK (application/json): the response's encoding is br, which the provider didn't ask for.", leadsToTofuPilot),
			requests:  1,
		},
	}
}

// init unsets the developer's proxy. net/http reads these variables at the first request.
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

// proxyFaults has faults of a proxy, whose address is {other}.
func proxyFaults() []fault {
	oneRetry := harness.Values{"max_retries": 1}
	rejection := func(status string) fault {
		return fault{
			name: "a proxy that responds with " + status, target: serveBehindProxy("https://tofupilot.test", sendRaw("HTTP/1.1 "+status, "Content-Length: 8", "", "Not now.")),
			environment: useProxy,
			wantError:   harness.WantError("", noProxy, firstRequest+" failed: the proxy {other} refused to connect to the server, with HTTP "+status+".\n\n", checkProxy),
			requests:    1,
		}
	}
	badAddress := func(what, proxy string) fault {
		return fault{
			name: "a proxy's address with " + what, target: serveBehindDeadProxy("https://tofupilot.test"),
			environment: func(t *testing.T, _ *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				t.Setenv("HTTPS_PROXY", proxy)
			},
			wantError: harness.WantError("", noProxy, firstRequest+" failed: the value of HTTPS_PROXY isn't the address of a proxy; look for a line break at its end, and for characters of a password that need percent-encoding.", checkProxy),
		}
	}
	retried := func(f fault) fault {
		f.provider, f.requests, f.retries, f.timeout = oneRetry, 2, 1, retryTimeout
		f.wantError.Words[0] = firstRequest + " (2 attempts)" + f.wantError.Words[0][len(firstRequest):]
		return f
	}
	return []fault{
		rejection("403 Forbidden"),
		retried(rejection("502 Bad Gateway")),
		{
			name: "a proxy where nothing listens", target: serveBehindDeadProxy("https://tofupilot.test"), environment: useProxy, provider: oneRetry,
			wantError: harness.WantError("", noProxy, firstRequest+" (2 attempts) failed: proxyconnect tcp: dial tcp", harness.ConnectionRefused, checkProxy),
			retries:   1, timeout: retryTimeout,
		},
		badAddress("a space", "http://user:hunter2 @proxy.invalid:3128"),
		badAddress("no scheme", "user:hunter2@proxy.invalid:port"),
		badAddress("a password that isn't encoded", "http://user:hunter2%ss@proxy.invalid:3128"),
		{
			name: "a proxy that requires a password, over plain HTTP", provider: harness.Values{"allow_http": true}, environment: useProxy,
			target:    serveBehindProxy("http://tofupilot.test", sendRaw("HTTP/1.1 407 Proxy Authentication Required", "Content-Length: 0", "", "")),
			wantError: harness.WantError("", noProxy, firstRequest+" returned HTTP 407 Proxy Authentication Required.", checkProxy), requests: 1,
		},
		{
			name: "a proxy that connects", target: serveThroughProxy, environment: useProxy,
			wantIDs: fewIDs, requests: 1,
		},
	}
}

// serveBehindProxy returns a target with this URL behind a proxy, whose connections the
// function serves.
func serveBehindProxy(url string, proxy func(conn net.Conn, number int)) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		target := harness.NewConnTarget(proxy)(t)
		target.URL, target.OtherURL = url, target.URL
		return target
	}
}

// serveBehindDeadProxy returns a target with this URL, and the address of a proxy at which
// nothing listens.
func serveBehindDeadProxy(url string) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		target := harness.NewDeadTarget(t)
		target.URL, target.OtherURL = url, target.URL
		return target
	}
}

// useProxy sets the proxy, with a password, and the key in the environment.
func useProxy(t *testing.T, target *harness.Target) {
	t.Helper()
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	for _, variable := range []string{"HTTPS_PROXY", "HTTP_PROXY"} {
		t.Setenv(variable, "http://user:hunter2@"+target.OtherURL[len("http://"):])
	}
}

// serveThroughProxy starts a TLS server and a proxy that connects every tunnel to it.
func serveThroughProxy(t *testing.T) *harness.Target {
	t.Helper()
	target := serveTLS(certificateOptions{trusted: true, name: "tofupilot.test"})(t)
	server := target.URL[len("https://"):]
	proxy := harness.NewConnTarget(func(conn net.Conn, _ int) {
		request, reader := readRequest(conn)
		if request == nil || request.Method != http.MethodConnect || request.Header.Get("Proxy-Authorization") == "" || request.Header.Get("Authorization") != "" {
			t.Errorf("the proxy received %v", request)
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
	target.URL, target.OtherURL = "https://tofupilot.test", proxy.URL
	return target
}
