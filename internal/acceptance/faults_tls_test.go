package acceptance

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Summaries of errors, and advice in them.
const (
	untrusted = "The server's certificate isn't trusted"
	badTLS    = "The TLS handshake failed"
	leafOnly  = `The server sent only its own certificate, which was issued by "CN=Issuing CA". Have the server's administrator add the intermediate certificates that the server should send. Or, if you trust this CA, `
	checkTLS  = "Check the scheme and the port in it. The provider needs TLS 1.2 or later."
)

// tlsFaults returns faults of TLS, and of HTTP/2, which needs TLS.
func tlsFaults() []fault {
	return []fault{
		{
			name: "a server that requires a client certificate", target: serveTLS(tlsOptions{trusted: true, configure: func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }}),
			wantError: harness.WantError("", "The server requires a client certificate", firstRequest+" failed: ", "remote error: tls: certificate required",
				"The server requested a client certificate, and none is configured. Set the provider's client_cert_pem and client_key_pem to a certificate that the server accepts and to its key."),
		},
		{
			name: "an HTTP/2 stream that is reset within the body", target: serveTLSHandler(tlsOptions{trusted: true, http2: true}, http.HandlerFunc(abortBody)),
			provider:  harness.Values{"max_retries": 0},
			wantError: harness.WantError("", incomplete, firstRequest+" returned HTTP 200 OK (text/plain; charset=utf-8): reading the response: stream error", againLater),
			requests:  1,
		},
		{
			name: "an unknown authority", target: serveTLS(tlsOptions{}),
			wantError: harness.WantError("", untrusted, firstRequest, "certificate signed by unknown authority", "The server's certificate is self-signed. If you trust it, set ca_cert_pem to it, or TOFUPILOT_CA_CERT to its file. Verification can't be switched off."),
		},
		{
			name: "an unknown authority that is in the login file", target: serveTLS(tlsOptions{}),
			environment: func(t *testing.T, target *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				target.Login = harness.LogIn(t, map[string]string{"api_key": storedKey, "base_url": target.URL, "ca_cert": "/ca.pem"})
			},
			wantError: harness.WantError("", untrusted, firstRequest, "to its file. The login file {login} has a CA for this server, /ca.pem, used only with that file's key."),
		},
		{
			name: "an intermediate that isn't sent, with its root in ca_cert_pem", target: serveTLS(tlsOptions{trusted: true, intermediate: true}),
			wantError: harness.WantError("", untrusted, firstRequest, "certificate signed by unknown authority", leafOnly+"add its certificate to the provider's ca_cert_pem. Verification"),
		},
		{
			name: "a certificate for other hosts", target: serveTLS(tlsOptions{trusted: true, address: "192.0.2.1", name: "*.tofupilot.test"}),
			wantError: harness.WantError("", untrusted, firstRequest, "The certificate is for *.tofupilot.test, 192.0.2.1. Correct the address, or have the server's administrator add 127.0.0.1 to the certificate. Verification"),
		},
		{
			name: "an https URL for a server of plain HTTP", target: withScheme("https", serveHandler(newAPI())),
			wantError: harness.WantError("", "The server doesn't use TLS on this port", firstRequest, "server gave HTTP response to HTTPS client", "Use its port for TLS or, if it has none, http:// instead of https://."),
		},
		{
			name: "an http URL for a server of TLS", target: withScheme("http", serveTLS(tlsOptions{trusted: true})),
			wantError: harness.WantError("", notTheAPI, firstRequest, "HTTP 400 Bad Request.", leadsToTofuPilot),
		},
		{
			name: "an https URL for a server of another protocol", target: withScheme("https", harness.NewConnTarget(sendGreeting)),
			wantError: harness.WantError("", badTLS, firstRequest, "first record does not look like a TLS handshake", checkTLS),
			requests:  1,
		},
		{
			name: "no TLS handshake", target: withScheme("https", harness.NewConnTarget(waitForClose)), provider: harness.Values{"max_retries": 0, "request_timeout": "200ms"},
			wantError: harness.WantError("", unreachable, firstRequest+" failed: no connection within 200ms.", checkServer),
			requests:  1,
		},
	}
}

// tlsOptions are options of a server and of its certificate. Without intermediate, the certificate is
// self-signed.
type tlsOptions struct {
	trusted      bool   // ca_cert_pem has the certificate's root CA
	address      string // the certificate's IP address; empty: 127.0.0.1
	name         string // the certificate's DNS name; empty: none
	intermediate bool   // an intermediate CA issued the certificate, and the server doesn't send that CA's certificate
	http2        bool
	configure    func(*tls.Config) // changes the server's configuration; nil: doesn't
}

// serveTLS returns a targetFunc for a fake API with a few procedures, over TLS.
func serveTLS(options tlsOptions) targetFunc {
	return serveTLSHandler(options, newAPI())
}

// serveTLSHandler returns a targetFunc for a server with the handler, over TLS.
func serveTLSHandler(options tlsOptions, handler http.Handler) targetFunc {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		newCertificate := newSelfSignedCertificate
		if options.intermediate {
			newCertificate = newIssuedCertificate
		}
		certificate, authority := newCertificate(t, options)
		requests := new(harness.Recorder)
		server := httptest.NewUnstartedServer(requests.Handler(handler))
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		if options.configure != nil {
			options.configure(server.TLS)
		}
		server.EnableHTTP2 = options.http2
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // drops the errors of handshakes
		server.StartTLS()
		t.Cleanup(server.Close)
		target := &harness.Target{URL: server.URL, Requests: requests.All}
		if options.trusted {
			target.CACert = authority
		}
		return target
	}
}

// withScheme returns a targetFunc that starts the server of another one, and changes the scheme of
// the target's URL.
func withScheme(scheme string, start targetFunc) targetFunc {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		target := start(t)
		_, hostAndPort, _ := strings.Cut(target.URL, "://")
		target.URL = scheme + "://" + hostAndPort
		return target
	}
}

// newSelfSignedCertificate returns a certificate for a server. It also returns its CA in PEM, which is
// the certificate itself.
func newSelfSignedCertificate(t *testing.T, options tlsOptions) (served tls.Certificate, authority string) {
	t.Helper()
	template := &x509.Certificate{
		NotAfter:    time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(cmp.Or(options.address, "127.0.0.1"))},
	}
	if options.name != "" {
		template.DNSNames = []string{options.name}
	}
	authority, key := harness.NewCertificateFrom(t, template)
	served, err := tls.X509KeyPair([]byte(authority), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return served, authority
}

// newIssuedCertificate returns a server's certificate from an intermediate CA, and the root CA in PEM.
// The server doesn't send the intermediate CA's certificate.
func newIssuedCertificate(t *testing.T, _ tlsOptions) (served tls.Certificate, authority string) {
	t.Helper()
	authority, key := harness.NewCertificate(t, "Root CA")
	root, err := tls.X509KeyPair([]byte(authority), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	intermediate := issue(t, root, &x509.Certificate{Subject: pkix.Name{CommonName: "Issuing CA"}, IsCA: true, BasicConstraintsValid: true})
	return issue(t, intermediate, &x509.Certificate{IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}}), authority
}

// issue returns a certificate from the template, which is signed by issuer.
func issue(t *testing.T, issuer tls.Certificate, template *x509.Certificate) tls.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(1)
	template.NotAfter = time.Now().Add(time.Hour)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.Leaf, key.Public(), issuer.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}
}
