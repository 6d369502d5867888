package acceptance

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	refused     = "The server refused the request"
	blocked     = "A proxy or a firewall refused the request"
	wrongKey    = "The server doesn't accept the API key"
	notAllowed  = "The API key isn't allowed to read procedures"
	nothingHere = "The API isn't at this address"
	inTrouble   = "The server has a problem"
	unexpected  = "Unexpected answer"

	maybeURL         = "Check url: it must lead to a TofuPilot server, with or without /api at its end. The provider looks for the API at {url}/api."
	askTheAdmin      = "Try again later. If the problem persists, ask the server's administrator, and check that url leads to the server and not to a proxy."
	leadsToTofuPilot = "Check that url leads to a TofuPilot server. The provider looks for the API at {url}/api."
	proxyPage        = "<html><head><title>nginx</title></head></html>"
)

// Statuses that no retry helps against. The others are among the retryFaults.
func statusFaults() []fault {
	keyFrom := func(source string, environment func(*testing.T, *harness.Target)) fault {
		return fault{
			name: "401, key from " + source, at: faulty(answer(http.StatusUnauthorized, `{"message":"Unauthorized","code":"UNAUTHORIZED","issues":[]}`)), environment: environment,
			fails:    harness.Error("", wrongKey, askedFor+" returned HTTP 401 Unauthorized: Unauthorized.", "The key comes from "+source+".", "It may be mistyped or revoked, or belong to another server than {url}/api. Check the key, or create a new one in TofuPilot's settings."),
			requests: 1,
		}
	}
	answered := func(name string, code int, body, summary string, words ...string) fault {
		return fault{
			name: name, at: faulty(answer(code, body)),
			fails: harness.Error("", summary, append([]string{askedFor + " returned "}, words...)...), requests: 1,
		}
	}
	return []fault{
		answered("204", 204, "", unexpected, "HTTP 204 No Content", leadsToTofuPilot),
		answered("400 with a message", 400, `{"message":"Bad request","code":"BAD_REQUEST"}`, refused, "HTTP 400 Bad Request: Bad request.", "Correct the arguments of the data source."),
		answered("400 with issues of nothing we know", 400, `{"message":"Input validation failed","issues":[{"path":["sort",0],"message":"Unknown"},{"message":"No path"}]}`,
			refused, "Input validation failed.", "- sort.0: Unknown", "- No path", "Please report this, with the server's version, at https://github.com/tofupilot/terraform-provider-tofupilot/issues."),
		answered("400 as HTML", 400, proxyPage, refused, "HTTP 400 Bad Request (text/html, not an API answer).", "Check the scheme and the port in url"),
		{
			name: "400 with issues about arguments", at: faulty(answer(400, `{"message":"Input validation failed","code":"BAD_REQUEST",
				"issues":[{"code":"too_big","path":["limit"],"message":"Number must be less than or equal to 50"},{"path":["search_query"],"message":"Too common"}]}`)),
			arguments: harness.Values{"search_query": "a b"},
			fails: harness.Error("page_size", refused,
				"GET {url}/api/v2/procedures?limit=100&search_query=a+b returned HTTP 400 Bad Request: Input validation failed.",
				"- limit: Number must be less than or equal to 50", "- search_query: Too common", "Correct the arguments of the data source.",
			), requests: 1,
		},
		keyFrom("the provider's api_key", nil),
		keyFrom("the environment variable TOFUPILOT_API_KEY", func(t *testing.T, _ *harness.Target) { t.Helper(); t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key) }),
		keyFrom("the login file {login}", leaveLogin),
		{
			name: "401, though a login has a key for the server", at: faulty(answer(401, `{"message":"Unauthorized","code":"UNAUTHORIZED"}`)),
			environment: func(t *testing.T, at *harness.Target) {
				t.Helper()
				leaveLogin(t, at)
				t.Setenv("TOFUPILOT_API_KEY", "tp_revoked")
			},
			fails: harness.Error("", wrongKey, "The key comes from the environment variable TOFUPILOT_API_KEY.",
				"There is also the login file {login} for {url}. The provider uses it only where no key is set."), requests: 1,
		},
		{
			name: "403, a station's key on a newer server", at: prepared(func(api *fakeapi.Server) { api.ForbidStation(fakeapi.Key) }),
			fails: harness.Error("", notAllowed,
				askedFor+" returned HTTP 403 Forbidden: Forbidden.", "The key comes from the provider's api_key.",
				"On newer servers, a station's key can't read procedures. Use a user's key.",
			), requests: 1,
		},
		{
			name: "a station's key on an older server", at: prepared(func(api *fakeapi.Server) { api.AllowStation(fakeapi.Key, whole[1]) }),
			ids: whole[1:2], requests: 1,
		},
		{
			name: "a station's key that sees nothing", at: prepared(func(api *fakeapi.Server) { api.AllowStation(fakeapi.Key) }),
			ids: []string{}, requests: 1,
		},
		{
			name: "a lookup with a station's key that sees nothing", at: prepared(func(api *fakeapi.Server) { api.AllowStation(fakeapi.Key) }),
			dataSource: "tofupilot_procedure", arguments: harness.Values{"name": "FVT"},
			fails: harness.Error("name", "No such procedure", "The API key can read 0 procedures.", "Check the spelling, and that the key's owner can see the procedure.",
				"A station's key may see only the procedures that its station is linked to, or none."), requests: 2,
		},
		{
			name: "404 below another path", at: around(func(api http.Handler) http.Handler { return http.StripPrefix("/api", api) }),
			fails: harness.Error("", nothingHere, askedFor+" returned HTTP 404 Not Found: Not found.", maybeURL), requests: 1,
		},
		answered("403 as HTML", 403, proxyPage, blocked, "HTTP 403 Forbidden (text/html, not an API answer).", leadsToTofuPilot),
		answered("404 as HTML", 404, proxyPage, nothingHere, "HTTP 404 Not Found (text/html, not an API answer).", maybeURL),
		{
			name: "401 with a body cut off", at: faulty(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				w.WriteHeader(http.StatusUnauthorized)
			}),
			fails: harness.Error("", wrongKey, askedFor+" returned HTTP 401 Unauthorized"), requests: 1,
		},
		{
			name: "403 with 40 MB", at: faulty(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				_, _ = fortyMegabytes(w)
			}),
			fails: harness.Error("", blocked, askedFor+" returned HTTP 403 Forbidden"), requests: 1, within: slow,
		},
		answered("409", 409, `{"message":"Conflict","code":"CONFLICT"}`, refused, "HTTP 409 Conflict: Conflict.", "The message is the server's."),
		{
			name: "422", at: faulty(answer(422, `{"message":"Unprocessable","issues":[{"path":["created_after"],"message":"Too long ago"}]}`)),
			fails:    harness.Error("created_after", refused, askedFor+" returned HTTP 422 Unprocessable Entity: Unprocessable.", "- created_after: Too long ago", "Correct the arguments of the data source."),
			requests: 1,
		},
	}
}

// leaveLogin leaves the key and the server where `tofupilot login` does.
func leaveLogin(t *testing.T, at *harness.Target) {
	t.Helper()
	at.Login = harness.LogIn(t, map[string]string{"api_key": fakeapi.Key, "base_url": at.URL})
}

// Redirects. The key goes to the configured server only.
func redirectFaults() []fault {
	var faults []fault
	const elsewhere, follow = "The server redirects to another address", "If the new address is right, set url to it."
	for _, code := range []int{301, 302, 307, 308} {
		name := strconv.Itoa(code)
		notFollowed := harness.Error("", elsewhere,
			askedFor+" failed: the server redirects to another address: {elsewhere}/api/v2/procedures?limit=100.",
			"The provider sends the API key to the configured server only, so it didn't follow the redirect.", follow,
		)
		faults = append(faults,
			fault{name: name + " on the same server", at: moved(code), ids: whole, requests: 2},
			fault{name: name + " to another port", at: sent(code, overPlain, faulty(nil)), fails: notFollowed, requests: 1},
			fault{name: name + " to another host", at: byOtherName(code), fails: notFollowed, requests: 1},
			fault{name: name + " down to http", at: sent(code, overTLS, faulty(nil)), fails: notFollowed, requests: 1},
			fault{name: name + " up to https", at: sent(code, overPlain, secure(certified{})), fails: notFollowed, requests: 1},
		)
	}
	redirect := func(location string) http.HandlerFunc { return answer(http.StatusFound, "", "Location", location) }
	return append(faults,
		fault{
			name: "a redirect to nowhere", at: faulty(answer(http.StatusFound, "")),
			fails:    harness.Error("", "The server's redirect can't be followed", askedFor+" returned HTTP 302 Found", "Check that url is the server's own address, with the right scheme (https:// or http://)."),
			requests: 1,
		},
		fault{
			name: "redirects in a circle", at: faulty(redirect("/api/v2/procedures?limit=100")),
			fails:    harness.Error("", "The server's redirect can't be followed", askedFor+" failed: the server redirected 10 times", "Check that url is the server's own address, with the right scheme (https:// or http://)."),
			requests: 10,
		},
		fault{
			name: "a redirect to what is no address", at: faulty(redirect("http://[::1")),
			fails:    harness.Error("", "The server's redirect can't be followed", askedFor+" failed: the server redirects to something that isn't a URL.", "Check that url is the server's own address"),
			requests: 1,
		},
		fault{
			name: "a redirect with the key in it", at: faulty(redirect("https://tofupilot.invalid/?was=" + fakeapi.Key)),
			fails:    harness.Error("", elsewhere, "https://tofupilot.invalid/?was=[the API key]", follow),
			requests: 1,
		},
		fault{
			name: "a redirect with the key in it, escaped", at: faulty(redirect("https://tofupilot.invalid/?was=" + strings.ReplaceAll(fakeapi.Key, "_", "%5f"))),
			fails:    harness.Error("", elsewhere, "https://tofupilot.invalid/?was=[the API key]", follow),
			requests: 1,
		},
		fault{
			name: "a redirect to a host that only looks like the server", at: faulty(func(w http.ResponseWriter, r *http.Request) {
				redirect("http://"+strings.Replace(r.Host, "127", "\uff11\uff12\uff17", 1)+r.URL.RequestURI())(w, r) // full-width digits
			}),
			fails:    harness.Error("", elsewhere, follow),
			requests: 1,
		},
		fault{
			name: "a redirect with a password in it", at: faulty(redirect("https://user:hunter2@tofupilot.invalid/")),
			fails:    harness.Error("", elsewhere, "https://user:xxxxx@tofupilot.invalid/", follow),
			requests: 1,
		},
	)
}

// moved is a server that sends everyone to another path of its own.
func moved(code int) func(*testing.T) *harness.Target {
	return around(func(api http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/moved/", http.StripPrefix("/moved", api))
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/moved"+r.URL.RequestURI(), code) })
		return mux
	})
}

// sent is a server that sends everyone to another. What it was asked includes
// what the other was.
func sent(code int, from func(http.Handler) func(*testing.T) *harness.Target, to func(*testing.T) *harness.Target) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		other := to(t)
		at := from(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.RequestURI(), code)
		}))(t)
		at.Elsewhere = other.URL
		here := at.Asked
		at.Asked = func() []string { return append(here(), other.Asked()...) }
		return at
	}
}

// byOtherName is a server that sends everyone to itself, by the machine's name
// instead of its address.
func byOtherName(code int) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		named := func(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }
		at := harness.Serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+named(r.Host)+r.URL.RequestURI(), code)
		}))
		at.Elsewhere = named(at.URL)
		return at
	}
}
