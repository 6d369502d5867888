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
	sample   = regexp.MustCompile("(?ms)^```text\n(.*?)^```$")
	uuid     = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	atSource = regexp.MustCompile(`(?m)^  on main\.tf line (\d+),.*\n *\d+: (.*)$`)
)

// TestFirstExamples does what a newcomer does: paste the first example of a page
// into a new directory, install, apply, look at the output. Where the page shows
// what is printed, that is all that is printed; where it shows an error, that is the
// whole error after the mistake in it.
func TestFirstExamples(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	examples := firstExamples(t)
	if len(examples) < 10 {
		t.Errorf("only %d pages have examples", len(examples))
	}
	for page, example := range examples {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			main := filepath.Join(dir, "main.tf")
			write(t, main, example)
			demo.answerFor(t, dir)
			terraform(t, dir, demo.env, "init", "-input=false", "-no-color")
			said := terraform(t, dir, demo.env, "apply", "-auto-approve", "-input=false", "-no-color")
			_, outputs, found := strings.Cut(said, "\nOutputs:\n")
			if !found {
				t.Errorf("the example outputs nothing:\n%s", said)
			}
			if page == pastedPage {
				return // TestFromPastedIDs
			}
			for _, shown := range sample.FindAllStringSubmatch(pages(t)[page], -1) {
				if isWarning(shown[1]) {
					continue // TestWarning
				}
				printed := outputs
				if source := atSource.FindStringSubmatch(shown[1]); source != nil {
					lines := strings.Split(example, "\n")
					number, err := strconv.Atoi(source[1])
					if err != nil || number > len(lines) {
						t.Fatalf("the example has no line %s", source[1])
					}
					lines[number-1] = source[2]
					write(t, main, strings.Join(lines, "\n"))
					failed, _ := try(t, harness.CLI(t), dir, demo.env, "plan", "-input=false", "-no-color")
					_, text, _ := strings.Cut(failed, "\nError: ")
					printed = "Error: " + strings.ReplaceAll(text, demo.url, "https://www.tofupilot.app")
				}
				if inOneLine(printed) != inOneLine(shown[1]) {
					t.Errorf("shows\n%s\nand prints\n%s", shown[1], printed)
				}
			}
		})
	}
}

// inOneLine makes texts equal that differ in white space only.
func inOneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

const pastedPage = "docs/guides/from-pasted-ids.md"

// TestFromPastedIDs follows the guide: what is pasted today is applied, the plan
// shows the names, and looking them up changes nothing.
func TestFromPastedIDs(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	page := pages(t)[pastedPage]
	blocks := block.FindAllStringSubmatch(page, -1)
	if len(blocks) != 3 {
		t.Fatalf("the guide has %d configurations", len(blocks))
	}
	for _, id := range uuid.FindAllString(blocks[0][2], -1) {
		if before, _, _ := strings.Cut(page, blocks[0][0]); !strings.Contains(before, id) {
			t.Errorf("the guide doesn't show where the ID %s is pasted", id)
		}
	}
	dir := t.TempDir()
	main := filepath.Join(dir, "main.tf")
	write(t, main, blocks[0][2])
	terraform(t, dir, demo.env, "init", "-input=false", "-no-color")
	terraform(t, dir, demo.env, "apply", "-auto-approve", "-input=false", "-no-color")

	write(t, main, blocks[0][2]+blocks[1][2])
	said := terraform(t, dir, demo.env, "plan", "-input=false", "-no-color")
	if shown := sample.FindStringSubmatch(page); shown == nil || !strings.Contains(inOneLine(said), inOneLine(shown[1])) {
		t.Errorf("shows\n%s\nand prints\n%s", shown, said)
	}

	write(t, main, blocks[2][2])
	if said, err := try(t, harness.CLI(t), dir, demo.env, "plan", "-detailed-exitcode", "-input=false", "-no-color"); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	write(t, main, strings.ReplaceAll(blocks[2][2], "Firmware Smoke Test", "Motor Controller FVT"))
	said = terraform(t, dir, demo.env, "plan", "-input=false", "-no-color")
	if !regexp.MustCompile(`firmware = "[^"]+" -> "[^"]+"`).MatchString(said) {
		t.Errorf("another ID isn't shown beside the pasted one:\n%s", said)
	}
}

// firstExamples are the first blocks of the pages that have any.
func firstExamples(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for page, text := range pages(t) {
		if first := block.FindStringSubmatch(text); first != nil && forUsers(page) {
			found[page] = first[2]
		}
	}
	return found
}

// forUsers tells pages for users of the provider from those for its developers.
func forUsers(page string) bool {
	return page == "README.md" || strings.HasPrefix(page, "docs/")
}
