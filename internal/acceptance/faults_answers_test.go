package acceptance

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	refused    = "The server refused the request"
	wrongKey   = "The server doesn't accept the API key"
	notAllowed = "The API key isn't allowed to read procedures"
	notTheAPI  = "The API doesn't answer at this address"
	inTrouble  = "The server has a problem"

	askTheAdmin      = "Try again later. If the problem persists, ask the server's administrator, and check that this is the right server and not a proxy."
	leadsToTofuPilot = "The address {url}/api comes from the provider's url. Check that it leads to a TofuPilot server, with the right scheme and port. A login page, a proxy or a firewall may answer in the server's place."
	gateway          = "The address {url}/api comes from the provider's url. A gateway or a firewall answered instead of the API. " + maybeLogin
	newKey           = "Check the key, or create a new one in TofuPilot's settings."
)

// Statuses that no retry helps against. The others are among the retryFaults.
func statusFaults() []fault {
	keyFrom := func(source, again string, environment func(*testing.T, *harness.Target)) fault {
		return fault{
			name: "401, key from " + source, at: faulty(answer(http.StatusUnauthorized, `{"message":"Unauthorized","code":"UNAUTHORIZED","issues":[]}`)), environment: environment,
			fails:    harness.WantError("", wrongKey, askedFor+" returned HTTP 401 Unauthorized: Unauthorized.", "The key comes from "+source+".", "The address {url}/api comes from the provider's url. ", again),
			requests: 1,
		}
	}
	return []fault{
		{
			name: "400 with issues about arguments", at: faulty(answer(400, `{"message":"Input validation failed","code":"BAD_REQUEST",
				"issues":[{"code":"too_big","path":["limit"],"message":"Number must be less than or equal to 50"},{"path":["search_query"],"message":"Too common"},{"message":"No path"}]}`)),
			arguments: harness.Values{"search_query": "a b"},
			fails: harness.WantError("page_size", refused,
				"GET {url}/api/v2/procedures?limit=100&search_query=a+b returned HTTP 400 Bad Request: Input validation failed.",
				"- limit: Number must be less than or equal to 50", "- search_query: Too common", "- No path", "Correct the arguments of the data source.",
			), requests: 1,
		},
		keyFrom("the provider's api_key", newKey, nil),
		keyFrom("the login file {login}", "It may be expired or revoked. Run `tofupilot login` again.", leaveLogin),
		{
			name: "401, though a login has a key for the server", at: faulty(answer(401, `{"message":"Unauthorized","code":"UNAUTHORIZED"}`)),
			environment: func(t *testing.T, at *harness.Target) {
				t.Helper()
				leaveLogin(t, at)
				t.Setenv("TOFUPILOT_API_KEY", "tp_revoked")
			},
			fails: harness.WantError("", wrongKey, "The key comes from the environment variable TOFUPILOT_API_KEY.",
				"in TofuPilot's settings. There is also the login file {login} for {url}, used only without a key."), requests: 1,
		},
		{
			name: "403, a station's key", at: prepared(func(api *fakeapi.Server) { api.ForbidStation(fakeapi.Key) }),
			fails: harness.WantError("", notAllowed,
				askedFor+" returned HTTP 403 Forbidden: Forbidden.", "The key comes from the provider's api_key.",
				"A station's key may see only the procedures that its station is linked to, or none. Use the key of a user who can see the procedures in TofuPilot.",
			), requests: 1,
		},
		{
			name: "a lookup with a station's key that sees nothing", at: prepared(func(api *fakeapi.Server) { api.AllowStation(fakeapi.Key) }),
			dataSource: "tofupilot_procedure", arguments: harness.Values{"name": "FVT"},
			fails: harness.WantError("name", "No such procedure", "The API key can read 0 procedures.",
				"check that the key's owner can see the procedure: a station's key may see only those that its station is linked to, or none."), requests: 2,
		},
		{
			name: "names, and a server that refuses the list", dataSource: procedureIDs, arguments: harness.Values{"names": elements("Procedure 7")},
			at: faulty(answer(400, `{"message": "Input validation failed"}`, "Content-Type", "application/json")), requests: 2,
			fails: harness.WantError("", refused, askedFor+" returned HTTP 400 Bad Request: Input validation failed.", "comes from the provider's url. The server may be too old or too new for this provider."),
		},
		{
			name: "404 below a path", at: below("/organization/settings"),
			fails: harness.WantError("", notTheAPI, "returned HTTP 404 Not Found", "Check that it leads to a TofuPilot server, with the right scheme and port. Few servers are below a path: remove /organization/settings from it unless yours is."), requests: 1,
		},
		{
			name: "401 with a body cut off", at: faulty(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				w.WriteHeader(http.StatusUnauthorized)
			}),
			fails: harness.WantError("", notTheAPI, askedFor+" returned HTTP 401 Unauthorized"), requests: 1,
		},
		{
			name: "409", at: faulty(answer(409, `{"message":"Conflict","code":"CONFLICT"}`)),
			fails: harness.WantError("", refused, askedFor+" returned HTTP 409 Conflict: Conflict.", "The message is the server's."), requests: 1,
		},
	}
}

// leaveLogin leaves the key and the server where `tofupilot login` does.
func leaveLogin(t *testing.T, at *harness.Target) {
	t.Helper()
	at.Login = harness.LogIn(t, map[string]string{"api_key": fakeapi.Key, "base_url": at.URL})
}

// below is a target by an address with a path, where the server isn't.
func below(path string) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		at := faulty(nil)(t)
		at.URL += path
		return at
	}
}

const (
	unsupported  = "The answer isn't supported"
	maybeVersion = "Check that it leads to a TofuPilot server. If it does, the server may be too old or too new for this provider. Please report this, with the server's version, at https://github.com/tofupilot/terraform-provider-tofupilot/issues."

	endOfList = `"meta":{"has_more":false,"next_cursor":null}`
	// What an answer with status 200 is said to have been.
	answered200 = " returned HTTP 200 OK (application/json): "

	goodItem = `{"id":"a","name":"FVT","created_at":"2024-01-15T10:30:00.000Z","created_by_user":null}`
)

// Bodies of answers with status 200.
func bodyFaults() []fault {
	return []fault{
		{
			name: "a body that is half there", at: faulty(with200(`{"data":[` + goodItem)), provider: harness.Values{"max_retries": 1},
			fails:    harness.WantError("", incomplete, askedFor+" (2 attempts)"+answered200+"the answer isn't a page of procedures: the body ends too early.", againLater),
			requests: 2, retries: 1, within: retried,
		},
		{
			name: "a list in place of a page", at: faulty(with200("[]")),
			fails:    harness.WantError("", notTheAPI, askedFor+answered200+"the response is an array, not a JSON object.", leadsToTofuPilot),
			requests: 1,
		},
		{
			name: "a number as id", at: faulty(with200(`{"data":[` + goodItem + `,{"id":7}],` + endOfList + `}`)),
			fails:    harness.WantError("", unsupported, askedFor+answered200+"the answer isn't a page of procedures: data.1.id: unexpected number.", maybeVersion),
			requests: 1,
		},
		{
			name: "40 MB", at: faulty(func(w http.ResponseWriter, _ *http.Request) { _, _ = fortyMegabytes(w) }),
			fails:    harness.WantError("", "The answer is too large", askedFor+" returned HTTP 200 OK", ": the answer's body is larger than 32 MiB.", "Check that it leads to a TofuPilot server. If it does, lower page_size."),
			requests: 1, within: slow,
		},
	}
}

func fortyMegabytes(to io.Writer) (int, error) {
	return io.WriteString(to, `{"data":[],`+endOfList+`,"more":"`+strings.Repeat("x", 40<<20)+`"}`)
}

// Faults of a list of several pages.
func pagingFaults() []fault {
	return []fault{
		{
			name: "a cursor that stays", at: faulty(with200(`{"data":[],"meta":{"has_more":true,"next_cursor":"x"}}`)),
			fails: harness.WantError("", "The server's pages are inconsistent",
				"Reading the procedures from {url}/api: the server's paging can't be followed: ", "So far: 6 requests, 0 procedures.",
				"The provider doesn't use a list that may be incomplete. Please report this, with the server's version, at https://github.com/tofupilot/terraform-provider-tofupilot/issues.",
				`after the page at cursor "x" it gives next_cursor "x", which doesn't advance`,
			), requests: 6,
		},
	}
}

// Servers that behave otherwise than documented.
func otherwiseFaults() []fault {
	return []fault{
		{
			name: "a page of HTML", at: faulty(answer(http.StatusOK, "<html>Log in</html>", "Content-Type", "text/html")),
			fails:    harness.WantError("", notTheAPI, askedFor+" returned HTTP 200 OK (text/html): the response is HTML, not a JSON object.", gateway),
			requests: 1,
		},
		{
			name: "401 of HTML", at: faulty(answer(http.StatusUnauthorized, "<html>Log in</html>")),
			fails: harness.WantError("", notTheAPI, askedFor+" returned HTTP 401 Unauthorized (text/html", ", not an API answer).", gateway), requests: 1,
		},
		{
			name: "403 of HTML", at: faulty(answer(http.StatusForbidden, "<!doctype html><title>Sorry</title>", "Content-Type", "text/plain")),
			fails: harness.WantError("", notTheAPI, askedFor+" returned HTTP 403 Forbidden (text/plain, not an API answer).", gateway), requests: 1,
		},
		{
			name: "401 of HTML for a search", at: around(func(api http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Query().Has("search_query") {
						answer(http.StatusUnauthorized, "<html>Log in</html>")(w, r)
						return
					}
					api.ServeHTTP(w, r)
				})
			}),
			dataSource: procedureIDs, arguments: harness.Values{"names": elements("Battery")},
			fails: harness.WantError("names", "Some names don't match exactly one procedure", "The API key can read 4 procedures."), requests: 2,
		},
		{
			name: "a row that the server can't show", at: faulty(answer(http.StatusInternalServerError, `{"message":"Output validation failed","code":"INTERNAL_SERVER_ERROR"}`)),
			fails: harness.WantError("", "The server can't return one of its procedures",
				askedFor+" returned HTTP 500 Internal Server Error: Output validation failed.", "Only the server's administrator can fix that. Show them this message.",
			), requests: 1,
		},
	}
}
