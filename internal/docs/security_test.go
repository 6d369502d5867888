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
	promises   = regexp.MustCompile(`(?ms)^## What the provider promises\n(.*?)^## `)
	promise    = regexp.MustCompile(`(?m)^\| (.+) \| (.*) \|$`)
	namedTest  = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	writtenOne = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	verifies   = regexp.MustCompile(`gh attestation verify (?:[^\n]*\\\n)*[^\n]*`)
	flag       = regexp.MustCompile(`--[a-z-]+`)
)

// TestEveryPromiseNamesTheTestThatHoldsIt holds the promises of SECURITY.md to one
// line each, with tests that exist.
func TestEveryPromiseNamesTheTestThatHoldsIt(t *testing.T) {
	t.Parallel()
	page := pages(t)["SECURITY.md"]
	section := promises.FindStringSubmatch(page)
	if section == nil {
		t.Fatal("SECURITY.md has no promises")
	}
	rows := promise.FindAllStringSubmatch(section[1], -1)
	if len(rows) < 15 { // with the heading of the table
		t.Errorf("only %d promises found", len(rows)-1)
	}
	for _, row := range rows[1:] {
		if !namedTest.MatchString(row[2]) {
			t.Errorf("no test is named for %q", row[1])
		}
	}
	written := tests(t)
	for _, found := range namedTest.FindAllStringSubmatch(page, -1) {
		if !written[found[1]] {
			t.Errorf("SECURITY.md names %s: there is no such test", found[1])
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
		flags := flag.FindAllString(verifies.FindString(read(t, filepath.Join(root, file))), -1)
		slices.Sort(flags)
		return flags
	}
	shown, checked := conditions("SECURITY.md"), conditions(".github/workflows/release.yml")
	if len(checked) < 4 || !slices.Equal(shown, checked) {
		t.Errorf("SECURITY.md verifies by %v, the workflow by %v", shown, checked)
	}
}
