package acceptance

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// filterCase is a data source, what it must ask the server, and what it must find.
type filterCase struct {
	arguments []string
	query     url.Values
	ids       []string
}

// expectFilters reads all cases in one configuration. The fake filters as the
// server does, so what is found shows that the filter was understood, and what
// was asked shows that nothing else was.
func expectFilters(t *testing.T, cases []filterCase, stored ...fakeapi.Procedure) {
	t.Helper()
	api, address := harness.Serve(t, stored...)
	var blocks, want []string
	var checks []statecheck.StateCheck
	for i, c := range cases {
		name := fmt.Sprintf("case_%d", i)
		blocks = append(blocks, harness.Procedures(name, c.arguments...))
		checks = append(checks, harness.Known(name, "ids", harness.Texts(c.ids...)))
		want = append(want, c.query.Encode())
	}
	runSteps(t, resource.TestStep{
		Config:            harness.Configuration(address, blocks...),
		ConfigStateChecks: checks,
		ConfigPlanChecks:  harness.EmptyPlan,
	})
	slices.Sort(want)
	requests := api.Requests()
	harness.ExpectEqual(t, "queries", harness.Distinct(requests, func(r fakeapi.Request) string { return r.Query.Encode() }), want)
	harness.ExpectEqual(t, "paths", harness.Distinct(requests, func(r fakeapi.Request) string { return r.Method + " " + r.Path }), []string{"GET /api/v2/procedures"})
}

func TestEachFilterAndAllTogetherAreAskedOfTheServer(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2024, time.January, 15, hour, 0, 0, 0, time.UTC) }
	cases := []filterCase{
		{nil, url.Values{"limit": {"100"}}, []string{"fvt-9", "ict-10", "fvt-11", "ict-12"}},
		{[]string{`search_query = "fvt"`}, url.Values{"limit": {"100"}, "search_query": {"fvt"}}, []string{"fvt-9", "fvt-11"}},
		{
			[]string{`created_after = "2024-01-15T11:00:00+01:00"`},
			url.Values{"limit": {"100"}, "created_after": {"2024-01-15T10:00:00.000Z"}},
			[]string{"fvt-11", "ict-12"},
		},
		{
			[]string{`created_before = "2024-01-15T04:30:00.5-05:30"`},
			url.Values{"limit": {"100"}, "created_before": {"2024-01-15T10:00:00.500Z"}},
			[]string{"fvt-9", "ict-10"},
		},
		{[]string{`page_size = 50`}, url.Values{"limit": {"50"}}, []string{"fvt-9", "ict-10", "fvt-11", "ict-12"}},
		{
			[]string{
				`search_query = "ict"`, `created_after = "2024-01-15T09:00:00Z"`, `created_before = "2024-01-15T12:00:00Z"`,
				`page_size = 7`, `timeouts { read = "1m" }`,
			},
			url.Values{
				"limit": {"7"}, "search_query": {"ict"},
				"created_after": {"2024-01-15T09:00:00.000Z"}, "created_before": {"2024-01-15T12:00:00.000Z"},
			},
			[]string{"ict-10"},
		},
		{ // null is as good as left away
			[]string{`search_query = null`, `created_after = null`, `created_before = null`, `page_size = 99`, `timeouts { read = null }`},
			url.Values{"limit": {"99"}},
			[]string{"fvt-9", "ict-10", "fvt-11", "ict-12"},
		},
	}
	for _, a := range everyArgument(t) {
		alone := func(c filterCase) bool {
			return len(c.arguments) == 1 && strings.HasPrefix(c.arguments[0], a.name+" = ")
		}
		if a.dataSource == "tofupilot_procedures" && !slices.ContainsFunc(cases, alone) {
			t.Errorf("no case has %s alone: add one", a.name)
		}
	}
	expectFilters(t, cases,
		fakeapi.Procedure{ID: "fvt-9", Name: "FVT of 9", CreatedAt: at(9)},
		fakeapi.Procedure{ID: "ict-10", Name: "ICT of 10", CreatedAt: at(10)},
		fakeapi.Procedure{ID: "fvt-11", Name: "FVT of 11", CreatedAt: at(11)},
		fakeapi.Procedure{ID: "ict-12", Name: "ICT of 12", CreatedAt: at(12)},
	)
}

func TestDatesGoOutInUTCWithMillisecondsRoundedSoThatNothingIsCut(t *testing.T) {
	t.Parallel()
	var cases []filterCase
	for _, c := range []struct{ argument, written, sent string }{
		{"created_after", "2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"},
		{"created_after", "2024-01-01T00:30:00+02:00", "2023-12-31T22:30:00.000Z"},
		{"created_after", "2024-01-01T00:00:00.123999999Z", "2024-01-01T00:00:00.123Z"},
		{"created_after", "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
		{"created_before", "2024-01-01T00:00:00.123Z", "2024-01-01T00:00:00.123Z"},
		{"created_before", "2024-01-01T00:00:00.123000001Z", "2024-01-01T00:00:00.124Z"},
		{"created_before", "2024-12-31T23:59:59.9991-00:00", "2025-01-01T00:00:00.000Z"},
		{"created_before", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
	} {
		cases = append(cases, filterCase{
			arguments: []string{c.argument + " = " + harness.Quote(c.written)},
			query:     url.Values{"limit": {"100"}, c.argument: {c.sent}},
		})
	}
	expectFilters(t, cases)
}

func TestSearchArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	var cases []filterCase
	var stored []fakeapi.Procedure
	for i, text := range []string{
		"A+B", "A&B=C", "100% done", "%2B", " two  spaces ", "a?b#c", "a/b\\c;d", `"quoted"`, "${not.a} %{template}",
		"5 µA < 6 Ω", "Zoë 測試", "🔋🔋", "𝔸𝔹", "tab\there", "line\nbreak", "<b>&amp;</b>",
	} {
		id := fmt.Sprintf("p%02d", i)
		created := time.Date(2024, time.January, 1, 0, i, 0, 0, time.UTC)
		stored = append(stored, fakeapi.Procedure{ID: id, Name: "Test " + text + " end", CreatedAt: created})
		cases = append(cases, filterCase{
			arguments: []string{"search_query = " + harness.Quote(text)},
			query:     url.Values{"limit": {"100"}, "search_query": {text}},
			ids:       []string{id},
		})
	}
	expectFilters(t, cases, stored...)
}

func TestLongestSearchIsCountedAsTheServerCounts(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("🔋", 100)
	expectFilters(t, []filterCase{{
		arguments: []string{"search_query = " + harness.Quote(name)},
		query:     url.Values{"limit": {"100"}, "search_query": {name}},
		ids:       []string{"batteries"},
	}}, fakeapi.Procedure{ID: "batteries", Name: name})
}
