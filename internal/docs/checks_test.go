package docs_test

import (
	"path/filepath"
	"slices"
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
	// The server's only procedure violates all conditions: its ID isn't the one that the example
	// expects, it has no repository, and its name doesn't contain Motor.
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
			env := append(serverEnv(url), "TF_VAR_repository=acme/firmware") // the variable of repositories.tf
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
	warning, _, _ = strings.Cut(warning, "\n─") // the line at the end of a plan
	blocks := findBlocks(readPages(t)[page], "text")
	index := slices.IndexFunc(blocks, isWarning)
	if index < 0 {
		t.Fatalf("%s shows no warning", page)
	}
	demo.checkPrinted(t, "Warning: "+warning, blocks[index].text)
}

// isWarning reports whether a block of a page shows a warning of Terraform.
func isWarning(block codeBlock) bool { return strings.HasPrefix(block.text, "Warning: ") }

// TestMissingName checks the example for a name that may be missing. It outputs null if no procedure has
// exactly this name, outputs the procedure's ID if one has it, and fails if two have it.
func TestMissingName(t *testing.T) {
	t.Parallel()
	procedures := fakeapi.Generate(4, fakeapi.WithRepository)
	// The first two names are similar to the name in the example, Inverter Final Test.
	for i, name := range []string{"Inverter Final Test Rev A", "inverter final test", "Inverter Final Test", "Inverter Final Test"} {
		procedures[i].Name = name
	}
	api, url := harness.NewFakeServer(t, procedures[:2]...)
	env := serverEnv(url)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+readExample(t, "tofupilot_procedures/missing.tf"))

	runTerraform(t, dir, env, "apply", "-auto-approve")
	checkContains(t, runTerraform(t, dir, env, "output", "-json"), "{}") // Terraform doesn't store null

	api.Add(procedures[2])
	output := runTerraform(t, dir, env, "apply", "-auto-approve")
	checkContains(t, output, `inverter_procedure_id = "`+procedures[2].ID+`"`)

	api.Add(procedures[3])
	checkTerraformFails(t, dir, env, "apply -auto-approve", "Error: Invalid function argument")
}

// readExample returns a file in examples/data-sources.
func readExample(t *testing.T, file string) string {
	t.Helper()
	return readFile(t, filepath.Join(root, "examples", "data-sources", file))
}
