package rest

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

// A proxy that is configured is never bypassed. Where it wouldn't be used, its address
// doesn't matter.
func TestProxyAddresses(t *testing.T) {
	const https, plain = "https://tofupilot.example.com/api", "http://tofupilot.example.com/api"
	for name, c := range map[string]struct {
		variable, value string
		requests        string
		noProxy         string
		proxy           string // empty: none
		fails           bool
	}{
		"with a password":              {"HTTPS_PROXY", "http://user:pa%25ss@proxy:3128", https, "", "http://user:pa%25ss@proxy:3128", false},
		"without a scheme":             {"https_proxy", "proxy.example.com:3128", https, "", "http://proxy.example.com:3128", false},
		"an IP address":                {"HTTPS_PROXY", "10.0.0.1:3128", https, "", "http://10.0.0.1:3128", false},
		"SOCKS":                        {"HTTPS_PROXY", "socks5://proxy:1080", https, "", "socks5://proxy:1080", false},
		"of the other scheme":          {"HTTP_PROXY", "http://proxy%zz:3128", https, "", "", false},
		"a password with %":            {"HTTPS_PROXY", "http://user:pa%ss@proxy:3128", https, "", "", true},
		"a password with #":            {"HTTPS_PROXY", "http://user:1#ss@proxy:3128", https, "", "", true},
		"a password with /":            {"HTTPS_PROXY", "http://user:1/ss@proxy:3128", https, "", "", true},
		"a password with ?":            {"HTTPS_PROXY", "user:1?ss@proxy:3128", https, "", "", true},
		"a host with %":                {"HTTPS_PROXY", "http://proxy%zz:3128", https, "", "", true},
		"in lower case":                {"https_proxy", "http://proxy%zz:3128", https, "", "", true},
		"of http":                      {"HTTP_PROXY", "http://proxy%zz:3128", plain, "", "", true},
		"of http, in lower case":       {"http_proxy", "http://proxy%zz:3128", plain, "", "", true},
		"a line break at its end":      {"HTTPS_PROXY", "http://proxy:3128\r", https, "", "", true},
		"white space":                  {"HTTPS_PROXY", "http://proxy:3128 ", https, "", "", true},
		"quotes":                       {"HTTPS_PROXY", `"http://proxy:3128"`, https, "", "", true},
		"a port that is no number":     {"HTTPS_PROXY", "proxy:port", https, "", "", true},
		"a scheme alone":               {"HTTPS_PROXY", "http://", https, "", "", true},
		"a port alone":                 {"HTTPS_PROXY", ":3128", https, "", "", true},
		"bad, for loopback":            {"HTTPS_PROXY", "http://proxy%zz:3128", "https://127.0.0.1:8443/api", "", "", false},
		"bad, for localhost":           {"HTTP_PROXY", "http://proxy%zz:3128", "http://localhost:3000/api", "", "", false},
		"bad, for a host in NO_PROXY":  {"HTTPS_PROXY", "http://proxy%zz:3128", https, "a.test, .example.com", "", false},
		"bad, for a host that isn't":   {"HTTPS_PROXY", "http://proxy%zz:3128", https, "a.test .example.com", "", true},
		"bad, and a URL in NO_PROXY":   {"HTTPS_PROXY", "http://proxy%zz:3128", https, https, "", true},
		"bad, for a network":           {"HTTPS_PROXY", "http://proxy%zz:3128", "https://10.1.2.3/api", "10.0.0.0/8", "", false},
		"good, for a host in NO_PROXY": {"HTTPS_PROXY", "http://proxy:3128", https, "tofupilot.example.com", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"} {
				t.Setenv(variable, "")
			}
			t.Setenv(c.variable, c.value)
			t.Setenv("NO_PROXY", c.noProxy)
			request, err := newRequest(t, c.requests)
			if err != nil {
				t.Fatal(err)
			}
			proxy, err := proxyFromEnvironment()(request)
			switch {
			case c.fails:
				failed := new(proxyError)
				if !errors.As(err, &failed) || !failed.permanent || !strings.HasPrefix(err.Error(), "the value of "+c.variable+" isn't the address of a proxy;") {
					t.Errorf("proxy %v, error %v", proxy, err)
				}
			case err != nil || (proxy == nil) != (c.proxy == "") || proxy != nil && proxy.String() != c.proxy:
				t.Errorf("proxy %v, error %v; want %q", proxy, err, c.proxy)
			}
		})
	}
}

func newRequest(t *testing.T, address string) (*http.Request, error) {
	t.Helper()
	return http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
}
