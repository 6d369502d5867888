package acceptance

import (
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

type fields = map[string]knownvalue.Check

// procedure is what Terraform must see: the fields given, and of all others
// that there is nothing.
func procedure(id string, given fields) knownvalue.Check {
	attributes := fields{
		"id":                knownvalue.StringExact(id),
		"name":              knownvalue.Null(),
		"created_at":        knownvalue.Null(),
		"created_by_user":   knownvalue.Null(),
		"linked_repository": knownvalue.Null(),
		"runs":              knownvalue.ListExact(nil),
		"fpy":               knownvalue.Null(),
	}
	maps.Copy(attributes, given)
	return knownvalue.ObjectExact(attributes)
}

// object is an object of texts; one that is empty is null.
func objectOf(pairs map[string]string) knownvalue.Check {
	attributes := fields{}
	for name, value := range pairs {
		attributes[name] = knownvalue.StringExact(value)
		if value == "" {
			attributes[name] = knownvalue.Null()
		}
	}
	return knownvalue.ObjectExact(attributes)
}

func run(id, outcome, startedAt, unit string) knownvalue.Check {
	return knownvalue.ObjectExact(fields{
		"id":         knownvalue.StringExact(id),
		"outcome":    knownvalue.StringExact(outcome),
		"started_at": knownvalue.StringExact(startedAt),
		"unit":       objectOf(map[string]string{"id": unit}),
	})
}

// Items may leave fields out, or have more than is documented.
func TestWhatTheServerLeavesOutIsNullAndWhatIsNewPassesThrough(t *testing.T) {
	t.Parallel()
	items := []struct {
		json string
		want knownvalue.Check
	}{
		{`{"id": "a"}`, procedure("a", nil)},
		{
			`{"id": "b", "name": null, "created_at": null, "created_by_user": null, "linkedRepository": null, "runs": null, "fpy": null}`,
			procedure("b", nil),
		},
		{`{"id": "c", "name": "", "created_by_user": {}, "linkedRepository": {}, "runs": [], "fpy": 0}`, procedure("c", fields{
			"name":              knownvalue.StringExact(""),
			"created_by_user":   objectOf(map[string]string{"id": "", "name": "", "email": ""}),
			"linked_repository": objectOf(map[string]string{"id": "", "name": "", "full_name": "", "provider": ""}),
			"fpy":               knownvalue.Float64Exact(0),
		})},
		{
			`{"id": "d", "created_by_user": {"id": "u", "name": null, "email": "u@example.com", "phone": 1}, "fpy": 66.66666666666667,
			  "linkedRepository": {"id": "r", "name": "n", "fullName": "o/n", "provider": "codeberg", "stars": 5}, "archived": {"at": []}}`,
			procedure("d", fields{
				"created_by_user":   objectOf(map[string]string{"id": "u", "name": "", "email": "u@example.com"}),
				"linked_repository": objectOf(map[string]string{"id": "r", "name": "n", "full_name": "o/n", "provider": "codeberg"}),
				"fpy":               knownvalue.Float64Exact(66.66666666666667),
			}),
		},
		{
			`{"id": "e", "fpy": 100, "runs": [
			   {"id": "3", "outcome": "SKIPPED", "started_at": "2024-03-01T12:00:00+02:00", "unit": {"id": "x", "serial": 7}},
			   {"id": "2", "outcome": "PASS", "started_at": "2024-03-01T10:00:00Z", "unit": {"id": "y"}, "duration": 5},
			   {"id": "1"},
			   {"id": "4", "outcome": null, "started_at": null, "unit": null},
			   {"id": "5", "outcome": "FAIL", "started_at": "2024-03-01T11:59:59.999+02:00", "unit": {"id": "z"}}]}`,
			procedure("e", fields{
				"fpy": knownvalue.Float64Exact(100),
				"runs": knownvalue.ListExact([]knownvalue.Check{
					run("5", "FAIL", "2024-03-01T11:59:59.999+02:00", "z"),
					run("2", "PASS", "2024-03-01T10:00:00Z", "y"),
					run("3", "SKIPPED", "2024-03-01T12:00:00+02:00", "x"),
					knownvalue.ObjectExact(fields{"id": knownvalue.StringExact("1"), "outcome": knownvalue.Null(), "started_at": knownvalue.Null(), "unit": knownvalue.Null()}),
					knownvalue.ObjectExact(fields{"id": knownvalue.StringExact("4"), "outcome": knownvalue.Null(), "started_at": knownvalue.Null(), "unit": knownvalue.Null()}),
				}),
			}),
		},
	}
	var stored []fakeapi.Procedure
	var want []knownvalue.Check
	for i, item := range items {
		stored = append(stored, fakeapi.Procedure{ID: "abcde"[i : i+1], JSON: item.json})
		want = append(want, item.want)
	}
	_, url := harness.Serve(t, stored...)
	runSteps(t, resource.TestStep{
		Config:            harness.Configuration(url, harness.Procedures("all"), harness.Output("all", harness.Fingerprint("data.tofupilot_procedures.all"))),
		ConfigStateChecks: []statecheck.StateCheck{harness.Known("all", "procedures", knownvalue.ListExact(want))},
		ConfigPlanChecks:  harness.EmptyPlan,
	})
}
