package acceptance

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestWholeLists checks that each data source with a page_size returns the whole list, in the
// provider's order, for several sizes of a page.
func TestWholeLists(t *testing.T) {
	t.Parallel()
	for dataSource, schema := range connect(t).DataSources() {
		if !slices.ContainsFunc(schema.Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == "page_size" }) {
			continue
		}
		for origin, servers := range readCases[dataSource].servers {
			for _, pageSize := range []int{1, 7, 100} {
				t.Run(dataSource+"/"+origin+"/"+strconv.Itoa(pageSize), func(t *testing.T) {
					t.Parallel()
					for _, api := range servers {
						checkWholeList(t, dataSource, api, pageSize)
					}
				})
			}
		}
	}
}

// checkWholeList reads a list, and compares the IDs with those that the server sends in one page.
func checkWholeList(t *testing.T, dataSource string, api *fakeapi.Server, pageSize int) {
	t.Helper()
	connection := newFakeConnection(t, harness.NewTarget(t, api).URL)
	resp := connection.Read(t, dataSource, harness.Values{"page_size": pageSize})
	harness.CheckNoDiagnostics(t, resp.Diagnostics)
	got := stateIDs(t, connection.State(t, dataSource, resp))
	harness.CheckEqual(t, "IDs", got, sortedIDs(fetchRows(t, api, readCases[dataSource].path)))
}

// sortedIDs returns the IDs of rows in the provider's order. The rows' times can be compared as
// strings, because they are in UTC with milliseconds.
func sortedIDs(rows []object) (ids []string) {
	slices.SortFunc(rows, func(a, b object) int {
		return cmp.Or(
			cmp.Compare(fmt.Sprint(a["created_at"]), fmt.Sprint(b["created_at"])),
			cmp.Compare(fmt.Sprint(a["id"]), fmt.Sprint(b["id"])),
		)
	})
	for _, row := range rows {
		ids = append(ids, fmt.Sprint(row["id"]))
	}
	return ids
}

// TestFilters checks that a list has the procedures that match its arguments, and that exactly the
// wanted query is sent. Each argument must have a case of its own.
func TestFilters(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2024, time.January, 15, hour, 0, 0, 0, time.UTC) }
	api, address := harness.NewFakeServer(t,
		fakeapi.Procedure{ID: "fvt-9", Name: "FVT of 9", CreatedAt: at(9)},
		fakeapi.Procedure{ID: "ict-10", Name: "ICT of 10", CreatedAt: at(10)},
		fakeapi.Procedure{ID: "fvt-11", Name: "FVT of 11", CreatedAt: at(11)},
		fakeapi.Procedure{ID: "ict-12", Name: "ICT of 12", CreatedAt: at(12)},
	)
	allIDs := []string{"fvt-9", "ict-10", "fvt-11", "ict-12"}
	cases := []struct {
		arguments harness.Values
		wantQuery url.Values
		wantIDs   []string
	}{
		{nil, url.Values{"limit": {"100"}}, allIDs},
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
		{ // the latest time of .NET, which isn't rounded up: the API accepts no year of five digits
			harness.Values{"created_before": "9999-12-31T23:59:59.9999999Z"},
			url.Values{"limit": {"100"}, "created_before": {"9999-12-31T23:59:59.999Z"}},
			allIDs,
		},
		{harness.Values{"page_size": 50}, url.Values{"limit": {"50"}}, allIDs},
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
	hasOwnCase := map[string]bool{} // by argument
	connection := newFakeConnection(t, address)
	for _, c := range cases {
		api.Forget()
		resp := connection.Read(t, "tofupilot_procedures", c.arguments)
		harness.CheckNoDiagnostics(t, resp.Diagnostics)
		harness.CheckEqual(t, fmt.Sprint(c.arguments), stateIDs(t, connection.State(t, "tofupilot_procedures", resp)), c.wantIDs)
		var queries []string
		for _, r := range api.Requests() {
			queries = append(queries, r.Query.Encode())
		}
		harness.CheckEqual(t, "queries", queries, []string{c.wantQuery.Encode()})
		if len(c.arguments) == 1 {
			for name := range c.arguments {
				hasOwnCase[name] = true
			}
		}
	}
	for _, a := range listArguments(t) {
		if a.dataSource == "tofupilot_procedures" && !hasOwnCase[a.name] {
			t.Errorf("no case has only %s: add one", a.name)
		}
	}
}

// TestNoMatch checks that a list without a match is empty, and that this is known in the plan, because
// count and for_each need a known value.
func TestNoMatch(t *testing.T) {
	t.Parallel()
	_, url := harness.NewFakeServer(t, fakeapi.Generate(3, fakeapi.WithRepository)...)
	runSteps(t, resource.TestStep{
		Config: harness.NewConfiguration(url,
			harness.Procedures("none", `search_query = "no such procedure"`),
			harness.Output("count", "length(data.tofupilot_procedures.none.procedures)")),
		ConfigPlanChecks: resource.ConfigPlanChecks{
			PreApply: []plancheck.PlanCheck{plancheck.ExpectKnownOutputValue("count", knownvalue.Int64Exact(0))},
		},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.tofupilot_procedures.none", tfjsonpath.New("procedures"), knownvalue.ListExact(nil)),
			statecheck.ExpectKnownValue("data.tofupilot_procedures.none", tfjsonpath.New("ids"), knownvalue.ListExact(nil)),
		},
	})
}

// TestNumbers checks that Terraform computes with the server's numbers, and not with the nearest
// float64s. Otherwise, fpy < 99.3 could be true for an fpy of 99.3.
func TestNumbers(t *testing.T) {
	t.Parallel()
	numbers := []string{"99.3", "85.50", "9007199254740993", "1e22", "0.30000000000000004", "1e-9", "0.123456789012345678"}
	var stored []fakeapi.Procedure
	for i, number := range numbers {
		row := fmt.Sprintf(`{"id": "p%d", "created_at": "2024-01-0%dT00:00:00Z", "fpy": %s}`, i, i+1, number)
		stored = append(stored, fakeapi.Procedure{ID: fmt.Sprintf("p%d", i), JSON: row})
	}
	_, url := harness.NewFakeServer(t, stored...)
	const wantJSON = "[99.3,85.5,9007199254740993,10000000000000000000000,0.30000000000000004,0.000000001,0.123456789012345678]"
	const fpys = "data.tofupilot_procedures.all.procedures[*].fpy"
	runSteps(t, resource.TestStep{
		Config: harness.NewConfiguration(url, harness.Procedures("all"), harness.Output("json", "jsonencode("+fpys+")"),
			harness.Output("equal", "tolist("+fpys+") == tolist(["+strings.Join(numbers, ", ")+"])")),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("json", knownvalue.StringExact(wantJSON)),
			statecheck.ExpectKnownOutputValue("equal", knownvalue.Bool(true)),
		},
		ConfigPlanChecks: harness.EmptyPlan,
	})
}

// TestQuotient checks that a quotient of two of the provider's numbers is the same in the plan and in the
// apply, and the same as 100 / 3 in the configuration. A plan file stores numbers with 512 bits. If the
// provider's numbers had fewer bits, the apply would compute another quotient and fail.
func TestQuotient(t *testing.T) {
	t.Parallel()
	_, url := harness.NewFakeServer(t, fakeapi.Procedure{ID: "a", JSON: `{"id": "a", "fpy": 100}`}, fakeapi.Procedure{ID: "b", JSON: `{"id": "b", "fpy": 3}`})
	const quotient = "data.tofupilot_procedures.all.procedures[0].fpy / data.tofupilot_procedures.all.procedures[1].fpy"
	runSteps(t, resource.TestStep{
		Config: harness.NewConfiguration(url, harness.Procedures("all"),
			harness.UnknownValue("quotient", quotient), // Terraform compares the plan's quotient with the apply's
			harness.Output("same", quotient+" == 100 / 3")),
		ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("same", knownvalue.Bool(true))},
		ConfigPlanChecks:  harness.EmptyPlan,
	})
}
