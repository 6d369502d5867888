package acceptance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// What a server does to lookups. One of a single name searches first.
func lookupFaults() []fault {
	names := func(names ...string) harness.Values { return harness.Values{"names": elements(names...)} }
	seven := harness.Values{"Procedure 7": "r7"}
	refused := func(status int, message string) http.HandlerFunc {
		return answer(status, `{"message": "`+message+`"}`, "Content-Type", "application/json")
	}
	// A search is one request, the list takes three.
	rows := []fault{
		{name: "names, of which a search is refused", at: searching(refused(400, "Input validation failed"), 1), arguments: names("Procedure 7"), found: seven, requests: 4},
		{name: "names, of which a search meets a broken row", at: searching(refused(500, "Output validation failed"), 1), arguments: names("Procedure 7"), found: seven, requests: 4},
		{name: "names, and a firewall that dislikes a search", at: searching(with200("<html></html>"), 1), arguments: names("Procedure 7"), found: seven, requests: 4},
		{name: "names, of which a search finds everything", at: searchless, arguments: names("Procedure 7"), found: seven, requests: 4},
		{
			name: "names, while the server limits the rate", at: searching(answer(http.StatusTooManyRequests, "", "Retry-After", "1"), 1),
			arguments: names("Procedure 7"), found: seven, requests: 2, retries: 1, pause: time.Second, within: retried(1),
		},
		{
			name: "names, and a server that refuses the list", at: searching(refused(400, "Input validation failed")), arguments: names("Procedure 7"), requests: 2,
			fails: harness.Error("", "The server refused the request", askedFor+" returned HTTP 400 Bad Request: Input validation failed.", "comes from the provider's url. The server may be too old or too new for this provider."),
		},
		{
			name: "names, and a page that isn't the API's", at: searching(with200("<html></html>")), arguments: names("Procedure 7"), requests: 2,
			fails: harness.Error("", notTheAPI, askedFor),
		},
		{
			name: "names, and a list that keeps changing", at: growing, requests: requestsVary,
			arguments: harness.Values{"names": elements("Nobody's"), "timeouts": harness.Values{"read": "500ms"}},
			fails:     harness.Error("timeouts.read", tookTooLong, "didn't finish within 500ms", "The list changed while it was read"),
		},
		{
			name: "names that nothing or several have", at: twins, arguments: names("Procedure 7", "procedure 8", "Twin"), requests: 1,
			fails: harness.Error("names", "Some names don't match exactly one procedure", "2 of 3 names can't be looked up at {url}/api. The API key can read 12 procedures.", `"procedure 8": no procedure has this name; the nearest: "Procedure 8"`, `"Twin": 2 procedures have this name`),
		},
		{
			name: "names, and one of 1 MB beside them", at: bulky, arguments: names("Procedure 7", "Procedure 8"), requests: 1, within: slow,
			fails: harness.Error("names", "Some names don't match exactly one procedure", "1 of 2 names can't be looked up at {url}/api. The API key can read 2 procedures.", `"Procedure 8": no procedure has this name; these are all: "Procedure 7", "Procedure 8`),
		},
	}
	for i := range rows {
		rows[i].dataSource = procedureIDs
	}
	return append(rows, fault{
		name: "a name, and one of 1 MB beside it", at: bulky, dataSource: "tofupilot_procedure", arguments: harness.Values{"name": "Procedure 8"}, requests: 2, within: slow,
		fails: harness.Error("name", "No such procedure", `has the name "Procedure 8". The API key can read 2 procedures.`, `r7 "Procedure 7"`),
	})
}

// searching is a target with three pages, where requests of these numbers meet the fault.
func searching(fault http.HandlerFunc, requests ...int) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		api := fakeapi.New(numbered(250)...)
		api.Fail(fault, requests...)
		return harness.Serving(t, api)
	}
}

// searchless is a target with three pages that ignores search_query.
func searchless(t *testing.T) *harness.Target {
	t.Helper()
	api := fakeapi.New(numbered(250)...)
	return harness.Serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		query.Del("search_query")
		other := r.Clone(r.Context())
		other.URL.RawQuery = query.Encode()
		api.ServeHTTP(w, other)
	}))
}

// growing is a target with three pages, where a procedure is created before every
// answer.
func growing(t *testing.T) *harness.Target {
	t.Helper()
	api, added := fakeapi.New(numbered(250)...), new(atomic.Int64)
	api.Before(func(fakeapi.Request) {
		next := added.Add(1)
		api.Add(fakeapi.Procedure{ID: fmt.Sprintf("new-%d", next), CreatedAt: time.Now().Add(time.Duration(next) * time.Second)})
	})
	return harness.Serving(t, api)
}

func twins(t *testing.T) *harness.Target {
	t.Helper()
	return harness.Serving(t, fakeapi.New(slices.Concat(numbered(10), []fakeapi.Procedure{{ID: "t1", Name: "Twin"}, {ID: "t2", Name: "Twin"}})...))
}

// bulky is a target with a name that is all marks, in the order that takes the most
// to bring into a normal form, and nearly as long as a row may be.
func bulky(t *testing.T) *harness.Target {
	t.Helper()
	long := fakeapi.Procedure{ID: "long", Name: "Procedure 8" + strings.Repeat("\u0301\u0316", 250_000)}
	return harness.Serving(t, fakeapi.New(numbered(8)[7], long))
}
