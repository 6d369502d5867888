package rest

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
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
	address string
	trusted *x509.CertPool
	api     *fakeapi.Server

	mu         sync.Mutex
	handshakes int
	presented  []string // subjects
}

// newCertificateServer starts a server with the handler, or with the fake API if that is nil.
func newCertificateServer(t *testing.T, handler http.Handler, http2 bool, configure func(*tls.Config)) *certificateServer {
	t.Helper()
	server := &certificateServer{api: fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...)}
	var own tls.Certificate
	own, server.trusted = newCertificate(t, "server")
	if handler == nil {
		handler = server.api
	}
	listening := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.mu.Lock()
		for _, certificate := range r.TLS.PeerCertificates {
			server.presented = append(server.presented, certificate.Subject.CommonName)
		}
		server.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	config := &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	configure(config)
	// It is called for each handshake.
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		server.mu.Lock()
		defer server.mu.Unlock()
		server.handshakes++
		return nil, nil //nolint:nilnil // the same configuration
	}
	listening.TLS, listening.EnableHTTP2 = config, http2
	listening.Config.ErrorLog = log.New(io.Discard, "", 0) // drops errors of handshakes
	listening.StartTLS()
	t.Cleanup(listening.Close)
	server.address = listening.URL
	return server
}

func (s *certificateServer) client(t *testing.T, certificate *tls.Certificate) *Client {
	t.Helper()
	return newClient(t, s.address, func(config *Config) {
		config.Transport, config.Certificate = NewTransport(s.trusted), certificate
	})
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	accepted, acceptedCAs := newCertificate(t, "accepted")
	other, _ := newCertificate(t, "other")
	require := func(config *tls.Config) {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, acceptedCAs
	}
	// requireAny lists only the CA of the accepted certificate, and accepts any.
	requireAny := func(config *tls.Config) { config.ClientAuth, config.ClientCAs = tls.RequireAnyClientCert, acceptedCAs }
	request := func(config *tls.Config) { config.ClientAuth = tls.RequestClientCert }
	page := func(status int, text string) http.Handler {
		return fakeapi.Status(status, "<html><center>"+text+"</center></html>", "Content-Type", "text/html")
	}
	for name, c := range map[string]struct {
		configure   func(*tls.Config)
		handler     http.Handler // nil: the API
		certificate *tls.Certificate
		kind        Kind   // 0: the request succeeds
		presented   string // to the handler
	}{
		"required, an accepted certificate":     {require, nil, &accepted, 0, "accepted"},
		"required, no certificate":              {require, nil, nil, CertificateRefused, ""},
		"required, another certificate":         {require, nil, &other, CertificateRefused, ""},
		"required, an issuer that isn't listed": {requireAny, nil, &other, 0, "other"},
		"requested, no certificate":             {request, nil, nil, 0, ""},
		"not requested":                         {func(*tls.Config) {}, nil, &accepted, 0, ""},
		"nginx, no certificate":                 {request, page(400, "No required SSL certificate was sent"), nil, CertificateRefused, ""},
		"nginx, another certificate":            {request, page(400, "The SSL certificate error"), &other, CertificateRefused, "other"},
		"nginx, another error":                  {request, page(400, "Request Header Or Cookie Too Large"), &other, NotTheAPI, "other"},
		"403 with HTML":                         {request, page(403, "Forbidden"), nil, CertificateRefused, ""},
		"401 with HTML":                         {request, page(401, "Log in"), nil, GatewayResponded, ""},
		"403 of the API":                        {request, fakeapi.Status(403, `{"message": "Forbidden"}`), nil, Forbidden, ""},
		"403 with HTML, not requested":          {func(*tls.Config) {}, page(403, "Forbidden"), nil, GatewayResponded, ""},
		"nginx's page, not requested":           {func(*tls.Config) {}, page(400, "The SSL certificate error"), nil, NotTheAPI, ""},
		"a failed handshake, not requested":     {func(config *tls.Config) { config.Certificates = nil; config.GetCertificate = noCertificate }, nil, &accepted, TLSFailed, ""},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for _, http2 := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s, HTTP2 %t", name, tls.VersionName(version), http2), func(t *testing.T) {
					t.Parallel()
					server := newCertificateServer(t, c.handler, http2, func(config *tls.Config) {
						config.MinVersion, config.MaxVersion = version, version
						c.configure(config)
					})
					client := server.client(t, c.certificate)
					if c.kind == 0 {
						if rows, err := getRows(t.Context(), client); err != nil || rows != 1 {
							t.Fatalf("%d rows, %v", rows, err)
						}
					} else if failed := getError(t, client); failed.Kind != c.kind || failed.Attempts != 1 || server.handshakes != 1 {
						t.Errorf("got kind %d, want %d, after %d attempts and %d handshakes: %v", failed.Kind, c.kind, failed.Attempts, server.handshakes, failed)
					}
					if got := strings.Join(server.presented, ", "); got != c.presented {
						t.Errorf("the server received %q, want %q", got, c.presented)
					}
				})
			}
		}
	}
}

func noCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return nil, errors.New("no certificate")
}

// TestUntrustedServerThatRequestsAClientCertificate checks that the error is about the server's
// certificate, not about the missing client certificate.
func TestUntrustedServerThatRequestsAClientCertificate(t *testing.T) {
	t.Parallel()
	server := newCertificateServer(t, nil, false, func(config *tls.Config) { config.ClientAuth = tls.RequireAnyClientCert })
	_, server.trusted = newCertificate(t, "another CA")
	if failed := getError(t, server.client(t, nil)); failed.Kind != TLSFailed {
		t.Errorf("kind %d: %v", failed.Kind, failed)
	}
}

// TestResetAfterHandshake resets connections after the handshake, as servers may do in TLS 1.3 to
// reject a client. It counts as such if they requested a certificate and no request has succeeded.
func TestResetAfterHandshake(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		requested bool
		accepts   int // number of requests before the server resets every connection
		kind      Kind
		attempts  int
	}{
		"requested":                    {true, 0, CertificateRefused, 1},
		"requested, after a success":   {true, 1, Interrupted, 3},
		"not requested":                {false, 0, Interrupted, 3},
		"not requested, after success": {false, 1, Interrupted, 3},
	} {
		for _, linger := range []int{0, 1} { // 0: a reset, 1: a normal close
			t.Run(fmt.Sprintf("%s, linger %d", name, linger), func(t *testing.T) {
				t.Parallel()
				var served atomic.Int64
				server := newCertificateServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if served.Add(1) <= int64(c.accepts) {
						w.Header().Set("Connection", "close")
						respondOK(onePage).ServeHTTP(w, r)
						return
					}
					connection, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // net/http/httptest serves with net/http.
					if err != nil {
						t.Error(err)
						return
					}
					tcp := connection.(*tls.Conn).NetConn() //nolint:forcetypeassert // it is TLS over TCP
					if linger == 0 {
						_ = tcp.(*net.TCPConn).SetLinger(0) //nolint:forcetypeassert // it is TLS over TCP
					}
					_ = tcp.Close()
				}), false, func(config *tls.Config) {
					if c.requested {
						config.ClientAuth = tls.RequestClientCert
					}
				})
				client := server.client(t, nil)
				for range c.accepts {
					if _, err := getRows(t.Context(), client); err != nil {
						t.Fatal(err)
					}
				}
				if failed := getError(t, client); failed.Kind != c.kind || failed.Attempts != c.attempts {
					t.Errorf("got kind %d, want %d, after %d attempts: %v", failed.Kind, c.kind, failed.Attempts, failed)
				}
			})
		}
	}
}

// TestCloseDuringHandshake has a server that closes the connection during the handshake.
func TestCloseDuringHandshake(t *testing.T) {
	t.Parallel()
	own, trusted := newCertificate(t, "server")
	listener := harness.Listen(t)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_ = tls.Server(connection, &tls.Config{
				Certificates: []tls.Certificate{own}, MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert,
				VerifyConnection: func(tls.ConnectionState) error { return connection.Close() },
			}).HandshakeContext(t.Context())
			_ = connection.Close()
		}
	}()
	certificate, _ := newCertificate(t, "client")
	client := newClient(t, "https://"+listener.Addr().String(), func(config *Config) {
		config.Transport, config.Certificate = NewTransport(trusted), &certificate
	})
	if failed := getError(t, client); failed.Kind != CertificateRefused || failed.Attempts != 1 {
		t.Errorf("kind %d after %d attempts: %v", failed.Kind, failed.Attempts, failed)
	}
}
