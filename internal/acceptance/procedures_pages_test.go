package acceptance

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Every count is read with all page sizes in one configuration. What was asked
// for which of them is told apart by limit, since page_size 1 asks for 1 and
// then, to overlap, for 2.
func TestEveryProcedureIsListedWhateverThePageSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		count   int
		limits  []string // asked for by page_size 1, 7 and 100
		cursors []string // asked for by page_size 100
	}{
		{0, []string{"1", "100", "7"}, []string{""}},
		{1, []string{"1", "100", "2", "7"}, []string{""}},
		{99, []string{"1", "100", "2", "7"}, []string{""}},
		{100, []string{"1", "100", "2", "7"}, []string{"", "99"}},
		{101, []string{"1", "100", "2", "7"}, []string{"", "198", "99"}},
		{250, []string{"1", "100", "2", "7"}, []string{"", "198", "99"}},
	} {
		t.Run(strconv.Itoa(c.count), func(t *testing.T) {
			t.Parallel()
			stored := fakeapi.Generate(c.count, fakeapi.WithRepository)
			api, url := harness.Serve(t, stored...)

			var blocks []string
			var checks []statecheck.StateCheck
			for _, size := range []int{1, 7, 100} {
				name := fmt.Sprintf("by_%d", size)
				list := "data.tofupilot_procedures." + name
				blocks = append(blocks,
					harness.Procedures(name, fmt.Sprintf("page_size = %d", size)),
					harness.Output(name, harness.Fingerprint(list+".procedures")),
					harness.Output(name+"_same", fmt.Sprintf("jsonencode(%s.procedures[*].id) == jsonencode(%[1]s.ids)", list)))
				checks = append(checks,
					harness.Known(name, "ids", harness.Texts(harness.IDs(harness.OldestFirst(stored))...)),
					statecheck.ExpectKnownOutputValue(name+"_same", knownvalue.Bool(true)))
			}
			runSteps(t, resource.TestStep{
				Config:            harness.Configuration(url, blocks...),
				ConfigStateChecks: checks,
				ConfigPlanChecks:  harness.EmptyPlan,
			})

			limit := func(r fakeapi.Request) string { return r.Query.Get("limit") }
			harness.ExpectEqual(t, "limits", harness.Distinct(api.Requests(), limit), c.limits)
			harness.ExpectEqual(t, "cursors with limit 100", harness.Distinct(api.Requests(), func(r fakeapi.Request) string {
				if limit(r) != "100" {
					return ""
				}
				return r.Query.Get("cursor")
			}), c.cursors)
		})
	}
}
