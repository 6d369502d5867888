package acceptance

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// The fake filters as the server does, so what is found shows that the filter was
// understood, and what was asked shows that nothing else was.
func TestEachFilterAndAllTogetherAreAskedOfTheServer(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2024, time.January, 15, hour, 0, 0, 0, time.UTC) }
	api, address := harness.Serve(t,
		fakeapi.Procedure{ID: "fvt-9", Name: "FVT of 9", CreatedAt: at(9)},
		fakeapi.Procedure{ID: "ict-10", Name: "ICT of 10", CreatedAt: at(10)},
		fakeapi.Procedure{ID: "fvt-11", Name: "FVT of 11", CreatedAt: at(11)},
		fakeapi.Procedure{ID: "ict-12", Name: "ICT of 12", CreatedAt: at(12)},
	)
	cases := []struct {
		arguments harness.Values
		query     url.Values
		ids       []string
	}{
		{nil, url.Values{"limit": {"100"}}, []string{"fvt-9", "ict-10", "fvt-11", "ict-12"}},
		{harness.Values{"search_query": "fvt"}, url.Values{"limit": {"100"}, "search_query": {"fvt"}}, []string{"fvt-9", "fvt-11"}},
		{
			harness.Values{"created_after": "2024-01-15T11:00:00+01:00"},
			url.Values{"limit": {"100"}, "created_after": {"2024-01-15T10:00:00.000Z"}},
			[]string{"fvt-11", "ict-12"},
		},
		{
			harness.Values{"created_before": "2024-01-15T04:30:00.5-05:30"},
			url.Values{"limit": {"100"}, "created_before": {"2024-01-15T10:00:00.500Z"}},
			[]string{"fvt-9", "ict-10"},
		},
		{harness.Values{"page_size": 50}, url.Values{"limit": {"50"}}, []string{"fvt-9", "ict-10", "fvt-11", "ict-12"}},
		{
			harness.Values{
				"search_query": "ict", "created_after": "2024-01-15T09:00:00Z", "created_before": "2024-01-15T12:00:00Z",
				"page_size": 7, "timeouts": harness.Values{"read": "1m"},
			},
			url.Values{
				"limit": {"7"}, "search_query": {"ict"},
				"created_after": {"2024-01-15T09:00:00.000Z"}, "created_before": {"2024-01-15T12:00:00.000Z"},
			},
			[]string{"ict-10"},
		},
	}
	alone := map[string]bool{}
	server := forFake(t, address)
	for _, c := range cases {
		api.Forget()
		resp := server.Read(t, "tofupilot_procedures", c.arguments)
		harness.ExpectNoDiagnostics(t, resp.Diagnostics)
		harness.ExpectEqual(t, fmt.Sprint(c.arguments), idsIn(t, server.State(t, "tofupilot_procedures", resp)), c.ids)
		harness.ExpectEqual(t, "queries", harness.Distinct(api.Requests(), func(r fakeapi.Request) string { return r.Query.Encode() }), []string{c.query.Encode()})
		for name := range c.arguments {
			alone[name] = alone[name] || len(c.arguments) == 1
		}
	}
	for _, a := range everyArgument(t) {
		if a.dataSource == "tofupilot_procedures" && !alone[a.name] {
			t.Errorf("no case has %s alone: add one", a.name)
		}
	}
}
