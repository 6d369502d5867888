package docs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestConditions checks that the pre- and postconditions in the examples of data sources fail with
// their messages if procedures violate them. TestBlocks plans them for procedures that don't.
func TestConditions(t *testing.T) {
	t.Parallel()
	messages := map[string]string{
		"examples/data-sources/tofupilot_procedure/postcondition.tf":     "Firmware Smoke Test isn't linked to a repository, or the server doesn't report repositories.",
		"examples/data-sources/tofupilot_procedure_ids/postcondition.tf": "Another procedure has the name Firmware Smoke Test now. Tell the operators of line 2.",
		"examples/data-sources/tofupilot_procedures/postcondition.tf":    `No procedure has "Motor" in its name. Create one before you set up the line.`,
		"examples/data-sources/tofupilot_procedures/repositories.tf":     "No procedure is linked to acme/firmware, or the server doesn't report repositories.",
	}
	// The server's only procedure violates all conditions: it has another ID and no repository, and its
	// name doesn't contain Motor.
	violating := fakeapi.Generate(1, fakeapi.WithRunsAndFPY)
	violating[0].Name = smokeTest
	_, url := harness.NewFakeServer(t, violating...)
	for file, example := range readExamples(t) {
		if !strings.HasPrefix(file, "examples/data-sources/") || !strings.Contains(example, "condition {") {
			continue
		}
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			message, ok := messages[file]
			if !ok {
				t.Fatal("add the message of the condition to this test")
			}
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "main.tf"), requirement+example)
			env := append(serverEnv(url), "TF_VAR_repository=acme/firmware")
			checkTerraformFails(t, dir, env, "plan", message)
		})
	}
}

// TestWarning checks that a plan with a check block for a misspelt name succeeds, with the warning
// that the page of the data source shows.
func TestWarning(t *testing.T) {
	t.Parallel()
	const page = "docs/data-sources/procedure_ids.md"
	check := readExample(t, "tofupilot_procedure_ids/check.tf")
	skipIfUnsupported(t, check)
	demo := startDemo(t)
	misspelt := strings.Replace(check, `["`+smokeTest+`"]`, `["`+misspeltName+`"]`, 1)
	dir := demo.newDir(t, readFirstExamples(t)[page]+"\n"+misspelt)
	output := runTerraform(t, dir, demo.env, "plan")
	_, warning, _ := strings.Cut(output, "\nWarning: ")
	warning, _, _ = strings.Cut(warning, "\n─")
	demo.checkPrinted(t, "Warning: "+warning, findWarning(readPages(t)[page]))
}

// findWarning returns the warning of Terraform that a page shows, or an empty string.
func findWarning(page string) string {
	for _, block := range findBlocks(page, "text") {
		if isWarning(block.text) {
			return block.text
		}
	}
	return ""
}

// isWarning reports whether a block of a page shows a warning of Terraform.
func isWarning(text string) bool { return strings.HasPrefix(text, "Warning: ") }

// TestMissingNameExists checks that the example for a missing name outputs the ID if one procedure
// has the name.
func TestMissingNameExists(t *testing.T) {
	t.Parallel()
	dir, env, procedures := newInverterDir(t, "Inverter Final Test", "Inverter Final Test Rev B")
	output := runTerraform(t, dir, env, "apply", "-auto-approve")
	checkContains(t, output, `inverter_procedure_id = "`+procedures[0].ID+`"`)
}

// TestMissingNameTwice checks that the example for a missing name fails if two procedures have the
// name.
func TestMissingNameTwice(t *testing.T) {
	t.Parallel()
	dir, env, _ := newInverterDir(t, "Inverter Final Test", "Inverter Final Test")
	checkTerraformFails(t, dir, env, "apply -auto-approve", "Error: Invalid function argument")
}

// TestMissingName checks that the example for a missing name outputs null if no procedure has exactly
// the name. Terraform doesn't store an output that is null, so the commands in procedures.md print none.
func TestMissingName(t *testing.T) {
	t.Parallel()
	dir, env, _ := newInverterDir(t, "Inverter Final Test Rev A", "inverter final test")
	runTerraform(t, dir, env, "apply", "-auto-approve")
	page := readPages(t)["docs/data-sources/procedures.md"]
	for command, want := range map[string]string{
		"terraform output -json":                      "{}",
		"terraform output -raw inverter_procedure_id": "Warning: No outputs found",
	} {
		if !strings.Contains(page, "`"+command+"`") {
			t.Errorf("the page doesn't mention %q", command)
		}
		arguments := strings.Fields(command)[1:]
		checkContains(t, runTerraform(t, dir, env, arguments...), want)
	}
}

// newInverterDir returns a directory with the example for a missing name, Inverter Final Test, and
// the environment for a server whose procedures have these names.
func newInverterDir(t *testing.T, names ...string) (dir string, env []string, procedures []fakeapi.Procedure) {
	t.Helper()
	procedures = fakeapi.Generate(len(names), fakeapi.WithRepository)
	for i, name := range names {
		procedures[i].Name = name
	}
	_, url := harness.NewFakeServer(t, procedures...)
	dir = t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+readExample(t, "tofupilot_procedures/missing.tf"))
	return dir, serverEnv(url), procedures
}

// readExample returns a file in examples/data-sources.
func readExample(t *testing.T, file string) string {
	t.Helper()
	return readFile(t, filepath.Join(root, "examples", "data-sources", file))
}
