package acceptance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Summaries of errors, and advice in their details.
const (
	rejected   = "The server rejected the request"
	wrongKey   = "The server doesn't accept the API key"
	notAllowed = "The API key isn't allowed to read procedures"
	notTheAPI  = "The API doesn't answer at this address"
	inTrouble  = "The server has a problem"

	askTheAdmin      = "Try again later. If the problem persists, ask the server's administrator, and check that this is the right server and not a proxy."
	leadsToTofuPilot = "The address {url}/api comes from the provider's url. Check that it leads to a TofuPilot server, with the right scheme and port. A login page, a proxy or a firewall may respond in the server's place."
	gateway          = "The address {url}/api comes from the provider's url. A gateway or a firewall answered instead of the API. " + maybeLogin
	checkKey         = "Check the key, or create a new one in TofuPilot's settings."
)

// statusFaults returns faults with a status that isn't retried. retryFaults returns the others.
func statusFaults() []fault {
	unauthorized := func(source, advice string, environment func(*testing.T, *harness.Target)) fault {
		return fault{
			name: "401, with a key from " + source, target: serveHandler(fakeapi.Status(http.StatusUnauthorized, `{"message":"Unauthorized","code":"UNAUTHORIZED","issues":[]}`)), environment: environment,
			wantError: harness.WantError("", wrongKey, firstRequest+" returned HTTP 401 Unauthorized: Unauthorized.", "The key comes from "+source+".", "The address {url}/api comes from the provider's url. ", advice),
			requests:  1,
		}
	}
	forbiddenStation, emptyStation := newAPI(), newAPI()
	forbiddenStation.ForbidStation(fakeapi.Key)
	emptyStation.AllowStation(fakeapi.Key)
	return []fault{
		{
			name: "400 with issues about arguments", target: serveHandler(fakeapi.Status(http.StatusBadRequest, `{"message":"Input validation failed","code":"BAD_REQUEST",
				"issues":[{"code":"too_big","path":["limit"],"message":"Number must be less than or equal to 50"},{"path":["search_query"],"message":"Too common"},{"message":"No path"}]}`)),
			arguments: harness.Values{"search_query": "a b"},
			wantError: harness.WantError("page_size", rejected,
				"GET {url}/api/v2/procedures?limit=100&search_query=a+b returned HTTP 400 Bad Request: Input validation failed.",
				"- limit: Number must be less than or equal to 50", "- search_query: Too common", "- No path", "Correct the arguments of the data source.",
			), requests: 1,
		},
		unauthorized("the provider's api_key", checkKey, nil), // nil: api_key is set
		unauthorized("the login file {login}", "It may be expired or revoked. Run `tofupilot login` again.", writeLogin),
		{
			name: "401, though a login has a key for the server", target: serveHandler(fakeapi.Status(http.StatusUnauthorized, `{"message":"Unauthorized","code":"UNAUTHORIZED"}`)),
			environment: func(t *testing.T, target *harness.Target) {
				t.Helper()
				writeLogin(t, target)
				t.Setenv("TOFUPILOT_API_KEY", "tp_revoked")
			},
			wantError: harness.WantError("", wrongKey, "The key comes from the environment variable TOFUPILOT_API_KEY.",
				"in TofuPilot's settings. There is also the login file {login} for {url}, used only without a key."), requests: 1,
		},
		{
			name: "403 for a station's key", target: serveHandler(forbiddenStation),
			wantError: harness.WantError("", notAllowed,
				firstRequest+" returned HTTP 403 Forbidden: Forbidden.", "The key comes from the provider's api_key.",
				"A station's key may see only the procedures that its station is linked to, or none. Use the key of a user who can see the procedures in TofuPilot.",
			), requests: 1,
		},
		{
			name: "a lookup with a station's key that sees nothing", target: serveHandler(emptyStation),
			dataSource: "tofupilot_procedure", arguments: harness.Values{"name": "FVT"},
			wantError: harness.WantError("name", "No such procedure", "The API key can read 0 procedures.",
				"check that the key's owner can see the procedure: a station's key may see only those that its station is linked to, or none."), requests: 2,
		},
		{
			name: "400 for names, without issues", dataSource: "tofupilot_procedure_ids", arguments: harness.Values{"names": newSet("Procedure 7")},
			target: serveHandler(fakeapi.Status(http.StatusBadRequest, `{"message": "Input validation failed"}`, "Content-Type", "application/json")), requests: 2,
			wantError: harness.WantError("", rejected, firstRequest+" returned HTTP 400 Bad Request: Input validation failed.", "comes from the provider's url. The server may be too old or too new for this provider."),
		},
		{
			name: "404 for a URL with a path", target: withUnknownPath,
			wantError: harness.WantError("", notTheAPI, "returned HTTP 404 Not Found", "Check that it leads to a TofuPilot server, with the right scheme and port. Few servers are below a path: remove /organization/settings from it unless yours is."), requests: 1,
		},
		{
			name: "401 with a body that ends too early", target: serveHandler(fakeapi.Status(http.StatusUnauthorized, "", "Content-Length", "1000")),
			wantError: harness.WantError("", notTheAPI, firstRequest+" returned HTTP 401 Unauthorized"), requests: 1,
		},
		{
			name: "409", target: serveHandler(fakeapi.Status(http.StatusConflict, `{"message":"Conflict","code":"CONFLICT"}`)),
			wantError: harness.WantError("", rejected, firstRequest+" returned HTTP 409 Conflict: Conflict.", "The message is the server's."), requests: 1,
		},
		{
			name: "403 with HTML", target: serveHandler(fakeapi.Status(http.StatusForbidden, "<!doctype html><title>Sorry</title>", "Content-Type", "text/plain")),
			wantError: harness.WantError("", notTheAPI, firstRequest+" returned HTTP 403 Forbidden (text/plain, not an API response).", gateway), requests: 1,
		},
		{
			// The lookup doesn't report the 401: HTML doesn't come from the API. It reads the list instead,
			// which has no such name.
			name: "401 with HTML for a search", target: serveHandler(failSearches(fakeapi.Status(http.StatusUnauthorized, "<html>Log in</html>"))),
			dataSource: "tofupilot_procedure_ids", arguments: harness.Values{"names": newSet("Battery")},
			wantError: harness.WantError("names", "Some names don't match exactly one procedure", "The API key can read 4 procedures."), requests: 2,
		},
		{
			name: "500 for a procedure that the server can't encode", target: serveHandler(fakeapi.Status(http.StatusInternalServerError, `{"message":"Output validation failed","code":"INTERNAL_SERVER_ERROR"}`)),
			wantError: harness.WantError("", "The server can't return one of its procedures",
				firstRequest+" returned HTTP 500 Internal Server Error: Output validation failed.", "Only the server's administrator can fix that. Show them this message.",
			), requests: 1,
		},
	}
}

// writeLogin writes a login file with the target's URL and the API key that the fake accepts.
func writeLogin(t *testing.T, target *harness.Target) {
	t.Helper()
	target.Login = harness.LogIn(t, map[string]string{"api_key": fakeapi.Key, "base_url": target.URL})
}

// withUnknownPath starts a server and adds a path to its URL, below which there is no API.
func withUnknownPath(t *testing.T) *harness.Target {
	t.Helper()
	target := harness.NewTarget(t, newAPI())
	target.URL += "/organization/settings"
	return target
}

const (
	unsupported  = "The response isn't supported"
	maybeVersion = "Check that it leads to a TofuPilot server. If it does, the server may be too old or too new for this provider. Please report this, with the server's version, at https://github.com/tofupilot/terraform-provider-tofupilot/issues."

	endOfList  = `"meta":{"has_more":false,"next_cursor":null}`
	returnedOK = " returned HTTP 200 OK (application/json): "

	goodItem = `{"id":"a","name":"FVT","created_at":"2024-01-15T10:30:00.000Z","created_by_user":null}`
)

// bodyFaults returns faults in the body of a response with status 200.
func bodyFaults() []fault {
	return []fault{
		{
			name: "a body that ends too early", target: serveHandler(fakeapi.Status(http.StatusOK, `{"data":[`+goodItem)), provider: harness.Values{"max_retries": 1},
			wantError: harness.WantError("", incomplete, firstRequest+" (2 attempts)"+returnedOK+"the response isn't a page of procedures: the body ends too early.", againLater),
			requests:  2, retries: 1, timeout: retryTimeout,
		},
		{
			name: "an array instead of a page", target: serveHandler(fakeapi.Status(http.StatusOK, "[]", "Content-Type", "application/json")),
			wantError: harness.WantError("", notTheAPI, firstRequest+returnedOK+"the response is an array, not a JSON object.", leadsToTofuPilot),
			requests:  1,
		},
		{
			name: "a number as id", target: serveHandler(fakeapi.Status(http.StatusOK, `{"data":[`+goodItem+`,{"id":7}],`+endOfList+`}`)),
			wantError: harness.WantError("", unsupported, firstRequest+returnedOK+"the response isn't a page of procedures: data.1.id: unexpected number.", maybeVersion),
			requests:  1,
		},
		{
			name: "a body of 40 MiB", target: serveHandler(fakeapi.Status(http.StatusOK, `{"data":[],`+endOfList+`,"more":"`+strings.Repeat("x", 40<<20)+`"}`)),
			wantError: harness.WantError("", "The response is too large", firstRequest+" returned HTTP 200 OK", ": the response's body is larger than 32 MiB.", "Check that it leads to a TofuPilot server. If it does, lower page_size."),
			requests:  1, timeout: slowTimeout,
		},
		{
			name: "200 with HTML", target: serveHandler(fakeapi.Status(http.StatusOK, "<html>Log in</html>", "Content-Type", "text/html")),
			wantError: harness.WantError("", notTheAPI, firstRequest+" returned HTTP 200 OK (text/html): the response is HTML, not a JSON object.", gateway),
			requests:  1,
		},
	}
}

// failSearches returns a handler that passes requests with a search_query to fault, and the others to
// a fake API.
func failSearches(fault http.Handler) http.Handler {
	api := newAPI()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("search_query") {
			fault.ServeHTTP(w, r)
		} else {
			api.ServeHTTP(w, r)
		}
	})
}
