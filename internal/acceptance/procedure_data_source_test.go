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

func TestNamesOfAllKindsAreFoundAsTheConfigurationWritesThem(t *testing.T) {
	t.Parallel()
	ids := map[string]knownvalue.Check{}
	var stored []fakeapi.Procedure
	var names []string
	for i, name := range []string{
		"FVT", "fvt", " FVT", "FVT ", "FVT  2", `"quoted" 'names'`, `back\slash`, "50%", "50_", "a+b", "a&b=c#d", "%2B",
		"${template} %{if}", "two\nlines", "🔋 pack 👩‍🔧", "اختبار البطارية", "בדיקת סוללה", "배터리", "éà", norm.NFD.String("Prüfung"),
	} {
		id := fmt.Sprint("id-", i)
		stored = append(stored, fakeapi.Procedure{ID: id, Name: name, CreatedAt: time.Unix(int64(i), 0)})
		names = append(names, harness.Quote(name))
		ids[norm.NFC.String(name)] = knownvalue.StringExact(id)
	}
	_, url := harness.Serve(t, stored...)
	runSteps(t, resource.TestStep{
		Config: harness.Configuration(url,
			harness.Block("locals", "names = ["+strings.Join(names, ", ")+"]"),
			harness.Procedure("each", "count = length(local.names)", "name = local.names[count.index]"),
			harness.Output("ids", "{ for i, p in data.tofupilot_procedure.each : local.names[i] => p.id }"),
			harness.Output("same", "data.tofupilot_procedure.each[*].name == local.names")),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("ids", knownvalue.ObjectExact(ids)),
			statecheck.ExpectKnownOutputValue("same", knownvalue.Bool(true)),
		},
		ConfigPlanChecks: harness.EmptyPlan,
	})
}

func TestChangeBetweenTwoReadsIsSeen(t *testing.T) {
	t.Parallel()
	api, url := harness.Serve(t, fakeapi.Procedure{ID: "old", Name: "FVT"})
	config := harness.Configuration(url, harness.Procedure("fvt", `name = "FVT"`), harness.Output("id", "data.tofupilot_procedure.fvt.id"))
	id := func(id string) knownvalue.Check { return knownvalue.StringExact(id) }
	runSteps(t,
		resource.TestStep{
			Config:            config,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("id", id("old"))},
		},
		resource.TestStep{
			PreConfig: func() {
				api.Delete("old")
				api.Add(fakeapi.Procedure{ID: "new", Name: "FVT"})
			},
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{plancheck.ExpectKnownOutputValue("id", id("new"))},
			},
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("id", id("new"))},
		},
	)
}

func TestNameThatIsKnownAfterApplyIsLookedUpThen(t *testing.T) {
	t.Parallel()
	_, url := harness.Serve(t, fakeapi.Procedure{ID: "a", Name: "FVT"})
	runSteps(t, resource.TestStep{
		Config: harness.Configuration(url, harness.KnownAfterApply("name", `"FVT"`),
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
