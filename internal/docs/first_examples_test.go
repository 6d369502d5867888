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
