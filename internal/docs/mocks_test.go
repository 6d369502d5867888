package docs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// TestMocks holds the table of the guide on offline tests to what Terraform and
// OpenTofu do. Where a new release does better, the guide is to be changed.
func TestMocks(t *testing.T) {
	t.Parallel()
	const (
		configuration = `
data "tofupilot_procedures" "all" {}
data "tofupilot_procedure" "one" { name = "X" }
data "tofupilot_procedure_ids" "some" {
  names = ["X"]
  timeouts { read = "1m" }
}
`
		whole   = `id = "a", name = "X", created_at = "2024-01-15T10:30:00Z", created_by_user = null, linked_repository = null, runs = [], fpy = 99.5`
		tuple   = "incompatible types; expected object type, found tuple"
		missing = "are required"
	)
	for name, c := range map[string]struct {
		target, values, holds string
		terraform, openTofu   string // what they say against it; empty: it works
	}{
		"text and number":    {"procedure.one", `id = "a", fpy = 99.5`, `data.tofupilot_procedure.one.id == "a" && data.tofupilot_procedure.one.fpy == 99.5`, "", ""},
		"list of texts":      {"procedures.all", `ids = ["a", "b"]`, `data.tofupilot_procedures.all.ids[1] == "b"`, "", ""},
		"map":                {"procedure_ids.some", `ids = { X = "a" }`, `data.tofupilot_procedure_ids.some.ids["X"] == "a"`, "", ""},
		"a block's argument": {"procedure_ids.some", ``, `data.tofupilot_procedure_ids.some.timeouts.read == "1m" && data.tofupilot_procedure.one.timeouts == null`, "", ""},
		"whole object":       {"procedure.one", `linked_repository = { id = "1", name = "x", full_name = "acme/x", provider = "github" }`, `data.tofupilot_procedure.one.linked_repository.full_name == "acme/x"`, "", ""},
		"part of an object":  {"procedure.one", `linked_repository = { full_name = "acme/x" }`, `data.tofupilot_procedure.one.linked_repository.full_name == "acme/x"`, "", missing},
		"whole objects":      {"procedures.all", `procedures = [{ ` + whole + ` }]`, `data.tofupilot_procedures.all.procedures[0].name == "X"`, tuple, ""},
		"parts of objects":   {"procedures.all", `procedures = [{ id = "a", name = "X" }]`, `length(data.tofupilot_procedures.all.procedures) == 1`, tuple, missing},
		"nothing of a map":   {"procedure_ids.some", ``, `length(data.tofupilot_procedure_ids.some.ids) == 0`, "", ""},
		"nothing of objects": {"procedures.all", ``, `length(data.tofupilot_procedures.all.procedures) == 0`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "main.tf"), requirement+configuration)
			write(t, filepath.Join(dir, "mock.tftest.hcl"), `
mock_provider "tofupilot" {}
override_data {
  target = data.tofupilot_`+c.target+`
  values = { `+c.values+` }
}
run "it" {
  command = plan
  assert {
    condition     = `+c.holds+`
    error_message = "It doesn't hold."
  }
}
`)
			for _, program := range bothCLIs(t) {
				if why := tooNewFor(t, program, "mock_provider"); why != "" {
					t.Log(why)
					continue
				}
				want := c.terraform
				if product, _ := harness.Version(t, program); product == "OpenTofu" {
					want = c.openTofu
				}
				said, err := try(t, program, dir, nil, "test", "-no-color")
				if (err == nil) != (want == "") || !strings.Contains(strings.Join(strings.Fields(said), " "), want) {
					t.Errorf("%s: error %v, want %q:\n%s", program, err, want, said)
				}
			}
		})
	}
}
