package acceptance

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// untrusted is the summary of errors about a server's certificate.
const untrusted = "The server's certificate isn't trusted"

// tlsFaults returns faults of TLS, and of HTTP/2, which needs TLS. In a case without requests, none may
// reach the server. Targets of NewConnTarget count connections instead.
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
			name: "an unknown authority, though a login has a CA for the server", target: serveTLS(tlsOptions{}),
			environment: func(t *testing.T, target *harness.Target) {
				t.Helper()
				t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
				target.Login = harness.LogIn(t, map[string]string{"api_key": storedKey, "base_url": target.URL, "ca_cert": "/ca.pem"})
			},
			wantError: harness.WantError("", untrusted, firstRequest, "to its file. The login file {login} has a CA for this server, /ca.pem, used only with that file's key."),
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
			wantError: harness.WantError("", "The TLS handshake failed", firstRequest, "first record does not look like a TLS handshake", "Check the scheme and the port in it. The provider needs TLS 1.2 or later."),
			requests:  1,
		},
		{
			name: "no TLS handshake", target: withScheme("https", harness.NewConnTarget(waitForClose)), provider: harness.Values{"max_retries": 0, "request_timeout": "200ms"},
			wantError: harness.WantError("", unreachable, firstRequest+" failed: no connection within 200ms.", checkServer),
			requests:  1,
		},
	}
}

// tlsOptions are options of a server and of its certificate, which is self-signed.
type tlsOptions struct {
	trusted   bool   // ca_cert_pem has the certificate
	address   string // the certificate's IP address; empty: 127.0.0.1
	name      string // the certificate's DNS name; empty: none
	http2     bool
	configure func(*tls.Config) // changes the server's configuration; nil: no change
}

// serveTLS returns a targetFunc for a fake API with a few procedures, over TLS.
func serveTLS(options tlsOptions) targetFunc {
	return serveTLSHandler(options, newAPI())
}

// serveTLSHandler returns a targetFunc for a server with the handler, over TLS.
func serveTLSHandler(options tlsOptions, handler http.Handler) targetFunc {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		certificate, certificatePEM := newCertificate(t, options)
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
			target.CACert = certificatePEM
		}
		return target
	}
}

// withScheme returns a targetFunc that calls start, and changes the scheme of the target's URL.
func withScheme(scheme string, start targetFunc) targetFunc {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		target := start(t)
		_, hostAndPort, _ := strings.Cut(target.URL, "://")
		target.URL = scheme + "://" + hostAndPort
		return target
	}
}

// newCertificate returns a certificate for a server, and the same certificate in PEM.
func newCertificate(t *testing.T, options tlsOptions) (certificate tls.Certificate, certificatePEM string) {
	t.Helper()
	template := &x509.Certificate{
		NotAfter:    time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(cmp.Or(options.address, "127.0.0.1"))},
	}
	if options.name != "" {
		template.DNSNames = []string{options.name}
	}
	certificatePEM, keyPEM := harness.NewCertificateFrom(t, template)
	certificate, err := tls.X509KeyPair([]byte(certificatePEM), []byte(keyPEM))
	if err != nil {
		t.Fatal(err)
	}
	return certificate, certificatePEM
}
