package docs_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	release = regexp.MustCompile(`(?m)^## ((\d+\.\d+)\.\d+)$`) // in CHANGELOG.md, newest first
	require = regexp.MustCompile(`source += "tofupilot/tofupilot"\n(?: *version += "([^"]*)"\n)?`)
)

// TestVersions checks that all configurations require the newest release in CHANGELOG.md or
// a later patch of it. Another minor version may have breaking changes.
func TestVersions(t *testing.T) {
	t.Parallel()
	newest := release.FindStringSubmatch(readFile(t, filepath.Join(root, "CHANGELOG.md")))
	if newest == nil {
		t.Fatal("CHANGELOG.md has no release")
	}
	want := "~> " + newest[2] + ".0"
	texts := readPages(t)
	maps.Copy(texts, readExamples(t))
	checked := 0
	for file, text := range texts {
		for _, found := range require.FindAllStringSubmatch(text, -1) {
			checked++
			if found[1] != want {
				t.Errorf("%s requires version %q of the provider, want %q as in CHANGELOG.md", file, found[1], want)
			}
		}
	}
	if checked < 10 {
		t.Errorf("found only %d configurations that require the provider", checked)
	}
}

// TestNewFeatures checks that pages with features that the oldest supported Terraform doesn't
// have mention the version that they need.
func TestNewFeatures(t *testing.T) {
	t.Parallel()
	checked := 0
	for page, text := range readPages(t) {
		for _, n := range newer {
			isUsed := slices.ContainsFunc(block.FindAllStringSubmatch(text, -1), func(found []string) bool {
				return strings.Contains(found[2], n.feature)
			})
			if !isUsed || !isForUsers(page) {
				continue
			}
			checked++
			if version := fmt.Sprintf("Terraform 1.%d", n.terraform); !strings.Contains(text, version) {
				t.Errorf("%s uses %s, but doesn't mention that it needs %s", page, strings.TrimSpace(n.feature), version)
			}
		}
	}
	if checked < 4 {
		t.Errorf("found only %d uses of newer features", checked)
	}
}

// TestOldestVersions compares the oldest supported versions of Terraform and OpenTofu in the
// pages with the oldest that the workflow tests.
func TestOldestVersions(t *testing.T) {
	t.Parallel()
	tested := map[string]string{}
	for _, found := range oldestTested.FindAllStringSubmatch(readFile(t, filepath.Join(root, ".github/workflows/test.yml")), -1) {
		tested[found[1]] = found[2]
	}
	texts := readPages(t)
	for _, page := range []string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/index.md"} {
		supported := map[string]string{}
		for _, found := range oldestSupported.FindAllStringSubmatch(texts[page], -1) {
			if _, ok := supported[found[1]]; !ok { // later versions are those of single features
				supported[found[1]] = found[2]
			}
		}
		if !maps.Equal(supported, tested) {
			t.Errorf("%s has %v, the workflow tests %v", page, supported, tested)
		}
	}
}

var (
	oldestTested    = regexp.MustCompile(`name: (Terraform|OpenTofu) \$\{\{ matrix\.version \}\}[^"]*version: \["~(1\.\d+)\.0"`)
	oldestSupported = regexp.MustCompile(`(Terraform|OpenTofu)\s\(?(1\.\d+)\sand\slater`)
)
