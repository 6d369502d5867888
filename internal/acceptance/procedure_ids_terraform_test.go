package acceptance

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// lookedUp is the data source at line, and an output of all of it.
func lookedUp(names string) string {
	return harness.Block(`data "tofupilot_procedure_ids" "line"`, "names = "+names) + harness.Output("line", "data.tofupilot_procedure_ids.line")
}

func TestOtherProceduresAndRunsDoNotTouchAPlanOfIDs(t *testing.T) {
	t.Parallel()
	stored := fakeapi.Generate(150, fakeapi.WithRunsAndFPY)
	api, url := harness.Serve(t, stored...)
	first, second := stored[3], stored[120]
	config := harness.Configuration(url, lookedUp("["+harness.Quote(first.Name)+", "+harness.Quote(second.Name)+"]"))
	ids := map[string]knownvalue.Check{first.Name: knownvalue.StringExact(first.ID), second.Name: knownvalue.StringExact(second.ID)}
	runSteps(t,
		resource.TestStep{
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.tofupilot_procedure_ids.line", tfjsonpath.New("ids"), knownvalue.MapExact(ids)),
				statecheck.ExpectKnownOutputValue("line", knownvalue.ObjectExact(map[string]knownvalue.Check{
					"names":    knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact(first.Name), knownvalue.StringExact(second.Name)}),
					"ids":      knownvalue.MapExact(ids),
					"timeouts": knownvalue.Null(),
				})),
			},
			ConfigPlanChecks: harness.EmptyPlan,
		},
		resource.TestStep{
			PreConfig: func() {
				api.Delete(first.ID, stored[0].ID, stored[149].ID)
				first.Runs = append(first.Runs, stored[1].Runs...)
				first.CreatedBy = &fakeapi.User{ID: "another", Email: "another@example.com"}
				api.Add(first, fakeapi.Procedure{ID: "new", Name: "New", CreatedAt: first.CreatedAt})
			},
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			PreConfig: func() {
				api.Delete(second.ID)
				second.ID = "recreated"
				api.Add(second)
			},
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.tofupilot_procedure_ids.line", tfjsonpath.New("ids").AtMapKey(second.Name), knownvalue.StringExact("recreated")),
			},
		},
	)
}

func TestNamesThatAreKnownAfterApplyAreLookedUpThen(t *testing.T) {
	t.Parallel()
	api, url := harness.Serve(t, fakeapi.Procedure{ID: "a", Name: "FVT"}, fakeapi.Procedure{ID: "b", Name: "ICT"})
	requestsBeforeApply := -1
	runSteps(t, resource.TestStep{
		Config: harness.Configuration(url, harness.KnownAfterApply("name", `"ICT"`), lookedUp(`["FVT", terraform_data.name.output]`)),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectUnknownValue("data.tofupilot_procedure_ids.line", tfjsonpath.New("ids")),
			harness.PlanCheck(func() { requestsBeforeApply = len(api.Requests()) }),
		}},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.tofupilot_procedure_ids.line", tfjsonpath.New("ids"), knownvalue.MapExact(map[string]knownvalue.Check{
				"FVT": knownvalue.StringExact("a"), "ICT": knownvalue.StringExact("b"),
			})),
		},
	})
	if requestsBeforeApply != 0 {
		t.Errorf("%d requests were made while planning", requestsBeforeApply)
	}
}
