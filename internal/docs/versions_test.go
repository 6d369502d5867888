package docs_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// TestNewFeatures holds pages that use more than the oldest
// promised Terraform has to naming the version that they need.
func TestNewFeatures(t *testing.T) {
	t.Parallel()
	checked := 0
	for page, text := range pages(t) {
		for _, n := range newer {
			shown := slices.ContainsFunc(block.FindAllStringSubmatch(text, -1), func(found []string) bool {
				return strings.Contains(found[2], n.feature)
			})
			if !shown || !forUsers(page) {
				continue
			}
			checked++
			if needs := fmt.Sprintf("Terraform 1.%d", n.terraform); !strings.Contains(text, needs) {
				t.Errorf("%s uses %s without saying that it needs %s", page, strings.TrimSpace(n.feature), needs)
			}
		}
	}
	if checked < 4 {
		t.Errorf("only %d uses of newer features found", checked)
	}
}

// TestOldestVersions holds the oldest Terraform and OpenTofu that are
// promised to the oldest that the workflow tests with.
func TestOldestVersions(t *testing.T) {
	t.Parallel()
	tested := map[string]string{}
	for _, found := range oldestTested.FindAllStringSubmatch(read(t, filepath.Join(root, ".github/workflows/test.yml")), -1) {
		tested[found[1]] = found[2]
	}
	texts := pages(t)
	for _, page := range []string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/index.md"} {
		promised := map[string]string{}
		for _, found := range oldestPromised.FindAllStringSubmatch(texts[page], -1) {
			if _, ok := promised[found[1]]; !ok { // what follows is about single features
				promised[found[1]] = found[2]
			}
		}
		if !maps.Equal(promised, tested) {
			t.Errorf("%s promises %v; the workflow tests %v", page, promised, tested)
		}
	}
}

var (
	oldestTested   = regexp.MustCompile(`name: (Terraform|OpenTofu) \$\{\{ matrix\.version \}\}[^"]*version: \["~(1\.\d+)\.0"`)
	oldestPromised = regexp.MustCompile(`(Terraform|OpenTofu)\s\(?(1\.\d+)\sand\slater`)
)
