package rest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestProxyAddresses checks that a configured proxy with an invalid address is an error, unless it
// isn't used for the request.
func TestProxyAddresses(t *testing.T) {
	const https, plain = "https://tofupilot.example.com/api", "http://tofupilot.example.com/api"
	for name, c := range map[string]struct {
		variable, value string
		url             string
		noProxy         string
		proxy           string // empty: none
		fails           bool
	}{
		"with a password":                    {"HTTPS_PROXY", "http://user:pa%25ss@proxy:3128", https, "", "http://user:pa%25ss@proxy:3128", false},
		"without a scheme":                   {"https_proxy", "proxy.example.com:3128", https, "", "http://proxy.example.com:3128", false},
		"an IP address":                      {"HTTPS_PROXY", "10.0.0.1:3128", https, "", "http://10.0.0.1:3128", false},
		"SOCKS":                              {"HTTPS_PROXY", "socks5://proxy:1080", https, "", "socks5://proxy:1080", false},
		"invalid, for the other scheme":      {"HTTP_PROXY", "http://proxy%zz:3128", https, "", "", false},
		"a password with %":                  {"HTTPS_PROXY", "http://user:pa%ss@proxy:3128", https, "", "", true},
		"a password with #":                  {"HTTPS_PROXY", "http://user:1#ss@proxy:3128", https, "", "", true},
		"a password with /":                  {"HTTPS_PROXY", "http://user:1/ss@proxy:3128", https, "", "", true},
		"a password with ?":                  {"HTTPS_PROXY", "user:1?ss@proxy:3128", https, "", "", true},
		"a host with %":                      {"HTTPS_PROXY", "http://proxy%zz:3128", https, "", "", true},
		"invalid, in lower case":             {"https_proxy", "http://proxy%zz:3128", https, "", "", true},
		"invalid, for http":                  {"HTTP_PROXY", "http://proxy%zz:3128", plain, "", "", true},
		"invalid, for http, in lower case":   {"http_proxy", "http://proxy%zz:3128", plain, "", "", true},
		"a line break at its end":            {"HTTPS_PROXY", "http://proxy:3128\r", https, "", "", true},
		"white space":                        {"HTTPS_PROXY", "http://proxy:3128 ", https, "", "", true},
		"quotes":                             {"HTTPS_PROXY", `"http://proxy:3128"`, https, "", "", true},
		"a port that isn't a number":         {"HTTPS_PROXY", "proxy:port", https, "", "", true},
		"a scheme alone":                     {"HTTPS_PROXY", "http://", https, "", "", true},
		"a port alone":                       {"HTTPS_PROXY", ":3128", https, "", "", true},
		"invalid, for loopback":              {"HTTPS_PROXY", "http://proxy%zz:3128", "https://127.0.0.1:8443/api", "", "", false},
		"invalid, for localhost":             {"HTTP_PROXY", "http://proxy%zz:3128", "http://localhost:3000/api", "", "", false},
		"invalid, for a host in NO_PROXY":    {"HTTPS_PROXY", "http://proxy%zz:3128", https, "a.test, .example.com", "", false},
		"invalid, and a space in NO_PROXY":   {"HTTPS_PROXY", "http://proxy%zz:3128", https, "a.test .example.com", "", true},
		"invalid, and a URL in NO_PROXY":     {"HTTPS_PROXY", "http://proxy%zz:3128", https, https, "", true},
		"invalid, for a network in NO_PROXY": {"HTTPS_PROXY", "http://proxy%zz:3128", "https://10.1.2.3/api", "10.0.0.0/8", "", false},
		"valid, for a host in NO_PROXY":      {"HTTPS_PROXY", "http://proxy:3128", https, "tofupilot.example.com", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"} {
				t.Setenv(variable, "")
			}
			t.Setenv(c.variable, c.value)
			t.Setenv("NO_PROXY", c.noProxy)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
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

// TestTLSProxyGetsTheCertificate checks that a proxy with an https URL receives the client
// certificate if it requests one, but neither key nor headers, which go through its tunnel.
func TestTLSProxyGetsTheCertificate(t *testing.T) {
	t.Parallel()
	certificate, accepted := newCertificate(t, "client")
	server := newCertificateServer(t, nil, false, func(config *tls.Config) {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, accepted
	})
	requests := make(chan *http.Request, 2)
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		through, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		connection, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // net/http/httptest serves with net/http.
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(connection, "HTTP/1.1 200 Connected\r\n\r\n") // it may fail, if the client has closed the connection
		go func() {
			_, _ = io.Copy(through, connection)
			_ = through.Close()
		}()
		_, _ = io.Copy(connection, through)
		_ = connection.Close()
	}))
	own, _ := newCertificate(t, "proxy")
	proxy.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	server.trusted.AddCert(own.Leaf)
	transport := NewTransport(server.trusted)
	transport.Proxy = http.ProxyURL(parseURL(t, proxy.URL))
	t.Cleanup(transport.CloseIdleConnections)
	client := newClient(t, server.address, func(config *Config) {
		config.Transport, config.Certificate, config.Headers = transport, &certificate, map[string]string{"X-Token": "secret-value"}
	})
	for range 2 {
		if rows, err := getRows(t.Context(), client); err != nil || rows != 1 {
			t.Fatalf("%d rows, %v", rows, err)
		}
	}
	if len(requests) != 1 {
		t.Fatalf("the proxy received %d requests", len(requests))
	}
	connect := <-requests
	if connect.Method != http.MethodConnect || connect.Header.Get("Authorization") != "" || connect.Header.Get("X-Token") != "" {
		t.Errorf("the proxy received %s with %v", connect.Method, connect.Header)
	}
	if got := connect.TLS.PeerCertificates[0].Subject.CommonName; got != "client" {
		t.Errorf("the proxy received the certificate of %q", got)
	}
}

// TestUsesTLSProxy checks which proxies use TLS. Such a proxy may request a client certificate, so
// that a failure behind it doesn't show that the server requires one.
func TestUsesTLSProxy(t *testing.T) {
	t.Parallel()
	for proxy, want := range map[string]bool{"https://proxy.example.com": true, "http://proxy.example.com": false, "socks5://proxy.example.com": false} {
		transport := NewTransport(nil)
		transport.Proxy = http.ProxyURL(parseURL(t, proxy))
		client := newClient(t, "https://tofupilot.example.com")
		client.http.Transport = transport
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://tofupilot.example.com/", nil)
		if got := client.usesTLSProxy(request); got != want {
			t.Errorf("%s: got %t, want %t", proxy, got, want)
		}
	}
}
