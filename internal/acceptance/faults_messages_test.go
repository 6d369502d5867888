package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// What a server says goes into an error: without the key, which it may echo,
// without anything that steers a terminal, and not without end.
func messageFaults() []fault {
	const key = fakeapi.Key
	says := func(name string, body any, words ...string) fault {
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		return fault{
			name: name, at: faulty(answer(http.StatusUnauthorized, string(text))),
			fails: harness.Error("", wrongKey, append([]string{askedFor + " returned HTTP 401 Unauthorized"}, words...)...), requests: 1,
		}
	}
	message := func(name, text string, words ...string) fault {
		return says(name, map[string]any{"message": text}, words...)
	}
	return []fault{
		message("the key", "No such key: "+key+"!", ": No such key: [the API key]!."),
		message("the key between zeros", "No such key: "+strings.Join(strings.Split(key, ""), "\x00"), ": No such key: [the API key]."),
		message("the key between zero-width spaces", strings.Join(strings.Split(key, ""), "\u200b"), ": [the API key]."),
		message("the key a thousand times", strings.Repeat(key, 1000), strings.Repeat("[the API key]", 70), "…"),
		message("the key where the text is cut", strings.Repeat("x", 990)+key, strings.Repeat("x", 990)+"[the API k…"),
		message("colours, a bell and a title", "\x1b[31mred\x1b[0m\a\x1b]0;title\a\u009b2J", ": [31mred[0m]0;title2J."),
		message("line breaks", "one\r\ntwo\u2028three", ": one  two three."),
		message("text that runs backwards", "\u202enwonknu\u2069", ": nwonknu."),
		message("200 kB", strings.Repeat("🔋", 50_000), strings.Repeat("🔋", 1000)+"…"),
		says("issues without end", map[string]any{"message": "m", "issues": manyIssues(100)}, "- a.19: "+strings.Repeat("x", 1000)+"…\n\n"),
		says("the key as an issue", map[string]any{"message": "m", "issues": []any{map[string]any{"message": key, "path": []any{key, 1, map[string]any{key: key}}}}},
			"- [the API key].1.map[[the API key]:[the API key]]: [the API key]"),
		says("nothing in the form of the API", map[string]any{"message": 7, "code": []any{}, "issues": "none"}, "(application/json, not an API answer)."),
		says("a message beside issues in another form", map[string]any{"message": "The truth", "issues": map[string]any{"a": "b"}}, ": The truth."),
		{
			name: "the key as a type", at: faulty(answer(http.StatusNotFound, "", "Content-Type", "text/"+key)),
			fails: harness.Error("", notTheAPI, "HTTP 404 Not Found (text/[the API key], not an API answer)."), requests: 1,
		},
		{
			name: "the key as the type of a page", at: faulty(answer(http.StatusOK, "", "Content-Type", "text/"+key)), provider: harness.Values{"max_retries": 0},
			fails: harness.Error("", incomplete, "HTTP 200 OK (text/[the API key]): the answer isn't a page"), requests: 1,
		},
		{
			name: "the key as an encoding", at: faulty(answer(http.StatusOK, "", "Content-Encoding", key)),
			fails: harness.Error("", notTheAPI, "the answer's encoding is [the API key], which"), requests: 1,
		},
		{
			name: "the key in an error of a gateway", at: faulty(answer(http.StatusForbidden, `{"error":"`+key+`"}`)),
			fails: harness.Error("", notTheAPI, "HTTP 403 Forbidden: [the API key]."), requests: 1,
		},
		{
			name: "the key in a notice in place of a page", at: faulty(with200(`{"message":"Down for maintenance, ` + key + `.","data":null}`)),
			fails: harness.Error("", unsupported, "it has no data. It says: Down for maintenance, [the API key]."), requests: 1,
		},
		{
			name: "the key as a search", at: faulty(answer(http.StatusForbidden, "")), arguments: harness.Values{"search_query": key},
			fails: harness.Error("", notTheAPI, "search_query=[the API key] returned HTTP 403"), requests: 1,
		},
		{
			name: "the key as a name", at: faulty(with200(`{"data":[{"id":"` + key + `","name":"` + key + `"}],` + endOfList + `}`)),
			dataSource: "tofupilot_procedure", arguments: harness.Values{"name": "Battery"},
			fails: harness.Error("name", "No such procedure", `- [the API key] "[the API key]"`), requests: 2,
		},
		{
			name: "the key as names", at: faulty(with200(`{"data":[{"id":"` + key + `","name":"` + key + `"}],` + endOfList + `}`)),
			dataSource: procedureIDs, arguments: harness.Values{"names": elements("Battery", key+"2")},
			fails: harness.Error("names", "Some names don't match exactly one procedure", `"[the API key]2": no procedure has this name; these are all: "[the API key]"`), requests: 1,
		},
		{
			name: "the key instead of HTTP", at: harness.ByHand(saying(key + "\r\n")), provider: harness.Values{"max_retries": 1},
			fails: harness.Error("", incomplete, "[the API key]"), requests: 2, retries: 1, within: retried(1),
		},
		{
			name: "the key as a name that stands twice", at: faulty(with200(`{"data":[{"` + key + `":1,"` + key + `":1}],` + endOfList + `}`)),
			fails: harness.Error("", unsupported, fmt.Sprintf("duplicate object member name, at byte %d: data.0.[the API key].", len(`{"data":[{"":1,`)+len(key))), requests: 1,
		},
		{
			name: "the key as a date", at: faulty(with200(`{"data":[{"id":"a","created_at":"` + key + `"}],` + endOfList + `}`)),
			ids: []string{"a"}, requests: 1, // data is the server's own; the log has it masked
		},
		{
			name: "the key as a cursor", at: faulty(with200(`{"data":[],"meta":{"has_more":true,"next_cursor":"` + key + `"}}`)),
			fails: harness.Error("", "The server's pages are inconsistent", `it gives next_cursor "[the API key]", which doesn't advance`), requests: 6,
		},
		{
			name: "256 KiB as a cursor", at: faulty(with200(`{"data":[],"meta":{"has_more":true,"next_cursor":"` + strings.Repeat("x", 1<<18) + `"}}`)),
			fails: harness.Error("", unsupported, "meta.next_cursor: longer than 4 KiB"), requests: 1,
		},
		{
			name: "the key as an ID that stands twice", at: faulty(with200(`{"data":[{"id":"` + key + `"},{"id":"` + key + `"}],` + endOfList + `}`)),
			fails: harness.Error("", "The server's pages are inconsistent", `"[the API key]" stands twice in one page`), requests: 1,
		},
	}
}

func manyIssues(count int) []any {
	var all []any
	for i := range count {
		all = append(all, map[string]any{"message": strings.Repeat("x", 2000), "path": []any{"a", i}})
	}
	return all
}
