package acceptance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// redirectFaults returns faults of servers that redirect. The client sends the API key to the new
// address, so it follows a redirect only to the API of the same server.
func redirectFaults() []fault {
	const (
		elsewhere    = "The server redirects to another address"
		notPossible  = "The server's redirect can't be followed"
		checkAddress = "The address {url}/api comes from the provider's url. Check that it is the server's own, with the right scheme (https:// or http://)."
		notFollowed  = "The provider sends the API key to the configured server only, so it didn't follow the redirect. If the new address is right, "
	)
	// redirect returns a fault with a redirect that the client doesn't follow.
	redirect := func(name, location, summary string, words ...string) fault {
		return fault{name: name, target: serveHandler(redirectTo(location)), wantError: harness.WantError("", summary, words...), requests: 1}
	}
	// redirectToPage returns a fault with a redirect to a page that isn't the API. The error shows the
	// page's address as shownAddress.
	redirectToPage := func(name, location, shownAddress string) fault {
		return redirect("a redirect to "+name, location, toOtherPage, firstRequest+" returned HTTP 302 Found.\n\nThe address {url}/api comes from the provider's url. "+
			"The server redirects to "+shownAddress+", which isn't the API. "+maybeLogin)
	}
	return []fault{
		{
			name: "a redirect to another path of the same server", target: serveHandler(moveAPI("/organization/api/v2/procedures/?limit=100")),
			wantIDs: fewIDs, requests: 2,
		},
		{
			name: "a redirect to another port", target: redirectToOtherServer, requests: 1,
			wantError: harness.WantError("", elsewhere, firstRequest+" returned HTTP 308 Permanent Redirect (",
				"): the server redirects to another address: {other}/api/v2/procedures.", notFollowed+`set url to "{other}".`),
		},
		{
			name: "a redirect to a host that only looks like the server", target: serveHandler(http.HandlerFunc(redirectToFullWidthDigits)), requests: 1,
			wantError: harness.WantError("", notPossible, checkAddress),
		},
		{
			name: "redirects in a circle", target: serveHandler(redirectTo("/api/v2/procedures?limit=100")), requests: 10,
			wantError: harness.WantError("", notPossible, firstRequest+" returned HTTP 302 Found", ": the server redirected 10 times.", checkAddress),
		},
		redirect("a redirect without a location", "", notPossible, firstRequest+" returned HTTP 302 Found", checkAddress),
		redirect("a redirect to something that isn't a URL", "http://[::1", notPossible, ": the server redirects to something that isn't a URL.", checkAddress),
		redirect("a redirect to another protocol", "ftp://tofupilot.invalid/api/v2/procedures", notPossible, ": the server redirects to another address: ftp://tofupilot.invalid/", checkAddress),
		redirect("a redirect to a path of another server", "https://tofupilot.invalid/below/api/v2/procedures?limit=100", elsewhere, notFollowed+`set url to "https://tofupilot.invalid/below".`),
		redirect("a redirect to the same path with a slash", "https://tofupilot.invalid/api/v2/procedures/", elsewhere, notFollowed+`set url to "https://tofupilot.invalid".`),
		redirect("a redirect to http", "http://tofupilot.invalid/api/v2/procedures", elsewhere, notFollowed+`set url to "http://tofupilot.invalid", and set allow_http to true if you trust the network.`),
		redirect("a redirect to https, with a query", "https://HOST/login?next=1", toOtherPage, "The server redirects to https://127.0.0.1:", "/login. Use https://"), // doesn't show the query
		redirect("a redirect to https, without a query", "https://HOST/login", toOtherPage, `/login. Use https:// instead of http://: set url to "https://127.0.0.1:`),
		redirect("a redirect to a port that doesn't exist", "https://127.0.0.1:99999/login", toOtherPage, "The server redirects to https://127.0.0.1:99999/login, which isn't the API."),
		redirectToPage("a login page of another server", "https://sso.example.com/oauth/authorize?client_id=1&state=s", "https://sso.example.com/oauth/authorize"),
		redirectToPage("a login page whose path has the version in it", "https://sso.example.com/auth/v2/login", "https://sso.example.com/auth/v2/login"),
		redirectToPage("a login page of the same server", "/login?next=%2Fapi%2Fv2%2Fprocedures", "{url}/login"),
		redirectToPage("a path that only ends like the API's", "/api/xv2/procedures", "{url}/api/xv2/procedures"),
		redirectToPage("the product's page", "https://www.tofupilot.com/", "https://www.tofupilot.com/"),
		redirectToPage("a page with the key in its path", "https://tofupilot.invalid/"+fakeapi.Key, "https://tofupilot.invalid/[the API key]"),
		redirectToPage("a page with a password in its address", "https://user:"+password+"@tofupilot.invalid/", "https://tofupilot.invalid/"),
	}
}

// redirectTo returns a handler that redirects to a location. It replaces HOST by the server's own host
// and port.
func redirectTo(location string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fakeapi.Status(http.StatusFound, "", "Location", strings.Replace(location, "HOST", r.Host, 1)).ServeHTTP(w, r)
	})
}

// redirectToFullWidthDigits redirects to the server's own address, but with full-width characters for
// the digits of 127.
func redirectToFullWidthDigits(w http.ResponseWriter, r *http.Request) {
	host := strings.Replace(r.Host, "127", "\uff11\uff12\uff17", 1)
	redirectTo("http://"+host+r.URL.RequestURI()).ServeHTTP(w, r)
}

// toOtherPage is the error about a redirect to a page that isn't the API, and maybeLogin the advice
// about a page that may be a gateway's login page.
const (
	toOtherPage = "The server redirects to another page"
	maybeLogin  = "If that is a login page, a gateway is in front of the server, and programs need credentials for the gateway: see headers and client_cert_pem. Otherwise check the address."
)

// moveAPI returns a handler that serves the API below /organization, and redirects requests below /api
// to a location.
func moveAPI(location string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", http.RedirectHandler(location, http.StatusPermanentRedirect))
	mux.Handle("/organization/", http.StripPrefix("/organization", newAPI()))
	return mux
}

// redirectToOtherServer starts two servers, and the first one redirects every request to the second.
// The target records the requests of both.
func redirectToOtherServer(t *testing.T) *harness.Target {
	t.Helper()
	other := harness.NewTarget(t, newAPI())
	target := harness.NewTarget(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.RequestURI(), http.StatusPermanentRedirect)
	}))
	target.OtherURL = other.URL
	first := target.Requests
	target.Requests = func() []string { return append(first(), other.Requests()...) }
	return target
}
