package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

var uuid = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

const pastedPage = "docs/guides/from-pasted-ids.md"

// TestFromPastedIDs follows the guide. It applies a configuration with pasted IDs, and plans
// one that shows the names of the IDs and one that looks them up, which must change nothing.
func TestFromPastedIDs(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	page := readPages(t)[pastedPage]
	blocks := block.FindAllStringSubmatch(page, -1)
	if len(blocks) != 4 {
		t.Fatalf("the guide has %d configurations, want 4", len(blocks)) // TestImport plans the fourth
	}
	for _, id := range uuid.FindAllString(blocks[0][2], -1) {
		if before, _, _ := strings.Cut(page, blocks[0][0]); !strings.Contains(before, id) {
			t.Errorf("the guide doesn't mention the ID %s before the configuration", id)
		}
	}
	dir := t.TempDir()
	main := filepath.Join(dir, "main.tf")
	writeFile(t, main, blocks[0][2])
	runTerraform(t, dir, demo.env, "init", "-input=false", "-no-color")
	runTerraform(t, dir, demo.env, "apply", "-auto-approve", "-input=false", "-no-color")

	writeFile(t, main, blocks[0][2]+blocks[1][2])
	output := runTerraform(t, dir, demo.env, "plan", "-input=false", "-no-color")
	if shown := textBlock.FindStringSubmatch(page); shown == nil || !strings.Contains(normalizeSpace(output), normalizeSpace(shown[1])) {
		t.Errorf("got\n%s\nwant\n%s", output, shown)
	}

	repeated := strings.Replace(blocks[1][2], `toset([`, `toset(["550E8400-E29B-41D4-A716-446655440000", "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63", `, 1)
	writeFile(t, main, blocks[0][2]+repeated)
	output = runTerraform(t, dir, demo.env, "plan", "-input=false", "-no-color")
	if !strings.Contains(output, `"550E8400-E29B-41D4-A716-446655440000" = "Battery Test Procedure"`) {
		t.Errorf("an ID twice and one in upper case: got\n%s", output)
	}

	writeFile(t, main, blocks[2][2])
	if output, err := runCLI(t, harness.CLI(t), dir, demo.env, "plan", "-detailed-exitcode", "-input=false", "-no-color"); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	writeFile(t, main, strings.ReplaceAll(blocks[2][2], "Firmware Smoke Test", "Motor Controller FVT"))
	output = runTerraform(t, dir, demo.env, "plan", "-input=false", "-no-color")
	if !regexp.MustCompile(`firmware = "[^"]+" -> "[^"]+"`).MatchString(output) {
		t.Errorf("the plan doesn't show the change to another ID:\n%s", output)
	}
}

// TestImport plans the example that sets CI variables together with the import block of the
// guide. Terraform must import one variable and create the others.
func TestImport(t *testing.T) {
	t.Parallel()
	var imports string
	for _, found := range block.FindAllStringSubmatch(readPages(t)[pastedPage], -1) {
		if strings.HasPrefix(found[2], "import {") {
			imports = found[2]
		}
	}
	if missing := missingFeature(t, imports); missing != "" {
		t.Skip(missing)
	}
	_, url := newServer(t)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), replaceResources(readFile(t, filepath.Join(root, "examples", "github-variables", "main.tf"))))
	writeFile(t, filepath.Join(dir, "import.tf"), imports)
	runTerraform(t, dir, nil, "fmt", "-check", "-diff", "-no-color", "import.tf")
	writeFile(t, filepath.Join(dir, "import.tf"), strings.ReplaceAll(imports, "github_actions_variable.", "terraform_data."))
	env := []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}
	output := runTerraform(t, dir, env, "plan", "-input=false", "-no-color")
	if want := "Plan: 1 to import, 1 to add, 1 to change, 0 to destroy."; !strings.Contains(output, want) {
		t.Errorf("want %q:\n%s", want, output)
	}
}
