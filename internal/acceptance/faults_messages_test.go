package acceptance

import (
	"fmt"
	"net/http"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// messageFaults returns faults in which a server's text, or an argument, contains the API key. The
// provider redacts the key in errors.
func messageFaults() []fault {
	const key = fakeapi.Key
	return []fault{
		{
			name: "the key in a message", target: serveHandler(fakeapi.Status(http.StatusUnauthorized, `{"message":"No such key: `+key+`!"}`)),
			wantError: harness.WantError("", wrongKey, firstRequest+" returned HTTP 401 Unauthorized: No such key: [the API key]!."), requests: 1,
		},
		{
			name: "the key as an issue", target: serveHandler(fakeapi.Status(http.StatusUnauthorized, `{"message":"m","issues":[{"message":"`+key+`","path":["`+key+`",1,{"`+key+`":"`+key+`"}]}]}`)),
			wantError: harness.WantError("", wrongKey, "- [the API key].1.map[[the API key]:[the API key]]: [the API key]"), requests: 1,
		},
		{
			name: "the key as the content type of an error", target: serveHandler(fakeapi.Status(http.StatusNotFound, "", "Content-Type", "text/"+key)),
			wantError: harness.WantError("", notTheAPI, "HTTP 404 Not Found (text/[the API key], not an API response)."), requests: 1,
		},
		{
			name: "the key as the content type of a page", target: serveHandler(fakeapi.Status(http.StatusOK, "", "Content-Type", "text/"+key)), provider: harness.Values{"max_retries": 0},
			wantError: harness.WantError("", incomplete, "HTTP 200 OK (text/[the API key]): the response is empty, not a JSON object."), requests: 1,
		},
		{
			name: "the key as an encoding", target: serveHandler(fakeapi.Status(http.StatusOK, "", "Content-Encoding", key)),
			wantError: harness.WantError("", notTheAPI, "the response's encoding is [the API key], which"), requests: 1,
		},
		{
			name: "the key in an error of a gateway", target: serveHandler(fakeapi.Status(http.StatusForbidden, `{"error":"`+key+`"}`)),
			wantError: harness.WantError("", notTheAPI, "HTTP 403 Forbidden: [the API key]."), requests: 1,
		},
		{
			name: "the key in a notice in place of a page", target: serveHandler(fakeapi.Status(http.StatusOK, `{"message":"Down for maintenance, `+key+`.","data":null}`)),
			wantError: harness.WantError("", unsupported, "it has no data. It says: Down for maintenance, [the API key]."), requests: 1,
		},
		{
			name: "the key as a search", target: serveHandler(fakeapi.Status(http.StatusForbidden, "")), arguments: harness.Values{"search_query": key},
			wantError: harness.WantError("", notTheAPI, "search_query=[the API key] returned HTTP 403"), requests: 1,
		},
		{
			name: "the key as a name", target: serveHandler(fakeapi.Status(http.StatusOK, `{"data":[{"id":"`+key+`","name":"`+key+`"}],`+endOfList+`}`)),
			dataSource: "tofupilot_procedure", arguments: harness.Values{"name": "Battery"},
			wantError: harness.WantError("name", "No such procedure", `- [the API key] "[the API key]"`), requests: 2,
		},
		{
			name: "the key as names", target: serveHandler(fakeapi.Status(http.StatusOK, `{"data":[{"id":"`+key+`","name":"`+key+`"}],`+endOfList+`}`)),
			dataSource: "tofupilot_procedure_ids", arguments: harness.Values{"names": newSet("Battery", key+"2")},
			wantError: harness.WantError("names", "Some names don't match exactly one procedure", `"[the API key]2": no procedure has this name; these are all: "[the API key]"`), requests: 1, // the list, which is one page: no search
		},
		{
			name: "the key instead of an HTTP response", target: harness.NewConnTarget(sendRaw(key + "\r\n")), provider: harness.Values{"max_retries": 1},
			wantError: harness.WantError("", incomplete, "[the API key]"), requests: 2, retries: 1, timeout: retryTimeout,
		},
		{
			name: "the key as a duplicate name in JSON", target: serveHandler(fakeapi.Status(http.StatusOK, `{"data":[{"`+key+`":1,"`+key+`":1}],`+endOfList+`}`)),
			wantError: harness.WantError("", unsupported, fmt.Sprintf("duplicate object member name, at byte %d: data.0.[the API key].", len(`{"data":[{"`+key+`":1,`))), requests: 1,
		},
		{
			name: "the key as a date", target: serveHandler(fakeapi.Status(http.StatusOK, `{"data":[{"id":"a","created_at":"`+key+`"}],`+endOfList+`}`)),
			wantIDs: []string{"a"}, requests: 1, // a list shows the server's values unchanged; only the log is redacted
		},
		{
			name: "the key as a cursor that doesn't advance", target: serveHandler(fakeapi.Status(http.StatusOK, `{"data":[],"meta":{"has_more":true,"next_cursor":"`+key+`"}}`)),
			wantError: harness.WantError("", "The server's pages are inconsistent", "Reading the procedures from {url}/api: the server's paging can't be followed: ",
				`after the page at cursor "[the API key]" it gives next_cursor "[the API key]", which doesn't advance`, "So far: 6 requests, 0 procedures.",
				"The provider doesn't use a list that may be incomplete. Please report this, with the server's version, at https://github.com/tofupilot/terraform-provider-tofupilot/issues.",
			), requests: 6, // two passes end after their first page, and two follow the cursor to a second page
		},
		{
			name: "the key as a duplicate ID", target: serveHandler(fakeapi.Status(http.StatusOK, `{"data":[{"id":"`+key+`"},{"id":"`+key+`"}],`+endOfList+`}`)),
			wantError: harness.WantError("", "The server's pages are inconsistent", `"[the API key]" is twice in one page`, "So far: 1 request, 0 procedures."), requests: 1,
		},
	}
}
