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

// TestVerifyCommand checks that SECURITY.md verifies a release with the same options as the
// workflow that publishes it.
func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	options := func(file string) []string {
		options := option.FindAllString(verifyCommand.FindString(readFile(t, filepath.Join(root, file))), -1)
		slices.Sort(options)
		return options
	}
	got, want := options("SECURITY.md"), options(".github/workflows/release.yml")
	if len(want) < 4 || !slices.Equal(got, want) {
		t.Errorf("SECURITY.md has the options %v, the workflow %v", got, want)
	}
}
