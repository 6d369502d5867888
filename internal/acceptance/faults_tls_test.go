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
			name: "a client certificate wanted", at: secure(certified{known: true, setUp: func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }}),
			fails: harness.WantError("", "The server requires a client certificate", askedFor+" failed: ", "remote error: tls: certificate required",
				"The server requested a client certificate, and none is configured. Set the provider's client_cert_pem and client_key_pem to a certificate that the server accepts and to its key."),
		},
		{
			name: "HTTP/2", at: secure(certified{known: true, http2: true}),
			ids: whole, requests: 1,
		},
		{
			name: "HTTP/2, a stream that is reset in mid-body", at: certifiedServing(certified{known: true, http2: true}, http.HandlerFunc(breakOff)),
			provider: harness.Values{"max_retries": 0},
			fails:    harness.WantError("", incomplete, askedFor+" returned HTTP 200 OK (text/plain; charset=utf-8): reading the answer: stream error", againLater),
			requests: 1,
		},
		{
			name: "an unknown authority", at: secure(certified{}),
			fails: harness.WantError("", untrusted, askedFor, "certificate signed by unknown authority", "The server's certificate is self-signed. If you trust it, set ca_cert_pem to it, or TOFUPILOT_CA_CERT to its file. Verification can't be switched off."),
		},
		{
			name: "an unknown authority that a login has", at: secure(certified{}),
			environment: func(t *testing.T, at *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				at.Login = harness.LogIn(t, map[string]string{"api_key": storedKey, "base_url": at.URL, "ca_cert": "/ca.pem"})
			},
			fails: harness.WantError("", untrusted, askedFor, "to its file. The login file {login} has a CA for this server, /ca.pem, used only with that file's key."),
		},
		{
			name: "an intermediate that isn't sent, and the right root", at: secure(certified{known: true, intermediate: true}),
			fails: harness.WantError("", untrusted, askedFor, "certificate signed by unknown authority", ownOnly+"add its certificate to the provider's ca_cert_pem. Verification"),
		},
		{
			name: "an intermediate that isn't sent, and the right root of a variable", at: secure(certified{known: true, intermediate: true}),
			environment: func(t *testing.T, at *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				file := filepath.Join(t.TempDir(), "ca.pem")
				if err := os.WriteFile(file, []byte(at.CACert), 0o600); err != nil {
					t.Fatal(err)
				}
				t.Setenv("TOFUPILOT_CA_CERT", file)
				at.CACert = ""
			},
			fails: harness.WantError("", untrusted, askedFor, ownOnly+"add its certificate to ", "ca.pem (TOFUPILOT_CA_CERT). Verification"),
		},
		{
			name: "an expired certificate", at: secure(certified{known: true, expired: true}),
			fails: harness.WantError("", untrusted, askedFor, "certificate has expired or is not yet valid", "The certificate is valid from 0001-01-01 00:00 UTC to ", "Have the server's administrator renew it, or correct this machine's clock. Verification"),
		},
		{
			name: "a certificate for other hosts", at: secure(certified{known: true, address: "192.0.2.1", name: "*.tofupilot.test"}),
			fails: harness.WantError("", untrusted, askedFor, "The certificate is for *.tofupilot.test, 192.0.2.1. Correct the address, or have the server's administrator add 127.0.0.1 to the certificate. Verification"),
		},
		{
			name: "plain HTTP on the port of TLS", at: swapped("https", faulty(nil)),
			fails: harness.WantError("", "The server doesn't use TLS on this port", askedFor, "server gave HTTP response to HTTPS client", "Use its port for TLS or, if it has none, http:// instead of https://."),
		},
		{
			name: "TLS on the port of plain HTTP", at: swapped("http", secure(certified{known: true})),
			fails: harness.WantError("", notTheAPI, askedFor, "HTTP 400 Bad Request.", leadsToTofuPilot),
		},
		{
			name: "another protocol on the port of TLS", at: swapped("https", harness.NewConnTarget(greet)),
			fails:    harness.WantError("", badTLS, askedFor, "first record does not look like a TLS handshake", checkTLS),
			requests: 1,
		},
		{
			name: "no TLS handshake", at: swapped("https", harness.NewConnTarget(saysNothing)), provider: harness.Values{"max_retries": 0, "request_timeout": "200ms"},
			fails:    harness.WantError("", unreachable, askedFor+" failed: no connection within 200ms.", checkServer),
			requests: 1,
		},
	}
}

// certified is what is special about a server's certificate.
type certified struct {
	known   bool // the provider is given its authority
	expired bool
	address string // that it is for, if not the server's
	name    string // that it is for, too
	http2   bool

	intermediate bool // issued it, and isn't sent

	setUp func(*tls.Config)
}

// secure is a target with the few procedures, over TLS.
func secure(c certified) func(*testing.T) *harness.Target {
	return certifiedServing(c, fakeapi.New(few...))
}

func certifiedServing(c certified, handler http.Handler) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		certificate, authority := selfSigned(t, c)
		if c.intermediate {
			certificate, authority = belowIntermediate(t)
		}
		asked := new(harness.Recorder)
		server := httptest.NewUnstartedServer(asked.Handler(handler))
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		if c.setUp != nil {
			c.setUp(server.TLS)
		}
		server.EnableHTTP2 = c.http2
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail: that is the test
		server.StartTLS()
		t.Cleanup(server.Close)
		at := &harness.Target{URL: server.URL, Requests: asked.All}
		if c.known {
			at.CACert = authority
		}
		return at
	}
}

// swapped is another target by an address with a wrong scheme.
func swapped(scheme string, of func(*testing.T) *harness.Target) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		at := of(t)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		at.URL = scheme + "://" + request.URL.Host
		return at
	}
}

// selfSigned makes a server's certificate that signs itself, so that it is its own
// authority: for the loopback address, unless it is special.
func selfSigned(t *testing.T, c certified) (served tls.Certificate, authority string) {
	t.Helper()
	template := &x509.Certificate{
		NotAfter:    time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(cmp.Or(c.address, "127.0.0.1"))},
	}
	if c.name != "" {
		template.DNSNames = []string{c.name}
	}
	if c.expired {
		template.NotAfter = time.Now().Add(-time.Minute)
	}
	authority, key := harness.NewCertificateFrom(t, template)
	served, err := tls.X509KeyPair([]byte(authority), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return served, authority
}

// belowIntermediate makes a server's certificate for the loopback address that an
// intermediate CA issued. It returns it without the intermediate, and the root's.
func belowIntermediate(t *testing.T) (served tls.Certificate, authority string) {
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
