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

// The six shapes of API.md, Items, in one list.
func TestEachShapeOfAnItemArrivesWhole(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-44665544000"
	older, newer := fakeapi.Example2025(), fakeapi.Example2026()
	linked, withoutProvider := newer.Repository, *newer.Repository
	withoutProvider.Provider = ""
	repository := func(provider string) knownvalue.Check {
		return objectOf(map[string]string{"id": id + "4", "name": "my-repo", "full_name": "org/my-repo", "provider": provider})
	}
	runs := knownvalue.ListExact([]knownvalue.Check{run(id+"2", "PASS", "2024-01-15T14:30:00.000Z", id+"3")})
	var stored []fakeapi.Procedure
	var want []knownvalue.Check
	for _, c := range []struct {
		since      string
		shape      fakeapi.Shape
		repository *fakeapi.Repository
		want       fields
	}{
		{"2025-07", fakeapi.WithRunsAndFPY, linked, fields{"runs": runs, "fpy": knownvalue.Float64Exact(85.5)}},
		{"2025-08", fakeapi.WithRuns, linked, fields{"runs": runs}},
		{"2026-02", fakeapi.WithRunsAndRepository, &withoutProvider, fields{"runs": runs, "linked_repository": repository("")}},
		{"2026-03", fakeapi.WithRunsAndRepository, linked, fields{"runs": runs, "linked_repository": repository("github")}},
		{"2026-04", fakeapi.WithRepository, linked, fields{"linked_repository": repository("github")}},
		{"2026-04, not linked", fakeapi.WithRepository, nil, nil},
	} {
		item := older // with the fields that all have, runs and fpy
		item.ID, item.JSON, item.Shape, item.Repository = c.since, "", c.shape, c.repository
		stored = append(stored, item)
		shared := fields{
			"name":            knownvalue.StringExact("Battery Test Procedure"),
			"created_at":      knownvalue.StringExact("2024-01-15T10:30:00.000Z"),
			"created_by_user": objectOf(map[string]string{"id": id + "1", "name": "John Doe", "email": "john.doe@company.com"}),
		}
		maps.Copy(shared, c.want)
		want = append(want, procedure(c.since, shared))
	}
	_, url := harness.Serve(t, stored...)
	runSteps(t, resource.TestStep{
		Config:            harness.Configuration(url, harness.Procedures("all")),
		ConfigStateChecks: []statecheck.StateCheck{harness.Known("all", "procedures", knownvalue.ListExact(want))},
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

func TestGeneratedProceduresArriveWhole(t *testing.T) {
	t.Parallel()
	stored := append(fakeapi.Generate(40, fakeapi.WithRunsAndFPY), fakeapi.Generate(40, fakeapi.WithRepository)...)
	_, url := harness.Serve(t, stored...)
	var want []knownvalue.Check
	for _, p := range harness.OldestFirst(stored) {
		want = append(want, generated(p))
	}
	runSteps(t, resource.TestStep{
		Config:            harness.Configuration(url, harness.Procedures("all")),
		ConfigStateChecks: []statecheck.StateCheck{harness.Known("all", "procedures", knownvalue.ListExact(want))},
	})
}

// generated is what Terraform must see of a procedure of fakeapi.Generate, whose
// runs are newest first.
func generated(p fakeapi.Procedure) knownvalue.Check {
	const format = "2006-01-02T15:04:05.000Z"
	user := map[string]string{"id": p.CreatedBy.ID, "name": "", "email": p.CreatedBy.Email}
	if p.CreatedBy.Name != nil {
		user["name"] = *p.CreatedBy.Name
	}
	given := fields{
		"name":            knownvalue.StringExact(p.Name),
		"created_at":      knownvalue.StringExact(p.CreatedAt.Format(format)),
		"created_by_user": objectOf(user),
	}
	if r := p.Repository; r != nil {
		given["linked_repository"] = objectOf(map[string]string{"id": r.ID, "name": r.Name, "full_name": r.FullName, "provider": r.Provider})
	}
	if p.FPY != nil {
		given["fpy"] = knownvalue.Float64Exact(*p.FPY)
	}
	runs := make([]knownvalue.Check, len(p.Runs))
	for i, r := range p.Runs {
		runs[len(runs)-1-i] = run(r.ID, r.Outcome, r.StartedAt.Format(format), r.Unit.ID)
	}
	given["runs"] = knownvalue.ListExact(runs)
	return procedure(p.ID, given)
}
