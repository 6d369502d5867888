package tofupilot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"sync/atomic"

	"golang.org/x/net/http/httpproxy"
)

// newTransport is net/http's own, with more idle connections for the one server,
// added roots, and refusals of a proxy that tell whose they are.
func newTransport(rootCAs *x509.CertPool) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http documents the type.
	transport.MaxIdleConnsPerHost = maxInFlight
	transport.TLSClientConfig = &tls.Config{RootCAs: rootCAs, MinVersion: tls.VersionTLS12}
	transport.Proxy = proxyFromEnvironment()
	transport.OnProxyConnectResponse = checkTunnel
	return transport
}

// proxyFromEnvironment finds the proxy as net/http does, but refuses what can't be
// the address of one. Its error doesn't repeat the address, which may hold a password.
func proxyFromEnvironment() func(*http.Request) (*url.URL, error) {
	proxyFor := httpproxy.FromEnvironment().ProxyFunc()
	return func(request *http.Request) (*url.URL, error) {
		proxy, err := proxyFor(request.URL)
		// What doesn't parse is tried with http:// in front, which makes http: the host.
		if proxy != nil && (proxy.Host == "" || strings.HasSuffix(proxy.Host, ":")) {
			return nil, errProxyAddress
		}
		return proxy, err
	}
}

// checkTunnel is told how a proxy answers to CONNECT. Of an answer that isn't 200,
// net/http's own error has nothing but the words of its status.
func checkTunnel(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	address := url.URL{Scheme: proxy.Scheme, Host: proxy.Host} // without user and password
	return &ProxyError{Proxy: address.String(), Status: answer.StatusCode}
}

// maxInterim is how many answers of status 1xx may come before the final one.
const maxInterim = 10

var errInterim = errors.New("the server announces its answer in a way that HTTP doesn't know")

// refusingInterim ends requests of the context whose answer is announced by a
// status that HTTP doesn't know, or again and again. The status is then refused.
func refusingInterim(ctx context.Context) (_ context.Context, refused *atomic.Int64) {
	count, refused := 0, new(atomic.Int64)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		Got1xxResponse: func(status int, _ textproto.MIMEHeader) error {
			count++
			known := status == http.StatusContinue || status == http.StatusProcessing || status == http.StatusEarlyHints
			if known && count <= maxInterim {
				return nil
			}
			refused.Store(int64(status))
			return errInterim // over HTTP/2, net/http puts it where errors.Is doesn't find it
		},
	}), refused
}
