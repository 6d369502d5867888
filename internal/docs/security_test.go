package docs_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

var (
	verifies = regexp.MustCompile(`gh attestation verify (?:[^\n]*\\\n)*[^\n]*`)
	option   = regexp.MustCompile(`--[a-z-]+`)
)

// TestVerifyCommand holds the command that users are shown to
// the conditions under which a release is published.
func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	conditions := func(file string) []string {
		flags := option.FindAllString(verifies.FindString(read(t, filepath.Join(root, file))), -1)
		slices.Sort(flags)
		return flags
	}
	shown, checked := conditions("SECURITY.md"), conditions(".github/workflows/release.yml")
	if len(checked) < 4 || !slices.Equal(shown, checked) {
		t.Errorf("SECURITY.md verifies by %v, the workflow by %v", shown, checked)
	}
}
