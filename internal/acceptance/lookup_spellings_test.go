package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// A name that an error shows can be copied into the configuration as it stands there.
func TestNamesInErrorsCanBePastedBack(t *testing.T) {
	t.Parallel()
	var procedures []fakeapi.Procedure
	for i, name := range []string{
		"Rig ${A}", "50%{b} rig", "$${x} rig", "%%{x} rig", `"quoted" \u0041 rig`, "tab\trig", "line\r\nrig", "vertical\u000btab", "bell\arig",
		"zero\u200bwidth", "soft\u00adhyphen", "filler\u3164name", "sun \u2600\ufe0f rig", "private\ue000rig", "nbsp\u00a0rig", "plane\U000e0100rig",
	} {
		procedures = append(procedures, fakeapi.Procedure{ID: fmt.Sprintf("id-%02d", i), Name: name, CreatedAt: time.Unix(int64(i), 0)})
	}
	_, url := harness.Serve(t, procedures...)
	var names []string
	ids := map[string]knownvalue.Check{}
	for _, p := range procedures {
		said := lookUp(t, url, fakeapi.Key, harness.Values{"name": p.Name + " nobody"})
		if len(said) != 1 {
			t.Fatal(harness.Describe(said))
		}
		_, line, _ := strings.Cut(said[0].Detail, "- "+p.ID+" ")
		name, _, _ := strings.Cut(line, "\n")
		names = append(names, name)
		ids[p.Name] = knownvalue.StringExact(p.ID)
	}
	runSteps(t, resource.TestStep{
		Config:            harness.Configuration(url, lookedUp("["+strings.Join(names, ", ")+"]"), harness.Output("ids", "data.tofupilot_procedure_ids.line.ids")),
		ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("ids", knownvalue.MapExact(ids))},
	})
}
