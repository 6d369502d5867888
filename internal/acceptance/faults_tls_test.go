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
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	untrusted = "The server's certificate isn't trusted"
	badTLS    = "The TLS handshake failed"
	ownOnly   = `The server sent only its own certificate, which was issued by "CN=Issuing CA". Have the server's administrator add the intermediate certificates that the server should send. Or, if you trust this CA, `
	checkTLS  = "Check the scheme and the port in it. The provider needs TLS 1.2 or later."
)

func tlsFaults() []fault {
	return []fault{
		{
			name: "a required client certificate", target: serveTLS(certificateOptions{trusted: true, configure: func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }}),
			wantError: harness.WantError("", "The server requires a client certificate", firstRequest+" failed: ", "remote error: tls: certificate required",
				"The server requested a client certificate, and none is configured. Set the provider's client_cert_pem and client_key_pem to a certificate that the server accepts and to its key."),
		},
		{
			name: "HTTP/2", target: serveTLS(certificateOptions{trusted: true, http2: true}),
			wantIDs: fewIDs, requests: 1,
		},
		{
			name: "HTTP/2, a stream that is reset within the body", target: serveTLSHandler(certificateOptions{trusted: true, http2: true}, http.HandlerFunc(abortBody)),
			provider:  harness.Values{"max_retries": 0},
			wantError: harness.WantError("", incomplete, firstRequest+" returned HTTP 200 OK (text/plain; charset=utf-8): reading the response: stream error", againLater),
			requests:  1,
		},
		{
			name: "an unknown authority", target: serveTLS(certificateOptions{}),
			wantError: harness.WantError("", untrusted, firstRequest, "certificate signed by unknown authority", "The server's certificate is self-signed. If you trust it, set ca_cert_pem to it, or TOFUPILOT_CA_CERT to its file. Verification can't be switched off."),
		},
		{
			name: "an unknown authority that is in the login file", target: serveTLS(certificateOptions{}),
			environment: func(t *testing.T, target *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				target.Login = harness.LogIn(t, map[string]string{"api_key": storedKey, "base_url": target.URL, "ca_cert": "/ca.pem"})
			},
			wantError: harness.WantError("", untrusted, firstRequest, "to its file. The login file {login} has a CA for this server, /ca.pem, used only with that file's key."),
		},
		{
			name: "an intermediate that isn't sent, with the root in ca_cert_pem", target: serveTLS(certificateOptions{trusted: true, intermediate: true}),
			wantError: harness.WantError("", untrusted, firstRequest, "certificate signed by unknown authority", ownOnly+"add its certificate to the provider's ca_cert_pem. Verification"),
		},
		{
			name: "an intermediate that isn't sent, with the root in TOFUPILOT_CA_CERT", target: serveTLS(certificateOptions{trusted: true, intermediate: true}),
			environment: func(t *testing.T, target *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				file := filepath.Join(t.TempDir(), "ca.pem")
				if err := os.WriteFile(file, []byte(target.CACert), 0o600); err != nil {
					t.Fatal(err)
				}
				t.Setenv("TOFUPILOT_CA_CERT", file)
				target.CACert = ""
			},
			wantError: harness.WantError("", untrusted, firstRequest, ownOnly+"add its certificate to ", "ca.pem (TOFUPILOT_CA_CERT). Verification"),
		},
		{
			name: "an expired certificate", target: serveTLS(certificateOptions{trusted: true, expired: true}),
			wantError: harness.WantError("", untrusted, firstRequest, "certificate has expired or is not yet valid", "The certificate is valid from 0001-01-01 00:00 UTC to ", "Have the server's administrator renew it, or correct this machine's clock. Verification"),
		},
		{
			name: "a certificate for other hosts", target: serveTLS(certificateOptions{trusted: true, address: "192.0.2.1", name: "*.tofupilot.test"}),
			wantError: harness.WantError("", untrusted, firstRequest, "The certificate is for *.tofupilot.test, 192.0.2.1. Correct the address, or have the server's administrator add 127.0.0.1 to the certificate. Verification"),
		},
		{
			name: "an https URL for a server of plain HTTP", target: withScheme("https", serveHandler(newAPI())),
			wantError: harness.WantError("", "The server doesn't use TLS on this port", firstRequest, "server gave HTTP response to HTTPS client", "Use its port for TLS or, if it has none, http:// instead of https://."),
		},
		{
			name: "an http URL for a server of TLS", target: withScheme("http", serveTLS(certificateOptions{trusted: true})),
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

// certificateOptions are options of a server's certificate and of its TLS.
type certificateOptions struct {
	trusted bool // its authority is in ca_cert_pem
	expired bool
	address string // its IP address; empty: 127.0.0.1
	name    string // its DNS name, or empty
	http2   bool

	intermediate bool // it is issued by an intermediate, which the server doesn't send

	configure func(*tls.Config)
}

// serveTLS returns a function that starts a fake API with a few procedures over TLS.
func serveTLS(options certificateOptions) targetFunc {
	return serveTLSHandler(options, fakeapi.New(fewProcedures...))
}

func serveTLSHandler(options certificateOptions, handler http.Handler) targetFunc {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		certificate, authority := newServerCertificate(t, options)
		if options.intermediate {
			certificate, authority = newIssuedCertificate(t)
		}
		requests := new(harness.Recorder)
		server := httptest.NewUnstartedServer(requests.Handler(handler))
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		if options.configure != nil {
			options.configure(server.TLS)
		}
		server.EnableHTTP2 = options.http2
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // drops errors of handshakes
		server.StartTLS()
		t.Cleanup(server.Close)
		target := &harness.Target{URL: server.URL, Requests: requests.All}
		if options.trusted {
			target.CACert = authority
		}
		return target
	}
}

// withScheme returns a function that starts a target and changes the scheme of its URL.
func withScheme(scheme string, newTarget targetFunc) targetFunc {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		target := newTarget(t)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		target.URL = scheme + "://" + request.URL.Host
		return target
	}
}

// newServerCertificate returns a self-signed server certificate, and itself as its authority, in
// PEM.
func newServerCertificate(t *testing.T, options certificateOptions) (served tls.Certificate, authority string) {
	t.Helper()
	template := &x509.Certificate{
		NotAfter:    time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(cmp.Or(options.address, "127.0.0.1"))},
	}
	if options.name != "" {
		template.DNSNames = []string{options.name}
	}
	if options.expired {
		template.NotAfter = time.Now().Add(-time.Minute)
	}
	authority, key := harness.NewCertificateFrom(t, template)
	served, err := tls.X509KeyPair([]byte(authority), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return served, authority
}

// newIssuedCertificate returns a server certificate that an intermediate CA issued, without the
// intermediate's certificate, and the root's certificate in PEM.
func newIssuedCertificate(t *testing.T) (served tls.Certificate, authority string) {
	t.Helper()
	authority, key := harness.NewCertificate(t, "Root CA")
	issuer, err := tls.X509KeyPair([]byte(authority), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	for _, template := range []*x509.Certificate{
		{Subject: pkix.Name{CommonName: "Issuing CA"}, IsCA: true, BasicConstraintsValid: true},
		{IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}},
	} {
		template.SerialNumber, template.NotAfter = big.NewInt(1), time.Now().Add(time.Hour)
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
		issuer = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}
	}
	return issuer, authority
}
