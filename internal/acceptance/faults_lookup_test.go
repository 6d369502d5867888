package acceptance

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// What a server does to lookups. One of a single name searches first.
func lookupFaults() []fault {
	return []fault{
		{
			name: "names, and a server that refuses the list", dataSource: procedureIDs, arguments: harness.Values{"names": elements("Procedure 7")},
			at: faulty(answer(400, `{"message": "Input validation failed"}`, "Content-Type", "application/json")), requests: 2,
			fails: harness.Error("", refused, askedFor+" returned HTTP 400 Bad Request: Input validation failed.", "comes from the provider's url. The server may be too old or too new for this provider."),
		},
		{
			name: "names, and a list that keeps changing", at: growing, requests: requestsVary, dataSource: procedureIDs,
			arguments: harness.Values{"names": elements("Nobody's"), "timeouts": harness.Values{"read": "500ms"}},
			fails:     harness.Error("timeouts.read", tookTooLong, "didn't finish within 500ms", "The list changed while it was read"),
		},
		{
			name: "a name, and one of 1 MB beside it", at: bulky, dataSource: "tofupilot_procedure", arguments: harness.Values{"name": "Procedure 8"}, requests: 2, within: slow,
			fails: harness.Error("name", "No such procedure", `has the name "Procedure 8". The API key can read 2 procedures.`, `r7 "Procedure 7"`),
		},
	}
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

// bulky is a target with a name that is all marks, in the order that takes the most
// to bring into a normal form, and nearly as long as a row may be.
func bulky(t *testing.T) *harness.Target {
	t.Helper()
	long := fakeapi.Procedure{ID: "long", Name: "Procedure 8" + strings.Repeat("\u0301\u0316", 250_000)}
	return harness.Serving(t, fakeapi.New(numbered(8)[7], long))
}
