package docs_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

var (
	textBlock  = regexp.MustCompile("(?ms)^```text\n(.*?)^```$")
	uuid       = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	sourceLine = regexp.MustCompile(`(?m)^  on main\.tf line (\d+),.*\n *\d+: (.*)$`) // of an error
)

// TestFirstExamples installs the provider with the first example of each page, applies the
// example, and compares the outputs with those that the page shows. If the page shows an
// error, the test makes the same mistake and compares the error.
func TestFirstExamples(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	examples := readFirstExamples(t)
	if len(examples) < 10 {
		t.Errorf("found examples on only %d pages", len(examples))
	}
	for page, example := range examples {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			main := filepath.Join(dir, "main.tf")
			writeFile(t, main, example)
			demo.replaceAddresses(t, dir)
			runTerraform(t, dir, demo.env, "init", "-input=false", "-no-color")
			output := runTerraform(t, dir, demo.env, "apply", "-auto-approve", "-input=false", "-no-color")
			_, outputs, found := strings.Cut(output, "\nOutputs:\n")
			if !found {
				t.Errorf("the example has no outputs:\n%s", output)
			}
			if page == pastedPage {
				return // see TestFromPastedIDs
			}
			for _, shown := range textBlock.FindAllStringSubmatch(readPages(t)[page], -1) {
				if isWarning(shown[1]) {
					continue // see TestWarning
				}
				printed := outputs
				if source := sourceLine.FindStringSubmatch(shown[1]); source != nil {
					lines := strings.Split(example, "\n")
					number, err := strconv.Atoi(source[1])
					if err != nil || number > len(lines) {
						t.Fatalf("the example has no line %s", source[1])
					}
					lines[number-1] = source[2]
					writeFile(t, main, strings.Join(lines, "\n"))
					failed, _ := runCLI(t, harness.CLI(t), dir, demo.env, "plan", "-input=false", "-no-color")
					_, text, _ := strings.Cut(failed, "\nError: ")
					printed = "Error: " + strings.ReplaceAll(text, demo.url, "https://www.tofupilot.app")
				}
				if normalizeSpace(printed) != normalizeSpace(shown[1]) {
					t.Errorf("got\n%s\nwant\n%s", printed, shown[1])
				}
			}
		})
	}
}

// normalizeSpace replaces white space by single spaces.
func normalizeSpace(text string) string { return strings.Join(strings.Fields(text), " ") }

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

// readFirstExamples returns the first block of each page for users, if it is a configuration.
func readFirstExamples(t *testing.T) map[string]string {
	t.Helper()
	examples := map[string]string{}
	for page, text := range readPages(t) {
		if first := block.FindStringSubmatch(text); first != nil && first[1] == "terraform" && isForUsers(page) {
			examples[page] = first[2]
		}
	}
	return examples
}

// isForUsers reports whether a page is for users of the provider, not for its developers.
func isForUsers(page string) bool {
	return page == "README.md" || strings.HasPrefix(page, "docs/")
}
