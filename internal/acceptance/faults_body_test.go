package acceptance

import (
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
	return []fault{
		{
			name: "a body that is half there", at: faulty(with200(`{"data":[` + goodItem)), provider: harness.Values{"max_retries": 1},
			fails:    harness.Error("", incomplete, askedFor+" (2 attempts)"+answered200+"the answer isn't a page of procedures: the body ends too early.", againLater),
			requests: 2, retries: 1, within: retried(1),
		},
		{
			name: "a list in place of a page", at: faulty(with200("[]")),
			fails:    harness.Error("", notTheAPI, askedFor+answered200+"the answer isn't a page of procedures: the body: unexpected [.", leadsToTofuPilot),
			requests: 1,
		},
		{
			name: "a number as id", at: faulty(with200(`{"data":[` + goodItem + `,{"id":7}],` + endOfList + `}`)),
			fails:    harness.Error("", unsupported, askedFor+answered200+"the answer isn't a page of procedures: data.1.id: unexpected number.", maybeVersion),
			requests: 1,
		},
		{
			name: "a page of 1,000 rows, where 100 were asked for", at: faulty(with200(`{"data":[` + rowsOf(1_000) + `],` + endOfList + `}`)),
			ids:      strings.Split(strings.NewReplacer(`{"id":"`, "", `"}`, "").Replace(rowsOf(1_000)), ","),
			requests: 6, // the server ignores the cursor as well, and that shows only after some
		},
		{
			name: "40 MB", at: faulty(func(w http.ResponseWriter, _ *http.Request) { _, _ = fortyMegabytes(w) }),
			fails:    harness.Error("", "The answer is too large", askedFor+" returned HTTP 200 OK", ": the answer's body is larger than 32 MiB.", "Check that it leads to a TofuPilot server. If it does, lower page_size."),
			requests: 1, within: slow,
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
	return []fault{
		{
			name: "a cursor that stays", at: faulty(with200(`{"data":[],"meta":{"has_more":true,"next_cursor":"x"}}`)),
			fails: harness.Error("", "The server's pages are inconsistent",
				"Reading the procedures from {url}/api: the server's paging can't be followed: ", "So far: 6 requests, 0 procedures.",
				"The provider doesn't use a list that may be incomplete. Please report this, with the server's version, at https://github.com/tofupilot/terraform-provider-tofupilot/issues.",
				`after the page at cursor "x" it gives next_cursor "x", which doesn't advance`,
			), requests: 6,
		},
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
