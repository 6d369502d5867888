package docs_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

var (
	verifyCommand = regexp.MustCompile(`gh attestation verify (?:[^\n]*\\\n)*[^\n]*`)
	option        = regexp.MustCompile(`--[a-z-]+`)
)

// TestVerifyCommand checks that the command in SECURITY.md verifies a release with the same options
// as the workflow that publishes it. Their values differ.
func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	readOptions := func(file string) []string {
		command := verifyCommand.FindString(readFile(t, filepath.Join(root, file)))
		return slices.Sorted(slices.Values(option.FindAllString(command, -1)))
	}
	got := readOptions("SECURITY.md")
	want := readOptions(".github/workflows/release.yml")
	if len(want) < 4 { // there are more, so verifyCommand or option misses some
		t.Errorf("found only the options %v in the workflow", want)
	}
	if !slices.Equal(got, want) {
		t.Errorf("SECURITY.md has the options %v, want those of the workflow, %v", got, want)
	}
}
