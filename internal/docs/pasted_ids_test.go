package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const pastedPage = "docs/guides/from-pasted-ids.md"

var uuid = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// pastedGuide contains the configurations of from-pasted-ids.md, in the order of its steps.
type pastedGuide struct {
	pasted    string // has the pasted IDs
	showNames string // is added to pasted, and shows the names of the IDs
	lookUp    string // looks the names up
	imports   string // imports CI variables
}

func readPastedGuide(t *testing.T) pastedGuide {
	t.Helper()
	blocks := findBlocks(readPages(t)[pastedPage], "terraform")
	if len(blocks) != 4 {
		t.Fatalf("got %d configurations, want 4", len(blocks))
	}
	return pastedGuide{pasted: blocks[0].text, showNames: blocks[1].text, lookUp: blocks[2].text, imports: blocks[3].text}
}

// TestPastedIDs checks that from-pasted-ids.md mentions the pasted IDs before the configuration with them.
func TestPastedIDs(t *testing.T) {
	t.Parallel()
	guide := readPastedGuide(t)
	introduction, _, _ := strings.Cut(readPages(t)[pastedPage], guide.pasted)
	for _, id := range uuid.FindAllString(guide.pasted, -1) {
		if !strings.Contains(introduction, id) {
			t.Errorf("the ID %s isn't mentioned before the configuration", id)
		}
	}
}

// TestShowNames checks that a plan shows the names of the pasted IDs as from-pasted-ids.md does, and
// that it shows the name for an ID that was pasted in upper case, too.
func TestShowNames(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	guide := readPastedGuide(t)
	dir := demo.newDir(t, guide.pasted+guide.showNames)
	shown := findBlocks(readPages(t)[pastedPage], "text")[0].text
	checkContains(t, runTerraform(t, dir, demo.env, "plan"), normalizeSpace(shown))

	upperCase := strings.ToUpper(smokeTestID)
	writeFile(t, filepath.Join(dir, "main.tf"), strings.ReplaceAll(guide.pasted+guide.showNames, smokeTestID, upperCase))
	checkContains(t, runTerraform(t, dir, demo.env, "plan"), `"`+upperCase+`" = "`+smokeTest+`"`)
}

// TestLookUpPastedIDs replaces pasted IDs by lookups. It checks that the plan then has no changes, and
// that a plan with another procedure's name shows that the ID changes.
func TestLookUpPastedIDs(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	guide := readPastedGuide(t)
	dir := demo.newDir(t, guide.pasted)
	runTerraform(t, dir, demo.env, "apply", "-auto-approve")

	main := filepath.Join(dir, "main.tf")
	writeFile(t, main, guide.lookUp)
	runTerraform(t, dir, demo.env, "plan", "-detailed-exitcode") // fails if there are changes

	writeFile(t, main, strings.ReplaceAll(guide.lookUp, smokeTest, "Motor Controller FVT")) // another procedure's name
	output := runTerraform(t, dir, demo.env, "plan")
	if !regexp.MustCompile(`firmware = "[^"]+" -> "[^"]+"`).MatchString(output) {
		t.Errorf("the plan doesn't show that the ID changes:\n%s", output)
	}
}

// TestImport checks that the import block of from-pasted-ids.md imports one of the CI variables of the
// example github-variables. Terraform must update that variable and create the other one.
func TestImport(t *testing.T) {
	t.Parallel()
	guide := readPastedGuide(t)
	skipIfUnsupported(t, guide.imports)
	_, url := newServer(t)
	dir := copyExample(t, "examples/github-variables")
	file := filepath.Join(dir, "import.tf")
	writeFile(t, file, guide.imports)
	runTerraform(t, dir, nil, "fmt", "-check", "-diff", "import.tf")
	// copyExample has replaced the variables by terraform_data resources.
	writeFile(t, file, strings.ReplaceAll(guide.imports, "github_actions_variable.", "terraform_data."))
	checkContains(t, runTerraform(t, dir, serverEnv(url), "plan"), "Plan: 1 to import, 1 to add, 1 to change, 0 to destroy.")
}
