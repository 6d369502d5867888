package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	namedTest  = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	writtenOne = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	verifies   = regexp.MustCompile(`gh attestation verify (?:[^\n]*\\\n)*[^\n]*`)
	option     = regexp.MustCompile(`--[a-z-]+`)
)

// TestPromisesNameTests holds the tests that promises rest on to being there.
func TestPromisesNameTests(t *testing.T) {
	t.Parallel()
	written := tests(t)
	found := namedTest.FindAllStringSubmatch(pages(t)["internal/acceptance/SECURITY.md"], -1)
	if len(found) < 15 {
		t.Errorf("only %d tests are named", len(found))
	}
	for _, named := range found {
		if !written[named[1]] {
			t.Errorf("%s is named: there is no such test", named[1])
		}
	}
}

// tests are the names of all tests and fuzz targets.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, test := range writtenOne.FindAllStringSubmatch(read(t, filepath.Join(root, path)), -1) {
			found[test[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestReleasesAreVerifiedAsTheWorkflowDoes holds the command that users are shown to
// the conditions under which a release is published.
func TestReleasesAreVerifiedAsTheWorkflowDoes(t *testing.T) {
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
