package provider

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

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
			stored := fakeapi.Generate(c.count, fakeapi.Gen2026)
			api, url := serve(t, stored...)

			var blocks []string
			var checks []statecheck.StateCheck
			for _, size := range []int{1, 7, 100} {
				name := fmt.Sprintf("by_%d", size)
				list := "data.tofupilot_procedures." + name
				blocks = append(blocks,
					procedures(name, fmt.Sprintf("page_size = %d", size)),
					output(name, fingerprint(list+".procedures")),
					output(name+"_same", fmt.Sprintf("jsonencode(%s.procedures[*].id) == jsonencode(%[1]s.ids)", list)))
				checks = append(checks,
					known(name, "ids", texts(idsOf(oldestFirst(stored))...)),
					statecheck.ExpectKnownOutputValue(name+"_same", knownvalue.Bool(true)))
			}
			terraform(t, resource.TestStep{
				Config:            configuration(url, blocks...),
				ConfigStateChecks: checks,
				ConfigPlanChecks:  emptyPlan,
			})

			limit := func(r fakeapi.Request) string { return r.Query.Get("limit") }
			expectEqual(t, "limits", distinct(api.Requests(), limit), c.limits)
			expectEqual(t, "cursors with limit 100", distinct(api.Requests(), func(r fakeapi.Request) string {
				if limit(r) != "100" {
					return ""
				}
				return r.Query.Get("cursor")
			}), c.cursors)
		})
	}
}
