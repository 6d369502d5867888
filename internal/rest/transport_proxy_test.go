package rest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const (
	httpsURL = "https://tofupilot.example.com/api"
	httpURL  = "http://tofupilot.example.com/api"
)

// proxyCase is a request, and the environment variables that decide whether it uses a proxy.
type proxyCase struct {
	variable, value string // the variable for the proxy's address, such as HTTPS_PROXY, and its value
	url             string // of the request
	noProxy         string // NO_PROXY
}

// findProxy returns the proxy for the request if only the variables of the case are set. It clears
// REQUEST_METHOD, which CGI sets, because HTTP_PROXY is refused then.
func (c proxyCase) findProxy(t *testing.T) (*url.URL, error) {
	t.Helper()
	for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "no_proxy", "REQUEST_METHOD"} {
		t.Setenv(variable, "")
	}
	t.Setenv(c.variable, c.value)
	t.Setenv("NO_PROXY", c.noProxy)
	return proxyFromEnvironment()(httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil))
}

func TestProxyAddresses(t *testing.T) { //nolint:paralleltest // findProxy sets the environment.
	for name, c := range map[string]struct{ variable, value, want string }{
		"with a password":  {"HTTPS_PROXY", "http://user:pa%25ss@proxy:3128", "http://user:pa%25ss@proxy:3128"},
		"without a scheme": {"https_proxy", "proxy.example.com:3128", "http://proxy.example.com:3128"},
		"an IP address":    {"HTTPS_PROXY", "10.0.0.1:3128", "http://10.0.0.1:3128"},
		"SOCKS":            {"HTTPS_PROXY", "socks5://proxy:1080", "socks5://proxy:1080"},
	} {
		proxy, err := proxyCase{variable: c.variable, value: c.value, url: httpsURL}.findProxy(t)
		if err != nil || proxy == nil || proxy.String() != c.want {
			t.Errorf("%s: got %v, %v, want %s", name, proxy, err, c.want)
		}
	}
}

// TestInvalidProxyAddresses checks that a request fails if it needs a proxy whose address is invalid.
func TestInvalidProxyAddresses(t *testing.T) { //nolint:paralleltest // findProxy sets the environment.
	for name, c := range map[string]proxyCase{
		"a password with %":          {variable: "HTTPS_PROXY", value: "http://user:pa%ss@proxy:3128", url: httpsURL},
		"a password with #":          {variable: "HTTPS_PROXY", value: "http://user:1#ss@proxy:3128", url: httpsURL},
		"a password with /":          {variable: "HTTPS_PROXY", value: "http://user:1/ss@proxy:3128", url: httpsURL},
		"a password with ?":          {variable: "HTTPS_PROXY", value: "user:1?ss@proxy:3128", url: httpsURL},
		"a host with %":              {variable: "HTTPS_PROXY", value: "http://proxy%zz:3128", url: httpsURL},
		"https_proxy":                {variable: "https_proxy", value: "http://proxy%zz:3128", url: httpsURL},
		"HTTP_PROXY":                 {variable: "HTTP_PROXY", value: "http://proxy%zz:3128", url: httpURL},
		"http_proxy":                 {variable: "http_proxy", value: "http://proxy%zz:3128", url: httpURL},
		"a line break at the end":    {variable: "HTTPS_PROXY", value: "http://proxy:3128\r", url: httpsURL},
		"white space":                {variable: "HTTPS_PROXY", value: "http://proxy:3128 ", url: httpsURL},
		"quotes":                     {variable: "HTTPS_PROXY", value: `"http://proxy:3128"`, url: httpsURL},
		"a port that isn't a number": {variable: "HTTPS_PROXY", value: "proxy:port", url: httpsURL},
		"a scheme alone":             {variable: "HTTPS_PROXY", value: "http://", url: httpsURL},
		"a port alone":               {variable: "HTTPS_PROXY", value: ":3128", url: httpsURL},
		// NO_PROXY must list host names and networks, separated by commas. These two values match no host.
		"spaces in NO_PROXY": {variable: "HTTPS_PROXY", value: "http://proxy%zz:3128", url: httpsURL, noProxy: "a.test .example.com"},
		"a URL in NO_PROXY":  {variable: "HTTPS_PROXY", value: "http://proxy%zz:3128", url: httpsURL, noProxy: httpsURL},
	} {
		proxy, err := c.findProxy(t)
		failed := new(proxyError)
		if !errors.As(err, &failed) || !failed.permanent || !strings.HasPrefix(err.Error(), "the value of "+c.variable+" isn't the address of a proxy;") {
			t.Errorf("%s: got proxy %v, error %v", name, proxy, err)
		}
	}
}

// TestUnusedProxies checks which requests use no proxy although one is configured. They don't fail even if
// the proxy's address is invalid.
func TestUnusedProxies(t *testing.T) { //nolint:paralleltest // findProxy sets the environment.
	for name, c := range map[string]proxyCase{
		"for the other scheme":           {variable: "HTTP_PROXY", value: "http://proxy%zz:3128", url: httpsURL},
		"for loopback":                   {variable: "HTTPS_PROXY", value: "http://proxy%zz:3128", url: "https://127.0.0.1:8443/api"},
		"for localhost":                  {variable: "HTTP_PROXY", value: "http://proxy%zz:3128", url: "http://localhost:3000/api"},
		"for a domain in NO_PROXY":       {variable: "HTTPS_PROXY", value: "http://proxy%zz:3128", url: httpsURL, noProxy: "a.test, .example.com"},
		"for a network in NO_PROXY":      {variable: "HTTPS_PROXY", value: "http://proxy%zz:3128", url: "https://10.1.2.3/api", noProxy: "10.0.0.0/8"},
		"valid, with a host in NO_PROXY": {variable: "HTTPS_PROXY", value: "http://proxy:3128", url: httpsURL, noProxy: "tofupilot.example.com"},
	} {
		proxy, err := c.findProxy(t)
		if err != nil || proxy != nil {
			t.Errorf("%s: got %v, %v, want no proxy", name, proxy, err)
		}
	}
}

// TestTLSProxyGetsTheCertificate checks that a proxy with an https URL receives the client certificate
// if it requests one, but not the API key or the configured headers: those are sent only through the
// tunnel, to the server.
func TestTLSProxyGetsTheCertificate(t *testing.T) {
	t.Parallel()
	certificate, accepted := newCertificate(t, "client")
	server := newCertificateServer(t, respondOK(onePage), func(unstarted *httptest.Server) {
		unstarted.TLS.ClientAuth, unstarted.TLS.ClientCAs = tls.RequireAndVerifyClientCert, accepted
	})
	requests := make(chan *http.Request, 2)
	proxy := newCertificateServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		openTunnel(t, w, r)
	}), func(server *httptest.Server) { server.TLS.ClientAuth = tls.RequireAnyClientCert })
	client := server.newClient(t, &certificate)
	client.header.Set("X-Token", "secret-value")
	transport := client.http.Transport.(*http.Transport) //nolint:forcetypeassert // It is from NewTransport.
	transport.TLSClientConfig.RootCAs.AddCert(proxy.certificate)
	transport.Proxy = http.ProxyURL(parseURL(t, proxy.url))
	t.Cleanup(transport.CloseIdleConnections)
	for range 2 { // both requests use one tunnel
		if rows, err := getRows(t.Context(), client); err != nil || rows != 1 {
			t.Fatalf("%d rows, %v", rows, err)
		}
	}
	if len(requests) != 1 {
		t.Fatalf("the proxy received %d requests, want 1", len(requests))
	}
	connect := <-requests
	if connect.Method != http.MethodConnect || connect.Header.Get("Authorization") != "" || connect.Header.Get("X-Token") != "" {
		t.Errorf("the proxy received %s with %v", connect.Method, connect.Header)
	}
	if want := []string{"client"}; !slices.Equal(proxy.presented, want) {
		t.Errorf("the proxy received the certificates %q, want %q", proxy.presented, want)
	}
}

// openTunnel responds to CONNECT and relays the connection to the server.
func openTunnel(t *testing.T, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	server, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		t.Error(err)
		return
	}
	client, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // net/http/httptest serves with net/http.
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connected\r\n\r\n") // it may fail, if the client has closed the connection
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
}

// TestCertificateRequestedByProxy checks that a failure isn't attributed to the client certificate if the
// proxy uses TLS, because it may have been the proxy, and not the server, that requested it.
func TestCertificateRequestedByProxy(t *testing.T) {
	t.Parallel()
	for proxy, want := range map[string]bool{"https://proxy.example.com": false, "http://proxy.example.com": true, "socks5://proxy.example.com": true} {
		transport := NewTransport(nil)
		transport.Proxy = http.ProxyURL(parseURL(t, proxy))
		client := newClient(t, httpsURL, func(config *Config) { config.Transport = transport })
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, httpsURL, nil)
		client.certificateRequested.Store(true)
		if got := client.mayLackCertificate(request); got != want {
			t.Errorf("%s: got %t, want %t", proxy, got, want)
		}
	}
}
