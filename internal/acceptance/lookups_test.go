package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestUnusualNames checks that Terraform finds a procedure by its exact name, with any characters.
func TestUnusualNames(t *testing.T) {
	t.Parallel()
	wantIDs := map[string]knownvalue.Check{}
	var stored []fakeapi.Procedure
	var names []string
	for i, name := range []string{
		"FVT", "fvt", " FVT", "FVT ", "FVT  2", `"quoted" 'names'`, `back\slash`, "50%", "50_", "a+b", "a&b=c#d", "%2B",
		"${template} %{if}", "two\nlines", "🔋 pack 👩‍🔧", "اختبار البطارية", "בדיקת סוללה", "배터리", "éà", norm.NFD.String("Prüfung"),
	} {
		id := fmt.Sprint("id-", i)
		stored = append(stored, fakeapi.Procedure{ID: id, Name: name, CreatedAt: time.Unix(int64(i), 0)})
		names = append(names, harness.Quote(name))
		wantIDs[norm.NFC.String(name)] = knownvalue.StringExact(id) // Terraform normalizes strings
	}
	_, url := harness.NewFakeServer(t, stored...)
	runSteps(t, resource.TestStep{
		Config: harness.NewConfiguration(url,
			harness.Block("locals", "names = ["+strings.Join(names, ", ")+"]"),
			harness.Procedure("each", "count = length(local.names)", "name = local.names[count.index]"),
			harness.Output("ids", "{ for i, p in data.tofupilot_procedure.each : local.names[i] => p.id }"),
			harness.Output("same", "data.tofupilot_procedure.each[*].name == local.names")),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("ids", knownvalue.ObjectExact(wantIDs)),
			statecheck.ExpectKnownOutputValue("same", knownvalue.Bool(true)),
		},
		ConfigPlanChecks: harness.EmptyPlan,
	})
}

// TestUnknownName checks that a procedure is looked up in the apply if its name is unknown in the plan,
// and that its state has the configured timeouts.
func TestUnknownName(t *testing.T) {
	t.Parallel()
	_, url := harness.NewFakeServer(t, fakeapi.Procedure{ID: "a", Name: "FVT"})
	runSteps(t, resource.TestStep{
		Config: harness.NewConfiguration(url, harness.UnknownValue("name", `"FVT"`),
			harness.Procedure("fvt", "name = terraform_data.name.output", `timeouts { read = "2m" }`)),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectUnknownValue("data.tofupilot_procedure.fvt", tfjsonpath.New("id")),
		}},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.tofupilot_procedure.fvt", tfjsonpath.New("id"), knownvalue.StringExact("a")),
			statecheck.ExpectKnownValue("data.tofupilot_procedure.fvt", tfjsonpath.New("timeouts"), knownvalue.ObjectExact(map[string]knownvalue.Check{"read": knownvalue.StringExact("2m")})),
		},
	})
}

// lookupBlocks returns a data source tofupilot_procedure_ids "line", and an output "line" with its value.
// Each name is an expression, such as a quoted string.
func lookupBlocks(names ...string) string {
	return harness.DataSource("tofupilot_procedure_ids", "line", "names = ["+strings.Join(names, ", ")+"]") +
		harness.Output("line", "data.tofupilot_procedure_ids.line")
}

// TestPlanWithIDs checks that the state has the new ID if the ID of a name changes, and that a plan is
// empty if only other things about the procedures change.
func TestPlanWithIDs(t *testing.T) {
	t.Parallel()
	stored := fakeapi.Generate(150, fakeapi.WithRunsAndFPY)
	api, url := harness.NewFakeServer(t, stored...)
	first, second := stored[3], stored[120]
	config := harness.NewConfiguration(url, lookupBlocks(harness.Quote(first.Name), harness.Quote(second.Name)))
	changeOtherThings := func() {
		api.Delete(first.ID, stored[0].ID, stored[149].ID)
		first.Runs = append(first.Runs, stored[1].Runs...)
		first.CreatedBy = &fakeapi.User{ID: "another", Email: "another@example.com"}
		api.Add(first, fakeapi.Procedure{ID: "new", Name: "New", CreatedAt: first.CreatedAt})
	}
	changeID := func() {
		api.Delete(second.ID)
		second.ID = "recreated"
		api.Add(second)
	}
	runSteps(t,
		resource.TestStep{
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("line", knownvalue.ObjectExact(map[string]knownvalue.Check{
					"names":    knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact(first.Name), knownvalue.StringExact(second.Name)}),
					"ids":      knownvalue.MapExact(map[string]knownvalue.Check{first.Name: knownvalue.StringExact(first.ID), second.Name: knownvalue.StringExact(second.ID)}),
					"timeouts": knownvalue.Null(),
				})),
			},
			ConfigPlanChecks: harness.EmptyPlan,
		},
		resource.TestStep{
			PreConfig:        changeOtherThings,
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			PreConfig: changeID,
			Config:    config,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.tofupilot_procedure_ids.line", tfjsonpath.New("ids").AtMapKey(second.Name), knownvalue.StringExact("recreated")),
			},
		},
	)
}

// TestPastedNames checks that a name that an error lists can be copied into a configuration. It looks
// up names that no procedure has, copies the near misses from the errors, and looks those up.
func TestPastedNames(t *testing.T) {
	t.Parallel()
	var stored []fakeapi.Procedure
	for i, name := range []string{
		"Rig ${A}", "50%{b} rig", "$${x} rig", "%%{x} rig", `"quoted" \u0041 rig`, "tab\trig", "line\r\nrig", "vertical\u000btab", "bell\arig",
		"zero\u200bwidth", "soft\u00adhyphen", "filler\u3164name", "sun \u2600\ufe0f rig", "private\ue000rig", "nbsp\u00a0rig", "plane\U000e0100rig",
	} {
		stored = append(stored, fakeapi.Procedure{ID: fmt.Sprintf("id-%02d", i), Name: name, CreatedAt: time.Unix(int64(i), 0)})
	}
	_, url := harness.NewFakeServer(t, stored...)
	var copiedNames []string
	wantIDs := map[string]knownvalue.Check{}
	for _, p := range stored {
		diagnostics := lookUp(t, url, fakeapi.Key, harness.Values{"name": p.Name + " nobody"})
		if len(diagnostics) != 1 {
			t.Fatal(harness.FormatDiagnostics(diagnostics))
		}
		_, line, _ := strings.Cut(diagnostics[0].Detail, "- "+p.ID+" ")
		name, _, _ := strings.Cut(line, "\n")
		copiedNames = append(copiedNames, name)
		wantIDs[p.Name] = knownvalue.StringExact(p.ID)
	}
	runSteps(t, resource.TestStep{
		Config: harness.NewConfiguration(url, lookupBlocks(copiedNames...)),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.tofupilot_procedure_ids.line", tfjsonpath.New("ids"), knownvalue.MapExact(wantIDs)),
		},
	})
}
