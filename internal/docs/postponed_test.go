package docs_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestPostponedReads holds the pages to what they say of depends_on, timestamp()
// and plantimestamp(): which of them postpone a read until apply, where for_each
// can't use it.
func TestPostponedReads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arguments string
		postpones bool
	}{
		"depends_on a change": {`depends_on = [terraform_data.other]`, true},
		"timestamp":           {`created_after = timeadd(timestamp(), "-720h")`, true},
		"plantimestamp":       {`created_after = timeadd(plantimestamp(), "-720h")`, false},
		"none of them":        {``, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			configuration := requirement + `
resource "terraform_data" "other" {}
data "tofupilot_procedures" "all" {
  ` + c.arguments + `
}
resource "terraform_data" "each" {
  for_each = toset(data.tofupilot_procedures.all.ids)
}
`
			if why := tooNew(t, configuration); why != "" {
				t.Skip(why)
			}
			dir := t.TempDir()
			write(t, filepath.Join(dir, "main.tf"), configuration)
			api, url := serve(t)
			said, err := try(t, harness.CLI(t), dir, []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}, "plan", "-input=false", "-no-color")
			if failed := err != nil && strings.Contains(said, "Invalid for_each argument"); failed != c.postpones {
				t.Errorf("postpones: %t, want %t; error %v:\n%s", failed, c.postpones, err, said)
			}
			if asked := len(api.Requests()) > 0; asked == c.postpones {
				t.Errorf("the server was asked during the plan: %t", asked)
			}
		})
	}
}

// TestLast30Days holds the example to the days that its heading says.
func TestLast30Days(t *testing.T) {
	t.Parallel()
	example := read(t, filepath.Join(root, "examples", "data-sources", "tofupilot_procedures", "recent.tf"))
	if why := tooNew(t, example); why != "" {
		t.Skip(why)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.tf"), requirement+example)
	api, url := serve(t)
	terraform(t, dir, []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}, "plan", "-input=false", "-no-color")
	sent := api.Requests()[0].Query.Get("created_after")
	after, err := time.Parse(time.RFC3339, sent)
	if ago := time.Since(after); err != nil || ago < 30*24*time.Hour || ago > 30*24*time.Hour+10*time.Minute {
		t.Errorf("created_after=%s, %s ago; want 30 days: %v", sent, ago, err)
	}
}

// TestDependsOnOfAModule holds the pages to what they say of depends_on around a
// module: a change of what it names postpones the lookup inside, and what is built
// from the IDs is planned for replacement.
func TestDependsOnOfAModule(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dependsOn string
		replaces  bool
	}{
		"with depends_on":    {"depends_on = [terraform_data.other]", true},
		"without depends_on": {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			configuration := requirement + `
variable "input" { type = string }
resource "terraform_data" "other" { input = var.input }
module "lookup" {
  source = "./lookup"
  ` + c.dependsOn + `
}
resource "terraform_data" "station" { triggers_replace = module.lookup.ids }
`
			if why := tooNew(t, configuration); why != "" {
				t.Skip(why)
			}
			dir := t.TempDir()
			write(t, filepath.Join(dir, "main.tf"), configuration)
			write(t, filepath.Join(dir, "lookup", "main.tf"), requirement+`
data "tofupilot_procedure_ids" "line" { names = ["Firmware Smoke Test"] }
output "ids" { value = data.tofupilot_procedure_ids.line.ids }
`)
			_, url := serve(t)
			env := []string{asUser(), "TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}
			terraform(t, dir, env, "init", "-input=false", "-no-color")
			terraform(t, dir, env, "apply", "-auto-approve", "-input=false", "-no-color", "-var=input=1")
			said := terraform(t, dir, env, "plan", "-input=false", "-no-color", "-var=input=2")
			if replaces := strings.Contains(said, "terraform_data.station must be replaced"); replaces != c.replaces {
				t.Errorf("replaces: %t, want %t:\n%s", replaces, c.replaces, said)
			}
		})
	}
}
