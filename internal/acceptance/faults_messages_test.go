package acceptance

import (
	"fmt"
	"net/http"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// What a server says goes into an error: without the key, which it may echo,
// without anything that steers a terminal, and not without end.
func messageFaults() []fault {
	const key = fakeapi.Key
	return []fault{
		{
			name: "the key in a message", at: faulty(answer(http.StatusUnauthorized, `{"message":"No such key: `+key+`!"}`)),
			fails: harness.WantError("", wrongKey, askedFor+" returned HTTP 401 Unauthorized: No such key: [the API key]!."), requests: 1,
		},
		{
			name: "the key as an issue", at: faulty(answer(http.StatusUnauthorized, `{"message":"m","issues":[{"message":"`+key+`","path":["`+key+`",1,{"`+key+`":"`+key+`"}]}]}`)),
			fails: harness.WantError("", wrongKey, "- [the API key].1.map[[the API key]:[the API key]]: [the API key]"), requests: 1,
		},
		{
			name: "the key as a type", at: faulty(answer(http.StatusNotFound, "", "Content-Type", "text/"+key)),
			fails: harness.WantError("", notTheAPI, "HTTP 404 Not Found (text/[the API key], not an API answer)."), requests: 1,
		},
		{
			name: "the key as the type of a page", at: faulty(answer(http.StatusOK, "", "Content-Type", "text/"+key)), provider: harness.Values{"max_retries": 0},
			fails: harness.WantError("", incomplete, "HTTP 200 OK (text/[the API key]): the response is empty, not a JSON object."), requests: 1,
		},
		{
			name: "the key as an encoding", at: faulty(answer(http.StatusOK, "", "Content-Encoding", key)),
			fails: harness.WantError("", notTheAPI, "the answer's encoding is [the API key], which"), requests: 1,
		},
		{
			name: "the key in an error of a gateway", at: faulty(answer(http.StatusForbidden, `{"error":"`+key+`"}`)),
			fails: harness.WantError("", notTheAPI, "HTTP 403 Forbidden: [the API key]."), requests: 1,
		},
		{
			name: "the key in a notice in place of a page", at: faulty(with200(`{"message":"Down for maintenance, ` + key + `.","data":null}`)),
			fails: harness.WantError("", unsupported, "it has no data. It says: Down for maintenance, [the API key]."), requests: 1,
		},
		{
			name: "the key as a search", at: faulty(answer(http.StatusForbidden, "")), arguments: harness.Values{"search_query": key},
			fails: harness.WantError("", notTheAPI, "search_query=[the API key] returned HTTP 403"), requests: 1,
		},
		{
			name: "the key as a name", at: faulty(with200(`{"data":[{"id":"` + key + `","name":"` + key + `"}],` + endOfList + `}`)),
			dataSource: "tofupilot_procedure", arguments: harness.Values{"name": "Battery"},
			fails: harness.WantError("name", "No such procedure", `- [the API key] "[the API key]"`), requests: 2,
		},
		{
			name: "the key as names", at: faulty(with200(`{"data":[{"id":"` + key + `","name":"` + key + `"}],` + endOfList + `}`)),
			dataSource: procedureIDs, arguments: harness.Values{"names": elements("Battery", key+"2")},
			fails: harness.WantError("names", "Some names don't match exactly one procedure", `"[the API key]2": no procedure has this name; these are all: "[the API key]"`), requests: 1,
		},
		{
			name: "the key instead of HTTP", at: harness.NewConnTarget(saying(key + "\r\n")), provider: harness.Values{"max_retries": 1},
			fails: harness.WantError("", incomplete, "[the API key]"), requests: 2, retries: 1, within: retried,
		},
		{
			name: "the key as a name that stands twice", at: faulty(with200(`{"data":[{"` + key + `":1,"` + key + `":1}],` + endOfList + `}`)),
			fails: harness.WantError("", unsupported, fmt.Sprintf("duplicate object member name, at byte %d: data.0.[the API key].", len(`{"data":[{"":1,`)+len(key))), requests: 1,
		},
		{
			name: "the key as a date", at: faulty(with200(`{"data":[{"id":"a","created_at":"` + key + `"}],` + endOfList + `}`)),
			ids: []string{"a"}, requests: 1, // data is the server's own; the log has it masked
		},
		{
			name: "the key as a cursor", at: faulty(with200(`{"data":[],"meta":{"has_more":true,"next_cursor":"` + key + `"}}`)),
			fails: harness.WantError("", "The server's pages are inconsistent", `it gives next_cursor "[the API key]", which doesn't advance`), requests: 6,
		},
		{
			name: "the key as an ID that stands twice", at: faulty(with200(`{"data":[{"id":"` + key + `"},{"id":"` + key + `"}],` + endOfList + `}`)),
			fails: harness.WantError("", "The server's pages are inconsistent", `"[the API key]" is twice in one page`, "So far: 1 request, 0 procedures."), requests: 1,
		},
	}
}
