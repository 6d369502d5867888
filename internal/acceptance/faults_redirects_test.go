package acceptance

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// redirectFaults has redirects, which must not take the key to another server.
func redirectFaults() []fault {
	const (
		elsewhere = "The server redirects to another address"
		circle    = "The server's redirect can't be followed"
		check     = "The address {url}/api comes from the provider's url. Check that it is the server's own, with the right scheme (https:// or http://)."
		follow    = "The provider sends the API key to the configured server only, so it didn't follow the redirect. If the new address is right, "
	)
	notFollowed := harness.WantError("", elsewhere, firstRequest+" returned HTTP 308 Permanent Redirect (",
		"): the server redirects to another address: {other}/api/v2/procedures.", follow+`set url to "{other}".`)
	redirect := func(location string) http.HandlerFunc { return respond(http.StatusFound, "", "Location", location) }
	redirects := func(name, location, summary string, words ...string) fault {
		return fault{name: name, target: serveFault(redirect(location)), wantError: harness.WantError("", summary, words...), requests: 1}
	}
	page := func(name, location, shown string) fault {
		return redirects("a redirect to "+name, location, "The server redirects to another page", firstRequest+" returned HTTP 302 Found.\n\nThe address {url}/api comes from the provider's url. "+
			"The server redirects to "+shown+", which isn't the API. "+maybeLogin)
	}
	withLogin := redirects("a redirect, with a login", "https://tofupilot.invalid/api/v2/procedures?limit=100", elsewhere, follow+"set url to \"https://tofupilot.invalid\" and run `tofupilot login` for it.")
	withLogin.environment = writeLogin
	circling := redirects("redirects in a circle", "/api/v2/procedures?limit=100", circle, firstRequest+" returned HTTP 302 Found", ": the server redirected 10 times.", check)
	circling.requests = 10
	within := redirects("a redirect to another path of the same server", "", "")
	within.target, within.wantIDs, within.requests = serveRedirectOnce("/organization/api/v2/procedures/?limit=100"), fewIDs, 2
	scheme := func(location, words string) fault {
		return fault{name: "a redirect to " + location, target: serveFault(func(w http.ResponseWriter, r *http.Request) {
			redirect(strings.Replace(location, "HOST", r.Host, 1))(w, r)
		}), wantError: harness.WantError("", "The server redirects to another page", words), requests: 1}
	}
	return []fault{
		{name: "a redirect to another port", target: serveRedirect, wantError: notFollowed, requests: 1},
		withLogin, circling, within,
		redirects("a redirect without a location", "", circle, firstRequest+" returned HTTP 302 Found", check),
		redirects("a redirect to something that isn't a URL", "http://[::1", circle, ": the server redirects to something that isn't a URL.", check),
		redirects("a redirect to another protocol", "ftp://tofupilot.invalid/api/v2/procedures", circle, ": the server redirects to another address: ftp://tofupilot.invalid/", check),
		redirects("a redirect to a path of another server", "https://tofupilot.invalid/below/api/v2/procedures?limit=100", elsewhere, follow+`set url to "https://tofupilot.invalid/below".`),
		redirects("a redirect to the same path with a slash", "https://tofupilot.invalid/api/v2/procedures/", elsewhere, follow+`set url to "https://tofupilot.invalid".`),
		redirects("a redirect to http", "http://tofupilot.invalid/api/v2/procedures", elsewhere, follow+`set url to "http://tofupilot.invalid", and set allow_http to true if you trust the network.`),
		scheme("https://HOST/login?next=1", "The server redirects to https://127.0.0.1:"),
		scheme("https://HOST/login", `/login. Use https:// instead of http://: set url to "https://127.0.0.1:`),
		scheme("https://127.0.0.1:99999/login", "The server redirects to https://127.0.0.1:99999/login, which isn't the API."),
		page("a login page of another server", "https://sso.example.com/oauth/authorize?client_id=1&state=s", "https://sso.example.com/oauth/authorize"),
		page("a login page whose path has the version in it", "https://sso.example.com/auth/v2/login", "https://sso.example.com/auth/v2/login"),
		page("a login page of the same server", "/login?next=%2Fapi%2Fv2%2Fprocedures", "{url}/login"),
		page("a path that only ends like the API's", "/api/xv2/procedures", "{url}/api/xv2/procedures"),
		page("the product's page", "https://www.tofupilot.com/", "https://www.tofupilot.com/"),
		page("a page with the key in its path", "https://tofupilot.invalid/"+fakeapi.Key, "https://tofupilot.invalid/[the API key]"),
		page("a page with a password in its address", "https://user:hunter2@tofupilot.invalid/", "https://tofupilot.invalid/"),
		{
			name: "a redirect to a host that only looks like the server", target: serveFault(func(w http.ResponseWriter, r *http.Request) {
				redirect("http://"+strings.Replace(r.Host, "127", "\uff11\uff12\uff17", 1)+r.URL.RequestURI())(w, r) // full-width digits
			}),
			wantError: harness.WantError("", circle, check),
			requests:  1,
		},
	}
}

// maybeLogin is the advice about a page that may be a gateway's.
const maybeLogin = "If that is a login page, a gateway is in front of the server, and programs need credentials for the gateway: see headers and client_cert_pem. Otherwise check the address."

// serveRedirectOnce returns a target that redirects /api/. Its API is below /organization.
func serveRedirectOnce(location string) func(*testing.T) *harness.Target {
	return serveWrapped(func(api http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/api/", http.RedirectHandler(location, http.StatusPermanentRedirect))
		mux.Handle("/organization/", http.StripPrefix("/organization", api))
		return mux
	})
}

// advisedURL matches the url that an error advises to set.
var advisedURL = regexp.MustCompile(`set url to "(.*?)"(, and set allow_http)?`)

// serveRedirect returns a target that redirects every request to another server. The requests
// of both are recorded.
func serveRedirect(t *testing.T) *harness.Target {
	t.Helper()
	other := serveFault(nil)(t)
	target := harness.NewTarget(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.RequestURI(), http.StatusPermanentRedirect)
	}))
	target.OtherURL = other.URL
	first := target.Requests
	target.Requests = func() []string { return append(first(), other.Requests()...) }
	return target
}
