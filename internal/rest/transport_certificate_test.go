package rest

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// newCertificate returns a self-signed certificate for clients and for a server at 127.0.0.1, and
// a pool with it.
func newCertificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	certificate, key := harness.NewCertificateFrom(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(pair.Leaf)
	return pair, pool
}

// certificateServer is a TLS server that counts handshakes and records client certificates.
type certificateServer struct {
	url         string
	certificate *x509.Certificate

	mu         sync.Mutex
	handshakes int
	presented  []string // subjects of client certificates
}

// newCertificateServer starts a server. Before the start, it calls configure, which may change the TLS
// configuration and enable HTTP/2.
func newCertificateServer(t *testing.T, handler http.Handler, configure func(*httptest.Server)) *certificateServer {
	t.Helper()
	certificate, _ := newCertificate(t, "server")
	server := &certificateServer{certificate: certificate.Leaf}
	unstarted := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.mu.Lock()
		for _, certificate := range r.TLS.PeerCertificates {
			server.presented = append(server.presented, certificate.Subject.CommonName)
		}
		server.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	unstarted.TLS = &tls.Config{
		Certificates: []tls.Certificate{certificate},
		MinVersion:   tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { // called for each handshake
			server.mu.Lock()
			defer server.mu.Unlock()
			server.handshakes++
			return nil, nil //nolint:nilnil // nil means the server's own configuration
		},
	}
	configure(unstarted)
	unstarted.Config.ErrorLog = log.New(io.Discard, "", 0) // drops errors of handshakes
	unstarted.StartTLS()
	t.Cleanup(unstarted.Close)
	server.url = unstarted.URL
	return server
}

// newClient returns a client that trusts the server. It has this client certificate, unless certificate
// is nil.
func (s *certificateServer) newClient(t *testing.T, certificate *tls.Certificate) *Client {
	t.Helper()
	trusted := x509.NewCertPool()
	trusted.AddCert(s.certificate)
	return newClient(t, s.url, func(config *Config) { config.Transport, config.Certificate = NewTransport(trusted), certificate })
}

// runProtocols runs a test for each version of TLS, with HTTP/1.1 and HTTP/2. The test must call configure
// with its server, before the start.
func runProtocols(t *testing.T, name string, test func(t *testing.T, configure func(*httptest.Server))) {
	t.Helper()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%s, HTTP2 %t", name, tls.VersionName(version), http2), func(t *testing.T) {
				t.Parallel()
				test(t, func(server *httptest.Server) {
					server.TLS.MinVersion, server.TLS.MaxVersion = version, version
					server.EnableHTTP2 = http2
				})
			})
		}
	}
}

// TestClientCertificates checks that the client presents its certificate if the server requests one,
// even if the certificate isn't from an authority that the server lists in its request.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	listed, listedCAs := newCertificate(t, "listed")
	unlisted, _ := newCertificate(t, "unlisted")
	api := fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...)
	for name, c := range map[string]struct {
		auth        tls.ClientAuthType
		certificate *tls.Certificate
		presented   string // subject of the certificate that the server receives
	}{
		"required and verified":     {tls.RequireAndVerifyClientCert, &listed, "listed"},
		"required, not verified":    {tls.RequireAnyClientCert, &unlisted, "unlisted"},
		"requested, not configured": {tls.RequestClientCert, nil, ""},
		"not requested":             {tls.NoClientCert, &listed, ""},
	} {
		runProtocols(t, name, func(t *testing.T, configure func(*httptest.Server)) {
			t.Helper()
			server := newCertificateServer(t, api, func(unstarted *httptest.Server) {
				configure(unstarted)
				unstarted.TLS.ClientAuth, unstarted.TLS.ClientCAs = c.auth, listedCAs
			})
			if rows, err := getRows(t.Context(), server.newClient(t, c.certificate)); err != nil || rows != 1 {
				t.Fatalf("%d rows, %v", rows, err)
			}
			if got := strings.Join(server.presented, ", "); got != c.presented {
				t.Errorf("the server received %q, want %q", got, c.presented)
			}
		})
	}
}

// TestFailedHandshakes checks that a failed handshake isn't retried, and that the error is about the
// client certificate only if the server requested one.
func TestFailedHandshakes(t *testing.T) {
	t.Parallel()
	_, acceptedCAs := newCertificate(t, "accepted")
	other, _ := newCertificate(t, "other")
	requireAccepted := func(config *tls.Config) {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, acceptedCAs
	}
	removePrivateKey := func(config *tls.Config) { config.Certificates[0].PrivateKey = nil }
	for name, c := range map[string]struct {
		configure   func(*tls.Config)
		certificate *tls.Certificate
		kind        Kind
	}{
		"no client certificate":        {requireAccepted, nil, CertificateRejected},
		"wrong client certificate":     {requireAccepted, &other, CertificateRejected},
		"server without a private key": {removePrivateKey, &other, TLSFailed},
	} {
		runProtocols(t, name, func(t *testing.T, configure func(*httptest.Server)) {
			t.Helper()
			server := newCertificateServer(t, http.NotFoundHandler(), func(unstarted *httptest.Server) {
				configure(unstarted)
				c.configure(unstarted.TLS)
			})
			failed := getError(t, server.newClient(t, c.certificate))
			if failed.Kind != c.kind {
				t.Errorf("got kind %d, want %d: %v", failed.Kind, c.kind, failed)
			}
			if failed.Attempts != 1 || server.handshakes != 1 {
				t.Errorf("got %d attempts and %d handshakes, want 1", failed.Attempts, server.handshakes)
			}
		})
	}
}

// TestCloseAfterHandshake checks the kind of the error if a server closes connections after the
// handshake, as servers may do in TLS 1.3 to reject a client without the right certificate. The error is
// about the client certificate only if the server requested one and no request has succeeded.
func TestCloseAfterHandshake(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		auth      tls.ClientAuthType
		successes int // number of requests that succeed before
		kind      Kind
		attempts  int
	}{
		"requested":                  {tls.RequestClientCert, 0, CertificateRejected, 1},
		"requested, after a success": {tls.RequestClientCert, 1, Interrupted, 3},
		"not requested":              {tls.NoClientCert, 0, Interrupted, 3},
	} {
		for _, reset := range []bool{false, true} {
			api := fakeapi.New()
			server := newCertificateServer(t, api, func(server *httptest.Server) { server.TLS.ClientAuth = c.auth })
			client := server.newClient(t, nil)
			for range c.successes {
				if _, err := getRows(t.Context(), client); err != nil {
					t.Fatal(err)
				}
			}
			api.Fail(closeConnection(t, reset))
			if failed := getError(t, client); failed.Kind != c.kind || failed.Attempts != c.attempts {
				t.Errorf("%s, reset %t: got kind %d after %d attempts, want %d after %d: %v", name, reset, failed.Kind, failed.Attempts, c.kind, c.attempts, failed)
			}
		}
	}
}

// closeConnection returns a handler that closes the TCP connection of a TLS server, with a reset or
// normally.
func closeConnection(t *testing.T, reset bool) http.Handler {
	t.Helper()
	return hijack(t, func(connection net.Conn) {
		tcp := connection.(*tls.Conn).NetConn().(*net.TCPConn) //nolint:forcetypeassert // The server uses TLS over TCP.
		if reset {
			_ = tcp.SetLinger(0) // makes Close send a reset
		}
		_ = tcp.Close()
	})
}

// TestCloseDuringHandshake checks that the error is about the client certificate if the server closes
// the connection when it has received that certificate. In TLS 1.3, the client's handshake is over by then.
func TestCloseDuringHandshake(t *testing.T) {
	t.Parallel()
	server := newCertificateServer(t, http.NotFoundHandler(), func(unstarted *httptest.Server) {
		unstarted.TLS.ClientAuth, unstarted.TLS.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
		config := unstarted.TLS.Clone()
		unstarted.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			config.VerifyConnection = func(tls.ConnectionState) error { return hello.Conn.Close() }
			return config, nil
		}
	})
	certificate, _ := newCertificate(t, "client")
	client := server.newClient(t, &certificate)
	if failed := getError(t, client); failed.Kind != CertificateRejected || failed.Attempts != 1 {
		t.Errorf("got kind %d after %d attempts, want %d after 1: %v", failed.Kind, failed.Attempts, CertificateRejected, failed)
	}
}
