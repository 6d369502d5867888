package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// NewTransport returns a copy of http.DefaultTransport that trusts the given roots, or the
// system's if they are nil. It keeps more idle connections to its one server, checks HTTP/2
// connections, and returns typed errors for proxies.
func NewTransport(rootCAs *x509.CertPool) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http documents the type.
	transport.MaxIdleConnsPerHost = maxInFlight
	transport.TLSClientConfig = &tls.Config{RootCAs: rootCAs, MinVersion: tls.VersionTLS12}
	transport.Proxy = proxyFromEnvironment()
	// All requests share one HTTP/2 connection. If a firewall forgets it, these checks
	// close it within ten seconds; otherwise each attempt would take its whole timeout.
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 5 * time.Second}
	transport.OnProxyConnectResponse = checkTunnel
	return transport
}

// presentCertificate records that a server requested a certificate, and returns the configured
// one. An empty one presents none. tls.Config.Certificates isn't used, because Go would then
// present none to a server that doesn't list the certificate's issuer.
func (c *Client) presentCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	c.certificateRequested.Store(true)
	if c.certificate == nil {
		return new(tls.Certificate), nil
	}
	return c.certificate, nil
}

// proxyFromEnvironment finds the proxy as net/http does. net/http ignores an address that it
// can't parse, and would connect directly: that is an error here, wherever the proxy would
// be used. The error doesn't repeat the address, which may contain a password.
func proxyFromEnvironment() func(*http.Request) (*url.URL, error) {
	config := httpproxy.FromEnvironment()
	invalid := map[string]error{} // by the scheme of the requests
	config.HTTPProxy, invalid["http"] = checkProxy("http", config.HTTPProxy)
	config.HTTPSProxy, invalid["https"] = checkProxy("https", config.HTTPSProxy)
	proxyFor := config.ProxyFunc()
	return func(request *http.Request) (*url.URL, error) {
		proxy, err := proxyFor(request.URL)
		if proxy != nil && invalid[request.URL.Scheme] != nil {
			return nil, invalid[request.URL.Scheme]
		}
		return proxy, err
	}
}

// checkProxy returns the address of a proxy. For one that net/http would ignore, it returns an
// error and a placeholder, with which ProxyFunc still decides which requests need the proxy.
func checkProxy(scheme, address string) (string, error) {
	if address == "" || isProxyAddress(address) {
		return address, nil
	}
	return "http://proxy.invalid", &proxyError{fmt.Errorf("the value of %s isn't the address of a proxy; look for a line break at its end, "+
		"and for characters of a password that need percent-encoding", proxyVariable(scheme)), true}
}

// isProxyAddress reports whether net/http finds a host in the address of a proxy, with or
// without a scheme. If a password has a / that isn't percent-encoded, the host ends there, and
// the @ is in the path.
func isProxyAddress(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme == "" || parsed.Host == "" {
		parsed, err = url.Parse("http://" + address) // as net/http does
	}
	return err == nil && parsed.Hostname() != "" && !strings.HasSuffix(parsed.Host, ":") &&
		!strings.Contains(parsed.Path+parsed.RawQuery+parsed.Fragment, "@")
}

// proxyVariable returns the name of the environment variable that configures the proxy.
func proxyVariable(scheme string) string {
	if name := strings.ToUpper(scheme) + "_PROXY"; os.Getenv(name) != "" {
		return name
	}
	return scheme + "_proxy"
}

// checkTunnel returns an error if a proxy responds to CONNECT with another status than 200.
// net/http's own error doesn't name the proxy.
func checkTunnel(_ context.Context, proxy *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	address := url.URL{Scheme: proxy.Scheme, Host: proxy.Host} // without user and password
	return &proxyError{
		fmt.Errorf("the proxy %s refused to connect to the server, with %s", &address, statusLine(response.StatusCode)),
		response.StatusCode < 500,
	}
}

// proxyError reports that a proxy doesn't connect to the server.
type proxyError struct {
	err       error
	permanent bool
}

func (e *proxyError) Error() string { return e.err.Error() }

// checkRedirect follows redirects to the same server and to a path that still ends in the
// requested one. Any other may lead to a login page, or to a server that mustn't get the key.
func (c *Client) checkRedirect(next *http.Request, via []*http.Request) error {
	requested := strings.TrimPrefix(via[0].URL.EscapedPath(), c.base.EscapedPath())
	base, isAPI := strings.CutSuffix(strings.TrimSuffix(next.URL.EscapedPath(), "/"), requested)
	switch {
	case !isAPI:
		return &redirectError{to: next.URL}
	case !SameServer(next.URL, via[0].URL):
		return &redirectError{to: next.URL, base: (&url.URL{Scheme: next.URL.Scheme, Host: next.URL.Host}).JoinPath(base)}
	case !hasQuery(next.URL, via[0].URL.Query()):
		return &redirectError{reason: "the server redirects without the query of the request"}
	case len(via) == 10:
		return &redirectError{reason: "the server redirected 10 times"}
	}
	return nil
}

// hasQuery reports whether an address has all parameters of a query. Without them, the server
// would return another list.
func hasQuery(address *url.URL, query url.Values) bool {
	has := address.Query()
	for name, values := range query {
		if !slices.Equal(has[name], values) {
			return false
		}
	}
	return true
}

// redirectError reports a redirect that isn't followed.
type redirectError struct {
	to     *url.URL // nil if reason is set
	base   *url.URL // of the API there; nil if the path isn't the requested one
	reason string   // why it isn't followed although it leads to the API
}

// Error names the target without its query, which may be long and contain secrets.
func (e *redirectError) Error() string {
	if e.reason != "" {
		return e.reason
	}
	return "the server redirects to another address: " + withoutQuery(e.to).String()
}

// withoutQuery returns the scheme, host and path of an address.
func withoutQuery(address *url.URL) *url.URL {
	return &url.URL{Scheme: address.Scheme, Host: address.Host, Path: address.Path, RawPath: address.RawPath}
}
