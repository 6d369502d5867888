package docs_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// release is the newest that CHANGELOG.md has a section for.
	release = regexp.MustCompile(`(?m)^## ((\d+\.\d+)\.\d+)$`)
	require = regexp.MustCompile(`source += "tofupilot/tofupilot"\n(?: *version += "([^"]*)"\n)?`)
)

// TestVersions holds every configuration that is shown to the version that the
// changelog has newest: its patches, and no other minor version, which may break.
func TestVersions(t *testing.T) {
	t.Parallel()
	newest := release.FindStringSubmatch(read(t, filepath.Join(root, "CHANGELOG.md")))
	if newest == nil {
		t.Fatal("CHANGELOG.md has no release")
	}
	want := "~> " + newest[2] + ".0"
	texts := pages(t)
	maps.Copy(texts, exampleFiles(t))
	checked := 0
	for file, text := range texts {
		for _, found := range require.FindAllStringSubmatch(text, -1) {
			checked++
			if found[1] != want {
				t.Errorf("%s requires version %q of the provider; want %q, as in CHANGELOG.md", file, found[1], want)
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d configurations require the provider", checked)
	}
}

// exampleFiles are the configurations below examples/, by path.
func exampleFiles(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), "examples", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && (filepath.Ext(path) == ".tf" || strings.HasSuffix(path, ".tftest.hcl")) {
			found[path] = read(t, filepath.Join(root, path))
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d files, %v", len(found), err)
	}
	return found
}

// TestReadmeIsShort keeps it to what a visitor reads; docs/ has the rest.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if lines := strings.Count(pages(t)["README.md"], "\n"); lines >= 100 {
		t.Errorf("README.md has %d lines; it should have less than 100", lines)
	}
}
