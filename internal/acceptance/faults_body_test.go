package acceptance

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

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
	says := func(name, body string, words ...string) fault {
		summary, next := notTheAPI, leadsToTofuPilot
		if strings.HasPrefix(body, "{") { // as an API answers, though perhaps not this one
			summary, next = unsupported, maybeVersion
		}
		return fault{
			name: name, at: faulty(with200(body)),
			fails:    harness.Error("", summary, append([]string{askedFor + answered200 + "the answer isn't a page of procedures: ", next}, words...)...),
			requests: 1,
		}
	}
	item := func(name, item string, words ...string) fault {
		return says(name, `{"data":[`+goodItem+`,`+item+`],`+endOfList+`}`, words...)
	}
	endsEarly := func(name, body, word string) fault {
		return fault{
			name: name, at: faulty(with200(body)), provider: harness.Values{"max_retries": 1},
			fails:    harness.Error("", incomplete, askedFor+" (2 attempts)"+answered200+"the answer isn't a page of procedures: "+word+".", againLater),
			requests: 2, retries: 1, within: retried(1),
		}
	}
	return []fault{
		endsEarly("an empty body", "", "the body ends too early"),
		endsEarly("a body of white space", " \r\n", "the body ends too early"),
		endsEarly("a body that is half there", `{"data":[`+goodItem, "the body ends too early"),
		says("null", "null", "it has no data"),
		says("[]", "[]", "the body: unexpected ["),
		says("a string", `"maintenance"`, "the body: unexpected string"),
		says("{}", "{}", "it has no data"),
		says("HTML", proxyPage, "invalid character '<' at start of value, at byte 0: the body."),
		says("text", "Service is fine", "invalid character 'S' at start of value, at byte 0: the body."),
		says("data missing", `{`+endOfList+`}`, "it has no data"),
		says("data null", `{"data":null,`+endOfList+`}`, "it has no data"),
		says("data that is an object", `{"data":{},`+endOfList+`}`, `data: unexpected {`),
		says("meta missing", `{"data":[]}`, "it has no meta.has_more"),
		says("has_more missing", `{"data":[],"meta":{"next_cursor":null}}`, "it has no meta.has_more"),
		says("has_more that is a string", `{"data":[],"meta":{"has_more":"yes","next_cursor":null}}`, `meta.has_more: unexpected string`),
		says("next_cursor that is an object", `{"data":[],"meta":{"has_more":true,"next_cursor":{}}}`, "meta.next_cursor: neither a number nor a string"),
		item("an item that is null", `null`, "data: item 1 has no id"),
		item("an item that is a string", `"b"`, `data.1: unexpected string`),
		item("an item without id", `{"name":"FVT"}`, "data: item 1 has no id"),
		item("an item with an empty id", `{"id":""}`, "data: item 1 has no id"),
		item("a number as id", `{"id":7}`, `data.1.id: unexpected number`),
		item("a number as name", `{"id":"b","name":7}`, `data.1.name: unexpected number`),
		item("a number as created_at", `{"id":"b","created_at":1705314600}`, "data.1.created_at: unexpected number"),
		item("a string as fpy", `{"id":"b","fpy":"85.5"}`, "data.1.fpy: not a number"),
		item("an fpy beyond all numbers", `{"id":"b","fpy":1e999}`, `data.1.fpy: a number out of range, or of more than 64 digits: 1e999`),
		item("an fpy of two million digits in eight characters", `{"id":"b","fpy":1e-2000000}`, `data.1.fpy: a number out of range, or of more than 64 digits: 1e-2000000`),
		item("an fpy of 65 digits", `{"id":"b","fpy":0.`+strings.Repeat("1", 64)+`}`, `data.1.fpy: a number out of range, or of more than 64 digits: 0.111`),
		item("a list as runs' unit", `{"id":"b","runs":[{"unit":[]}]}`, `data.1.runs.0.unit: unexpected [`),
		item("invalid UTF-8", "{\"id\":\"b\",\"name\":\"\xff\"}", "invalid UTF-8"),
		item("NUL", "{\"id\":\"b\",\"name\":\"\x00\"}", `invalid character '\x00' in string`),
		says("a byte-order mark", "\uFEFF"+`{"data":[],`+endOfList+`}`, "invalid character"),
		says("UTF-16", "\xff\xfe{\x00}\x00", `invalid character '\xff'`),
		item("nesting 10,000 deep", `{"id":"b","more":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+`}`, "exceeded max depth"),
		says("another document behind it", `{"data":[],`+endOfList+`}{}`, "invalid character '{' after top-level value"),
		says("data twice", `{"data":[],"data":[],`+endOfList+`}`, "duplicate object member name, at byte ", ": data."),
		says("has_more twice", `{"data":[],"meta":{"has_more":true,"next_cursor":null,"has_more":false}}`, "duplicate object member name, at byte ", ": meta.has_more."),
		item("a name twice in an item", `{"id":"b","id":"c"}`, "duplicate object member name, at byte ", ": data.1.id."),
		item("a name twice, of which one is escaped", `{"id":"b","\u0069d":"b"}`, "duplicate object member name, at byte ", ": data.1.id."),
		item("a name twice where nobody looks", `{"id":"b","more":[{"x":1,"x":1}]}`, "duplicate object member name, at byte ", ": data.1.more.0.x."),
		says("has_more in another case", `{"data":[],"meta":{"Has_More":false,"next_cursor":null}}`, "it has no meta.has_more"),
		says("a page of 1,001 rows", `{"data":[`+rowsOf(1_001)+`],`+endOfList+`}`, "data: more than 1000 rows"),
		{
			name: "a page of 1,000 rows, where 100 were asked for", at: faulty(with200(`{"data":[` + rowsOf(1_000) + `],` + endOfList + `}`)),
			ids:      strings.Split(strings.NewReplacer(`{"id":"`, "", `"}`, "").Replace(rowsOf(1_000)), ","),
			requests: 6, // the server ignores the cursor as well, and that shows only after some
		},
		{
			name: "360,000 runs of nothing", at: faulty(with200(`{"data":[{"id":"a","runs":[{}` + strings.Repeat(",{}", 360_000) + `]}],` + endOfList + `}`)),
			fails:    harness.Error("", unsupported, askedFor+answered200, "the answer isn't a page of procedures: data.0: longer than 1 MiB.", maybeVersion),
			requests: 1,
		},
		{
			name: "names in another case beside the right ones", requests: 1, ids: []string{"right"},
			at: faulty(with200(`{"Data":[],"data":[{"ID":"WRONG","id":"right","Id":"WRONG","Name":7,"RUNS":1}],"META":{"has_more":true},"meta":{"HAS_MORE":true,"has_more":false,"Next_Cursor":7,"next_cursor":null}}`)),
		},
		{
			name:  "an id of a megabyte, and a number as date",
			at:    faulty(with200(`{"data":[{"id":"` + strings.Repeat("b", 1_000_000) + `","created_at":7}],` + endOfList + `}`)),
			fails: harness.Error("", unsupported, "data.0.created_at: unexpected number.", maybeVersion), requests: 1, within: slow,
		},
		{
			name: "40 MB", at: faulty(func(w http.ResponseWriter, _ *http.Request) { _, _ = fortyMegabytes(w) }),
			fails:    harness.Error("", "The answer is too large", askedFor+" returned HTTP 200 OK", ": the answer's body is larger than 32 MiB.", "Check that it leads to a TofuPilot server. If it does, lower page_size."),
			requests: 1, within: slow,
		},
		{
			name: "40 MB, in 40 kB of gzip", at: faulty(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				to := gzip.NewWriter(w)
				_, _ = fortyMegabytes(to)
				_ = to.Close()
			}),
			fails:    harness.Error("", "The answer is too large", askedFor+" returned HTTP 200 OK", ": the answer's body is larger than 32 MiB.", "Check that it leads to a TofuPilot server. If it does, lower page_size."),
			requests: 1, within: slow,
		},
		{
			name: "a name of a megabyte", at: faulty(with200(`{"data":[{"id":"a","name":"` + strings.Repeat("FVT ", 250_000) + `"}],` + endOfList + `}`)),
			ids: []string{"a"}, requests: 1, within: slow,
		},
		{
			name: "what isn't documented", at: faulty(with200(`{"version":3,"data":[{"id":"a","steps":[{}],"runs":null,"created_at":null}],"meta":{"has_more":false,"total":1}}`)),
			ids: []string{"a"}, requests: 1,
		},
		{
			name: "NUL, escaped", at: faulty(with200(`{"data":[{"id":"a","name":"\u0000"}],` + endOfList + `}`)),
			ids: []string{"a"}, requests: 1,
		},
	}
}

// rowsOf are so many rows, by ID.
func rowsOf(count int) string {
	rows := make([]string, count)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"id":"%04d"}`, i)
	}
	return strings.Join(rows, ",")
}

func fortyMegabytes(to io.Writer) (int, error) {
	return io.WriteString(to, `{"data":[],`+endOfList+`,"more":"`+strings.Repeat("x", 40<<20)+`"}`)
}

// Faults of a list of several pages.
func pagingFaults() []fault {
	const paging = "The server's pages are inconsistent"
	page := func(ids string, next string) http.HandlerFunc {
		var rows []string
		for _, id := range ids {
			rows = append(rows, fmt.Sprintf(`{"id":"%c"}`, id))
		}
		return with200(`{"data":[` + strings.Join(rows, ",") + `],"meta":{"has_more":true,"next_cursor":` + next + `}}`)
	}
	reports := func(name string, first http.HandlerFunc, requests int, words ...string) fault {
		return fault{
			name: name, at: faulty(first),
			fails: harness.Error("", paging, append([]string{
				"Reading the procedures from {url}/api: the server's paging can't be followed: ", fmt.Sprintf("So far: %d requests, 0 procedures.", requests),
				"The provider doesn't use a list that may be incomplete. Please report this, with the server's version, at https://github.com/tofupilot/terraform-provider-tofupilot/issues.",
			}, words...)...), requests: requests,
		}
	}
	return []fault{
		reports("more, but no cursor", page("ab", "null"), 2, `it has more after the page at cursor "", but gives no next_cursor`),
		reports("a cursor that doesn't advance", page("ab", "0"), 4, `it gives next_cursor "0", which doesn't advance`),
		reports("a cursor that stays", page("", `"x"`), 6, `after the page at cursor "x" it gives next_cursor "x", which doesn't advance`),
		{
			name: "an item without id on the second page", at: around(onSecondPage(with200(`{"data":[{"id":"a"},{}],` + endOfList + `}`))), arguments: harness.Values{"page_size": 2},
			fails: harness.Error("", unsupported,
				"GET {url}/api/v2/procedures?cursor=1&limit=2"+answered200+"the answer isn't a page of procedures: data: item 1 has no id.", maybeVersion,
			), requests: 3,
		},
	}
}

// onSecondPage has the second page of two procedures meet the fault, once the
// third is asked for too: the two are asked for at once, and the end of one may
// keep the other from being asked for at all.
func onSecondPage(fault http.HandlerFunc) func(http.Handler) http.Handler {
	return func(api http.Handler) http.Handler {
		third := make(chan struct{})
		both := sync.OnceFunc(func() { close(third) })
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Query().Get("cursor") {
			case "1":
				select {
				case <-third:
				case <-r.Context().Done():
				}
				fault(w, r)
				return
			case "2":
				both()
			}
			api.ServeHTTP(w, r)
		})
	}
}
