package acceptance

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Redirects. The key goes to the configured server only.
func redirectFaults() []fault {
	const (
		elsewhere = "The server redirects to another address"
		circle    = "The server's redirect can't be followed"
		check     = "The address {url}/api comes from the provider's url. Check that it is the server's own, with the right scheme (https:// or http://)."
		follow    = "The provider sends the API key to the configured server only, so it didn't follow the redirect. If the new address is right, "
	)
	notFollowed := harness.WantError("", elsewhere, askedFor+" returned HTTP 308 Permanent Redirect (",
		"): the server redirects to another address: {elsewhere}/api/v2/procedures.", follow+`set url to "{elsewhere}".`)
	redirect := func(location string) http.HandlerFunc { return answer(http.StatusFound, "", "Location", location) }
	leads := func(name, location, summary string, words ...string) fault {
		return fault{name: name, at: faulty(redirect(location)), fails: harness.WantError("", summary, words...), requests: 1}
	}
	page := func(name, location, shown string) fault {
		return leads("a redirect to "+name, location, "The server redirects to another page", askedFor+" returned HTTP 302 Found.\n\nThe address {url}/api comes from the provider's url. "+
			"The server redirects to "+shown+", which isn't the API. "+maybeLogin)
	}
	withLogin := leads("a redirect, with a login", "https://tofupilot.invalid/api/v2/procedures?limit=100", elsewhere, follow+"set url to \"https://tofupilot.invalid\" and run `tofupilot login` for it.")
	withLogin.environment = leaveLogin
	circling := leads("redirects in a circle", "/api/v2/procedures?limit=100", circle, askedFor+" returned HTTP 302 Found", ": the server redirected 10 times.", check)
	circling.requests = 10
	within := leads("a redirect to another path of the same server", "", "")
	within.at, within.ids, within.requests = redirectedOnce("/organization/api/v2/procedures/?limit=100"), whole, 2
	scheme := func(location, words string) fault {
		return fault{name: "a redirect to " + location, at: faulty(func(w http.ResponseWriter, r *http.Request) {
			redirect(strings.Replace(location, "HOST", r.Host, 1))(w, r)
		}), fails: harness.WantError("", "The server redirects to another page", words), requests: 1}
	}
	return []fault{
		{name: "a redirect to another port", at: sentElsewhere, fails: notFollowed, requests: 1},
		withLogin, circling, within,
		leads("a redirect to nowhere", "", circle, askedFor+" returned HTTP 302 Found", check),
		leads("a redirect to what is no address", "http://[::1", circle, ": the server redirects to something that isn't a URL.", check),
		leads("a redirect to what is no web page", "ftp://tofupilot.invalid/api/v2/procedures", circle, ": the server redirects to another address: ftp://tofupilot.invalid/", check),
		leads("a redirect to a path of another server", "https://tofupilot.invalid/below/api/v2/procedures?limit=100", elsewhere, follow+`set url to "https://tofupilot.invalid/below".`),
		leads("a redirect to the same path with a slash", "https://tofupilot.invalid/api/v2/procedures/", elsewhere, follow+`set url to "https://tofupilot.invalid".`),
		leads("a redirect to http", "http://tofupilot.invalid/api/v2/procedures", elsewhere, follow+`set url to "http://tofupilot.invalid", and set allow_http to true if you trust the network.`),
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
			name: "a redirect to a host that only looks like the server", at: faulty(func(w http.ResponseWriter, r *http.Request) {
				redirect("http://"+strings.Replace(r.Host, "127", "\uff11\uff12\uff17", 1)+r.URL.RequestURI())(w, r) // full-width digits
			}),
			fails:    harness.WantError("", circle, check),
			requests: 1,
		},
	}
}

// maybeLogin is the advice about a page that may be a gateway's.
const maybeLogin = "If that is a login page, a gateway is in front of the server, and programs need credentials for the gateway: see headers and client_cert_pem. Otherwise check the address."

// redirectedOnce is a target whose first response redirects.
func redirectedOnce(location string) func(*testing.T) *harness.Target {
	return around(func(api http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/api/", http.RedirectHandler(location, http.StatusPermanentRedirect))
		mux.Handle("/organization/", http.StripPrefix("/organization", api))
		return mux
	})
}

// advisedURL is a url that an error says to set.
var advisedURL = regexp.MustCompile(`set url to "(.*?)"(, and set allow_http)?`)

// sentElsewhere is a server that sends everyone to another. What it was asked includes
// what the other was.
func sentElsewhere(t *testing.T) *harness.Target {
	t.Helper()
	other := faulty(nil)(t)
	at := harness.NewTarget(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.RequestURI(), http.StatusPermanentRedirect)
	}))
	at.OtherURL = other.URL
	here := at.Requests
	at.Requests = func() []string { return append(here(), other.Requests()...) }
	return at
}
