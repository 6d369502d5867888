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
	notFollowed := harness.Error("", elsewhere, askedFor+" returned HTTP 308 Permanent Redirect (",
		"): the server redirects to another address: {elsewhere}/api/v2/procedures?limit=100.", follow+`set url to "{elsewhere}".`)
	redirect := func(location string) http.HandlerFunc { return answer(http.StatusFound, "", "Location", location) }
	leads := func(name, location, summary string, words ...string) fault {
		return fault{name: name, at: faulty(redirect(location)), fails: harness.Error("", summary, words...), requests: 1}
	}
	withLogin := leads("a redirect, with a login", "https://tofupilot.invalid/api/v2/procedures?limit=100", elsewhere, follow+"set url to \"https://tofupilot.invalid\" and run `tofupilot login` for it.")
	withLogin.environment = leaveLogin
	circling := leads("redirects in a circle", "/api/v2/procedures?limit=100", circle, askedFor+" returned HTTP 302 Found", ": the server redirected 10 times.", check)
	circling.requests = 10
	return []fault{
		{name: "a redirect to another port", at: sentElsewhere, fails: notFollowed, requests: 1},
		withLogin, circling,
		leads("a redirect to nowhere", "", circle, askedFor+" returned HTTP 302 Found", check),
		leads("a redirect to what is no address", "http://[::1", circle, ": the server redirects to something that isn't a URL.", check),
		leads("a redirect to what is no web page", "ftp://tofupilot.invalid/api/v2/procedures", circle, ": the server redirects to another address: ftp://tofupilot.invalid/", check),
		leads("a redirect to a path of another server", "https://tofupilot.invalid/below/api/v2/procedures?limit=100", elsewhere, follow+`set url to "https://tofupilot.invalid/below".`),
		leads("a redirect to a login page", "https://login.invalid:8443/sign-in?next=%2Fapi%2Fv2%2F", elsewhere, follow+`set url to "https://login.invalid:8443".`),
		leads("a redirect to http", "http://tofupilot.invalid/api/v2/procedures", elsewhere, follow+`set url to "http://tofupilot.invalid", and set allow_http to true if you trust the network.`),
		leads("a redirect with the key in it", "https://tofupilot.invalid/?was="+fakeapi.Key, elsewhere, "https://tofupilot.invalid/?was=[the API key]", `set url to "https://tofupilot.invalid".`),
		leads("a redirect with the key in it, escaped", "https://tofupilot.invalid/?was="+strings.ReplaceAll(fakeapi.Key, "_", "%5f"), elsewhere, "https://tofupilot.invalid/?was=[the API key]"),
		leads("a redirect with a password in it", "https://user:hunter2@tofupilot.invalid/", elsewhere, "https://user:xxxxx@tofupilot.invalid/", `set url to "https://tofupilot.invalid".`),
		{
			name: "a redirect to a host that only looks like the server", at: faulty(func(w http.ResponseWriter, r *http.Request) {
				redirect("http://"+strings.Replace(r.Host, "127", "\uff11\uff12\uff17", 1)+r.URL.RequestURI())(w, r) // full-width digits
			}),
			fails:    harness.Error("", circle, check),
			requests: 1,
		},
	}
}

// advisedURL is a url that an error says to set.
var advisedURL = regexp.MustCompile(`set url to "(.*?)"(, and set allow_http)?`)

// sentElsewhere is a server that sends everyone to another. What it was asked includes
// what the other was.
func sentElsewhere(t *testing.T) *harness.Target {
	t.Helper()
	other := faulty(nil)(t)
	at := harness.Serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.RequestURI(), http.StatusPermanentRedirect)
	}))
	at.Elsewhere = other.URL
	here := at.Asked
	at.Asked = func() []string { return append(here(), other.Asked()...) }
	return at
}
