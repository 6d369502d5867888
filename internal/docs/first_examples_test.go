package docs_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// quotedLine matches the part of an error that quotes a line of main.tf: its groups are the line's number
// and text.
var quotedLine = regexp.MustCompile(`(?m)^  on main\.tf line (\d+),.*\n *\d+: (.*)$`)

// TestFirstExamples checks that the first example of each page can be installed and applied, and
// that Terraform prints the outputs and errors that the page shows.
func TestFirstExamples(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	examples := readFirstExamples(t)
	if len(examples) < 10 { // there are more, so readFirstExamples misses some
		t.Errorf("found examples on only %d pages", len(examples))
	}
	for page, example := range examples {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			dir := demo.newDir(t, example)
			output := runTerraform(t, dir, demo.env, "apply", "-auto-approve")
			_, outputs, found := strings.Cut(output, "\nOutputs:\n")
			if !found {
				t.Errorf("the example has no outputs:\n%s", output)
			}
			if page == pastedPage {
				return // it shows the output of another configuration; see TestShowNames
			}
			for _, shown := range findBlocks(readPages(t)[page], "text") {
				switch {
				case isWarning(shown): // see TestWarning
				case strings.HasPrefix(shown.text, "Error: "):
					demo.checkError(t, dir, example, shown.text)
				default:
					demo.checkPrinted(t, outputs, shown.text)
				}
			}
		})
	}
}

// checkError puts the line that an error quotes into an example, at the line number that the
// error gives, and checks that a plan prints the error.
func (d demo) checkError(t *testing.T, dir, example, shown string) {
	t.Helper()
	quoted := quotedLine.FindStringSubmatch(shown)
	if quoted == nil {
		t.Fatalf("the error quotes no line:\n%s", shown)
	}
	lines := strings.Split(example, "\n")
	number, err := strconv.Atoi(quoted[1])
	if err != nil || number > len(lines) {
		t.Fatalf("the example has no line %s", quoted[1])
	}
	lines[number-1] = quoted[2]
	writeFile(t, filepath.Join(dir, "main.tf"), strings.Join(lines, "\n"))
	output, _ := tryTerraform(t, dir, d.env, "plan")
	_, printed, _ := strings.Cut(output, "\nError: ")
	d.checkPrinted(t, "Error: "+printed, shown)
}

// checkPrinted checks that Terraform printed what a page shows, apart from white space. Pages show the
// address of the hosted service instead of the demo server.
func (d demo) checkPrinted(t *testing.T, printed, shown string) {
	t.Helper()
	printed = strings.ReplaceAll(printed, d.url, "https://www.tofupilot.app")
	if normalizeSpace(printed) != normalizeSpace(shown) {
		t.Errorf("got\n%s\nwant\n%s", printed, shown)
	}
}

// readFirstExamples returns the first configuration of each page for users, by page. It omits pages
// on which a block marked hcl or tf comes first.
func readFirstExamples(t *testing.T) map[string]string {
	t.Helper()
	examples := map[string]string{}
	for page, text := range readPages(t) {
		blocks := findBlocks(text, "terraform", "hcl", "tf")
		if isForUsers(page) && len(blocks) > 0 && blocks[0].language == "terraform" {
			examples[page] = blocks[0].text
		}
	}
	return examples
}
