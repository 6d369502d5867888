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

// behindHeaders is a target behind a gateway that lets requests with two headers through, and
// responds to others.
func behindHeaders(refusal http.Handler) func(*testing.T) *harness.Target {
	return around(func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Cf-Access-Client-Id") == gatewayID && r.Header.Get("Cf-Access-Client-Secret") == gatewaySecret {
				api.ServeHTTP(w, r)
				return
			}
			refusal.ServeHTTP(w, r)
		})
	})
}

const (
	gatewayID     = "88bf3b6d86161464f6509f7219099e57.access"
	gatewaySecret = "bdd31cbc4dec990953e39163fbbb194c93313ca9f0a6e420346af9d326b1d2a5"
)

func TestGatewayThatRequiresHeaders(t *testing.T) {
	t.Parallel()
	login := http.RedirectHandler("https://acme.cloudflareaccess.invalid/cdn-cgi/access/login?redirect_url=%2Fapi", http.StatusFound)
	forbidden := fakeapi.Status(http.StatusForbidden, "<html>That account doesn't have access.</html>", "Content-Type", "text/html")
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fakeapi.Status(http.StatusBadRequest, `{"message": "Unknown client `+r.Header.Get("Cf-Access-Client-Secret")+`"}`).ServeHTTP(w, r)
	})
	const (
		rejected = "it rejected the configured headers: check what the gateway requires. Otherwise check the address."
	)
	for name, c := range map[string]struct {
		refusal http.Handler
		secret  any
		fails   harness.WantDiagnostic
	}{
		"both":                        {login, gatewaySecret, harness.WantDiagnostic{}},
		"none, a login page":          {login, nil, harness.WantError("", "The server redirects to another page", "The server redirects to https://acme.cloudflareaccess.invalid/cdn-cgi/access/login, which isn't the API. "+maybeLogin)},
		"none, a refusal":             {forbidden, nil, harness.WantError("", notTheAPI, "A gateway or a firewall answered instead of the API. "+maybeLogin)},
		"another value, a login page": {login, "another-secret", harness.WantError("", "The server redirects to another page", "which isn't the API. If that is a login page, a gateway is in front of the server, and "+rejected)},
		"another value, a refusal":    {forbidden, "another-secret", harness.WantError("", notTheAPI, "A gateway or a firewall answered instead of the API. If that is a login page, a gateway is in front of the server, and "+rejected)},
		"another value, repeated":     {echo, "another-secret", harness.WantError("", refused, "Unknown client [the header CF-Access-Client-Secret].")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := behindHeaders(c.refusal)(t)
			arguments := harness.Values{"url": at.URL, "api_key": fakeapi.Key}
			if c.secret != nil {
				arguments["headers"] = harness.Values{"CF-Access-Client-Id": gatewayID, "CF-Access-Client-Secret": c.secret}
			}
			var log bytes.Buffer
			server := configured(t, arguments)
			resp := server.ReadWithContext(tflogtest.RootLogger(t.Context(), &log), t, quick, "tofupilot_procedures", nil)
			if c.fails.Summary == "" {
				harness.CheckNoDiagnostics(t, resp.Diagnostics)
				harness.CheckEqual(t, "IDs", idsIn(t, server.State(t, "tofupilot_procedures", resp)), whole)
			} else {
				harness.CheckError(t, resp.Diagnostics, c.fails)
			}
			for _, secret := range []string{gatewaySecret, "another-secret"} {
				if strings.Contains(harness.FormatDiagnostics(resp.Diagnostics)+log.String(), secret) {
					t.Errorf("a header's value is in the diagnostics or in the log: %s\n%s", harness.FormatDiagnostics(resp.Diagnostics), &log)
				}
			}
			if asked := at.Requests(); len(asked) != 1 {
				t.Errorf("the server was asked %d times: %q", len(asked), asked)
			}
		})
	}
}

// A header's value that is a part of the address is removed from the server's text only,
// also in the log.
func TestHeaderValueInTheAddress(t *testing.T) {
	t.Parallel()
	at := faulty(answer(http.StatusInternalServerError, `{"message": "127.0.0.1 is overloaded"}`))(t)
	var log bytes.Buffer
	server := configured(t, harness.Values{"url": at.URL, "api_key": fakeapi.Key, "headers": harness.Values{"X-Host": "127.0.0.1"}, "max_retries": 1})
	resp := server.ReadWithContext(tflogtest.RootLogger(t.Context(), &log), t, quick, "tofupilot_procedures", nil)
	if said := harness.FormatDiagnostics(resp.Diagnostics); strings.Count(said, "http://127.0.0.1:") != 2 || !strings.Contains(said, ": [the header X-Host] is overloaded.") {
		t.Error(said)
	}
	for _, words := range []string{`"url":"http://127.0.0.1:`, `"error":"HTTP 500 Internal Server Error: [the header X-Host] is overloaded"`} {
		if !strings.Contains(log.String(), words) {
			t.Errorf("the log doesn't have %q: %s", words, &log)
		}
	}
}

func TestServerThatRequiresACertificate(t *testing.T) {
	t.Parallel()
	name := pkix.Name{CommonName: "station-7", Organization: []string{"Acme"}}
	expires := time.Date(2099, time.May, 1, 12, 30, 0, 0, time.UTC)
	certificate, key := harness.NewCertificateFrom(t, &x509.Certificate{Subject: name, NotAfter: expires})
	accepted := x509.NewCertPool()
	accepted.AppendCertsFromPEM([]byte(certificate))
	require := func(clients *x509.CertPool) func(*tls.Config) {
		return func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, clients }
	}
	arguments := harness.Values{"client_cert_pem": certificate, "client_key_pem": key}
	for _, fault := range []fault{
		{
			name: "an accepted one", provider: arguments, at: secure(certified{known: true, setUp: require(accepted)}),
			ids: whole, requests: 1,
		},
		{
			name: "another one", provider: arguments, at: secure(certified{known: true, setUp: require(x509.NewCertPool())}),
			fails: harness.WantError("", "The server doesn't accept the client certificate", askedFor+" failed: remote error: tls: ",
				`The certificate in client_cert_pem has the subject "CN=station-7,O=Acme" and the issuer "CN=station-7,O=Acme", and is valid to 2099-05-01 12:30 UTC. `+
					"Check that it is the one for this server, and ask the server's administrator which certificates it accepts."),
		},
		{
			name: "another one, and nginx", provider: arguments,
			at: certifiedServing(certified{known: true, setUp: func(c *tls.Config) { c.ClientAuth = tls.RequestClientCert }},
				answer(http.StatusBadRequest, "<html><center>The SSL certificate error</center></html>", "Content-Type", "text/html")),
			fails: harness.WantError("", "The server doesn't accept the client certificate", askedFor+" returned HTTP 400 Bad Request (text/html, not an API answer).",
				`has the subject "CN=station-7,O=Acme"`), requests: 1,
		},
		{
			name: "an accepted one, and a login page", provider: arguments,
			at:    certifiedServing(certified{known: true}, answer(http.StatusFound, "", "Location", "https://sso.invalid/login")),
			fails: harness.WantError("", "The server redirects to another page", "a gateway is in front of the server, and it rejected the configured client certificate: check what the gateway requires."), requests: 1,
		},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			fault.expect(t)
		})
	}
}
