package acceptance

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Summaries of errors, and advice in their details.
const (
	unreachable = "The server can't be reached"
	incomplete  = "No complete response came"
	againLater  = "Try again later. If the problem persists, check that this is the right server and that no proxy or firewall cuts connections off, and ask the server's administrator."
	tooSlow     = "The server takes too long"
	checkServer = "The address {url}/api comes from the provider's url. Check that this is the right server, and that this machine can reach it: DNS, a proxy, a firewall or a VPN may be in the way."
)

// transportFaults returns faults of connections and of HTTP itself.
func transportFaults() []fault {
	return []fault{
		{
			name: "nothing listens", target: harness.NewDeadTarget, provider: harness.Values{"max_retries": 1},
			wantError: harness.WantError("", unreachable, firstRequest+" (2 attempts) failed: dial tcp", harness.ConnectionRefused, "Nothing accepts connections there: check the address and its port, and that the server is running."),
			retries:   1, timeout: retryTimeout,
		},
		{
			name: "a connection that is closed instead of a response", target: serveHandler(fakeapi.HangUp()), provider: harness.Values{"max_retries": 0},
			wantError: harness.WantError("", incomplete, firstRequest+" failed: the connection was closed before a response came", againLater),
			requests:  1,
		},
		{
			name: "101 Switching Protocols, and nothing after it", target: harness.NewConnTarget(sendAndWait("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: h2c", "", "")),
			wantError: harness.WantError("", notTheAPI, firstRequest+" returned HTTP 101 Switching Protocols.", leadsToTofuPilot),
			requests:  1,
		},
		{
			name: "a server that never responds", target: harness.NewConnTarget(waitForClose), provider: harness.Values{"max_retries": 1, "request_timeout": "100ms"},
			wantError: harness.WantError("", tooSlow, firstRequest+" (2 attempts) failed", "no complete response within 100ms", "raise the provider's request_timeout, or lower page_size"),
			requests:  2, retries: 1, timeout: retryTimeout,
		},
		{
			name: "an encoding that wasn't requested", target: serveHandler(fakeapi.Status(http.StatusOK, "\x1b\x0b\x00\xf8", "Content-Encoding", "br", "Content-Type", "application/json")),
			wantError: harness.WantError("", notTheAPI, firstRequest+" returned HTTP 200 OK (application/json): the response's encoding is br, which the provider didn't ask for.", leadsToTofuPilot),
			requests:  1,
		},
	}
}

// init unsets the developer's proxy, which the provider would use for tests that set no proxy.
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

// proxyFaults returns faults of a proxy. In the wanted errors, {other} is the proxy's address.
func proxyFaults() []fault {
	oneRetry := harness.Values{"max_retries": 1}
	proxyWithStatus := func(status string) targetFunc {
		return behindProxy("https://tofupilot.test", harness.NewConnTarget(sendRaw("HTTP/1.1 "+status, "Content-Length: 8", "", "Not now.")))
	}
	return []fault{
		{
			name: "a proxy that responds with 403", target: proxyWithStatus("403 Forbidden"), environment: useProxy,
			wantError: harness.WantError("", noProxy, firstRequest+" failed: the proxy {other} refused to connect to the server, with HTTP 403 Forbidden.\n\n", checkProxy),
			requests:  1,
		},
		{
			name: "a proxy that responds with 502", target: proxyWithStatus("502 Bad Gateway"), environment: useProxy, provider: oneRetry,
			wantError: harness.WantError("", noProxy, firstRequest+" (2 attempts) failed: the proxy {other} refused to connect to the server, with HTTP 502 Bad Gateway.\n\n", checkProxy),
			requests:  2, retries: 1, timeout: retryTimeout,
		},
		{
			name: "a proxy where nothing listens", target: behindProxy("https://tofupilot.test", harness.NewDeadTarget), environment: useProxy, provider: oneRetry,
			wantError: harness.WantError("", noProxy, firstRequest+" (2 attempts) failed: proxyconnect tcp: dial tcp", harness.ConnectionRefused, checkProxy),
			retries:   1, timeout: retryTimeout,
		},
		{
			name: "a proxy's password that isn't encoded", target: behindProxy("https://tofupilot.test", harness.NewDeadTarget),
			environment: func(t *testing.T, _ *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				t.Setenv("HTTPS_PROXY", "http://user:"+password+"%ss@proxy.invalid:3128") // %ss is invalid in a URL
			},
			wantError: harness.WantError("", noProxy, firstRequest+" failed: the value of HTTPS_PROXY isn't the address of a proxy; look for a line break at its end, and for characters of a password that need percent-encoding.", checkProxy),
		},
		{
			name: "a proxy that requires a password, over plain HTTP", provider: harness.Values{"allow_http": true}, environment: useProxy,
			target:    behindProxy("http://tofupilot.test", harness.NewConnTarget(sendRaw("HTTP/1.1 407 Proxy Authentication Required", "Content-Length: 0", "", ""))),
			wantError: harness.WantError("", noProxy, firstRequest+" returned HTTP 407 Proxy Authentication Required.", checkProxy), requests: 1,
		},
	}
}

// behindProxy returns a targetFunc that starts a proxy, but no server. The target's URL is serverURL,
// and its OtherURL is the proxy's.
func behindProxy(serverURL string, startProxy targetFunc) targetFunc {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		proxy := startProxy(t)
		return &harness.Target{URL: serverURL, OtherURL: proxy.URL, Requests: proxy.Requests}
	}
}

// useProxy sets the environment variables for the target's proxy, with a user and a password, and the
// one for the API key.
func useProxy(t *testing.T, target *harness.Target) {
	t.Helper()
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	for _, variable := range []string{"HTTPS_PROXY", "HTTP_PROXY"} {
		t.Setenv(variable, "http://user:"+password+"@"+strings.TrimPrefix(target.OtherURL, "http://"))
	}
}
