package acceptance

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// newGateway returns a handler that passes requests with the two required headers to a fake API, and
// other requests to rejection.
func newGateway(rejection http.Handler) http.Handler {
	api := newAPI()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cf-Access-Client-Id") == gatewayID && r.Header.Get("Cf-Access-Client-Secret") == gatewaySecret {
			api.ServeHTTP(w, r)
		} else {
			rejection.ServeHTTP(w, r)
		}
	})
}

const (
	gatewayID     = "88bf3b6d86161464f6509f7219099e57.access"
	gatewaySecret = "bdd31cbc4dec990953e39163fbbb194c93313ca9f0a6e420346af9d326b1d2a5"
	wrongSecret   = "another-secret"
)

// TestGatewayThatRequiresHeaders checks that a read with the headers that a gateway requires succeeds,
// that errors of other reads advise on the headers, and that no header's value is in an error or in
// the log.
func TestGatewayThatRequiresHeaders(t *testing.T) {
	t.Parallel()
	login := http.RedirectHandler("https://acme.cloudflareaccess.invalid/cdn-cgi/access/login?redirect_url=%2Fapi", http.StatusFound)
	forbidden := fakeapi.Status(http.StatusForbidden, "<html>That account doesn't have access.</html>", "Content-Type", "text/html")
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fakeapi.Status(http.StatusBadRequest, `{"message": "Unknown client `+r.Header.Get("Cf-Access-Client-Secret")+`"}`).ServeHTTP(w, r)
	})
	const rejectedHeaders = "If that is a login page, a gateway is in front of the server, and it rejected the configured headers: check what the gateway requires. Otherwise check the address."
	for name, c := range map[string]struct {
		rejection http.Handler           // responds if a header is missing or wrong
		secret    string                 // the value of the second header; empty: no headers
		want      harness.WantDiagnostic // noError: the read succeeds
	}{
		"both headers":              {login, gatewaySecret, noError},
		"no headers, a login page":  {login, "", harness.WantError("", toOtherPage, "The server redirects to https://acme.cloudflareaccess.invalid/cdn-cgi/access/login, which isn't the API. "+maybeLogin)},
		"no headers, a 403":         {forbidden, "", harness.WantError("", notTheAPI, "A gateway or a firewall answered instead of the API. "+maybeLogin)},
		"wrong value, a login page": {login, wrongSecret, harness.WantError("", toOtherPage, "which isn't the API. "+rejectedHeaders)},
		"wrong value, a 403":        {forbidden, wrongSecret, harness.WantError("", notTheAPI, "A gateway or a firewall answered instead of the API. "+rejectedHeaders)},
		"wrong value, echoed":       {echo, wrongSecret, harness.WantError("", rejected, "Unknown client [the header CF-Access-Client-Secret].")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := harness.NewTarget(t, newGateway(c.rejection))
			arguments := harness.Values{"url": target.URL, "api_key": fakeapi.Key}
			if c.secret != "" {
				arguments["headers"] = harness.Values{"CF-Access-Client-Id": gatewayID, "CF-Access-Client-Secret": c.secret}
			}
			connection := newConnection(t, arguments)
			var log bytes.Buffer
			resp := connection.ReadWithContext(tflogtest.RootLogger(t.Context(), &log), t, quickTimeout, "tofupilot_procedures", nil)
			checkDiagnostics(t, resp.Diagnostics, c.want)
			if c.want.Summary == "" {
				harness.CheckEqual(t, "IDs", stateIDs(t, connection.State(t, "tofupilot_procedures", resp)), fewIDs)
			}
			output := harness.FormatDiagnostics(resp.Diagnostics) + log.String()
			for _, secret := range []string{gatewaySecret, wrongSecret} {
				if strings.Contains(output, secret) {
					t.Errorf("a header's value is in the diagnostics or in the log: %s", output)
				}
			}
			if requests := target.Requests(); len(requests) != 1 {
				t.Errorf("the server received %d requests, want 1: %q", len(requests), requests)
			}
		})
	}
}

// TestHeaderValueInAddress checks that a header's value is redacted in the server's text, in the error and
// in the log, but not in the server's address.
func TestHeaderValueInAddress(t *testing.T) {
	t.Parallel()
	const host = "127.0.0.1"
	target := harness.NewTarget(t, fakeapi.Status(http.StatusInternalServerError, `{"message": "`+host+` is overloaded"}`))
	connection := newConnection(t, harness.Values{
		"url": target.URL, "api_key": fakeapi.Key, "headers": harness.Values{"X-Host": host}, "max_retries": 1,
	})
	var log bytes.Buffer
	resp := connection.ReadWithContext(tflogtest.RootLogger(t.Context(), &log), t, retryTimeout, "tofupilot_procedures", nil)
	harness.CheckError(t, resp.Diagnostics, harness.WantError("", "The server has a problem",
		"GET "+target.URL+"/api/v2/procedures", ": [the header X-Host] is overloaded.", "The address "+target.URL+"/api comes from"))
	for _, want := range []string{
		`"url":"` + target.URL + `/api/v2/procedures"`,
		`"error":"HTTP 500 Internal Server Error: [the header X-Host] is overloaded"`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log doesn't contain %s: %s", want, &log)
		}
	}
}

// TestServerThatRequiresACertificate checks that a read with an accepted client certificate succeeds,
// and that errors about a certificate that a server or a gateway rejects advise on it.
func TestServerThatRequiresACertificate(t *testing.T) {
	t.Parallel()
	name := pkix.Name{CommonName: "station-7", Organization: []string{"Acme"}}
	expires := time.Date(2099, time.May, 1, 12, 30, 0, 0, time.UTC)
	certificate, key := harness.NewCertificateFrom(t, &x509.Certificate{Subject: name, NotAfter: expires})
	accepted := x509.NewCertPool()
	accepted.AppendCertsFromPEM([]byte(certificate))
	requireFrom := func(clientCAs *x509.CertPool) func(*tls.Config) {
		return func(c *tls.Config) {
			c.ClientAuth = tls.RequireAndVerifyClientCert
			c.ClientCAs = clientCAs
		}
	}
	arguments := harness.Values{"client_cert_pem": certificate, "client_key_pem": key}
	for _, fault := range []fault{
		{
			name: "an accepted certificate", provider: arguments, target: serveTLS(tlsOptions{trusted: true, configure: requireFrom(accepted)}),
			wantIDs: fewIDs, requests: 1,
		},
		{
			name: "a certificate that isn't accepted", provider: arguments, target: serveTLS(tlsOptions{trusted: true, configure: requireFrom(x509.NewCertPool())}),
			wantError: harness.WantError("", "The server doesn't accept the client certificate", firstRequest+" failed: remote error: tls: ",
				`The certificate in client_cert_pem has the subject "CN=station-7,O=Acme" and the issuer "CN=station-7,O=Acme", and is valid to 2099-05-01 12:30 UTC. `+
					"Check that it is the one for this server, and ask the server's administrator which certificates it accepts."),
		},
		{
			name: "a certificate, and a redirect to a login page", provider: arguments,
			target:    serveTLSHandler(tlsOptions{trusted: true}, fakeapi.Status(http.StatusFound, "", "Location", "https://sso.invalid/login")),
			wantError: harness.WantError("", toOtherPage, "a gateway is in front of the server, and it rejected the configured client certificate: check what the gateway requires."), requests: 1,
		},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			fault.check(t)
		})
	}
}
