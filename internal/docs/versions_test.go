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
	// release matches a heading of CHANGELOG.md. Its groups are the version and the minor version.
	release = regexp.MustCompile(`(?m)^## ((\d+\.\d+)\.\d+)$`)
	// providerSource matches a requirement of the provider. Its group is the version constraint, if there is one.
	providerSource = regexp.MustCompile(`source += "tofupilot/tofupilot"\n(?: *version += "([^"]*)"\n)?`)
)

// TestVersions checks that all configurations require the newest release in CHANGELOG.md or a later
// patch of it. They don't allow another minor version, because it may have breaking changes.
func TestVersions(t *testing.T) {
	t.Parallel()
	newest := release.FindStringSubmatch(readFile(t, filepath.Join(root, "CHANGELOG.md"))) // the first is the newest
	if newest == nil {
		t.Fatal("CHANGELOG.md has no release")
	}
	minor := newest[2] // such as 1.2
	want := "~> " + minor + ".0"
	texts := readPages(t)
	maps.Copy(texts, readExamples(t))
	checked := 0
	for file, text := range texts {
		for _, found := range providerSource.FindAllStringSubmatch(text, -1) {
			checked++
			if found[1] != want {
				t.Errorf("%s requires version %q of the provider, want %q as in CHANGELOG.md", file, found[1], want)
			}
		}
	}
	if checked < 10 { // there are more, so providerSource misses some
		t.Errorf("found only %d configurations that require the provider", checked)
	}
}

// TestNewFeatures checks that a page for users mentions the version of Terraform that each of
// newerFeatures in its configurations needs.
func TestNewFeatures(t *testing.T) {
	t.Parallel()
	checked := 0
	for page, text := range readPages(t) {
		if !isForUsers(page) {
			continue
		}
		blocks := findBlocks(text, "terraform", "hcl", "tf")
		for _, feature := range newerFeatures {
			usesFeature := func(block codeBlock) bool { return strings.Contains(block.text, feature.text) }
			if !slices.ContainsFunc(blocks, usesFeature) {
				continue
			}
			checked++
			if version := fmt.Sprintf("Terraform 1.%d", feature.terraform); !strings.Contains(text, version) {
				t.Errorf("%s uses %s, but doesn't mention that it needs %s", page, strings.TrimSpace(feature.text), version)
			}
		}
	}
	if checked < 4 { // there are more, so newerFeatures misses some
		t.Errorf("found only %d uses of newer features", checked)
	}
}

var (
	// oldestTested matches the first version that a job of the workflow tests. Its groups are the product and the version.
	oldestTested = regexp.MustCompile(`name: (Terraform|OpenTofu) \$\{\{ matrix\.version \}\}[^"]*version: \["~(1\.\d+)\.0"`)
	// oldestSupported matches the oldest version that a page mentions. Its groups are the product and the version.
	oldestSupported = regexp.MustCompile(`(Terraform|OpenTofu)\s\(?(1\.\d+)\sand\slater`)
)

// TestOldestVersions checks that the oldest supported versions of Terraform and OpenTofu in the pages
// are the oldest that the workflow tests.
func TestOldestVersions(t *testing.T) {
	t.Parallel()
	tested := map[string]string{}
	for _, found := range oldestTested.FindAllStringSubmatch(readFile(t, filepath.Join(root, ".github/workflows/test.yml")), -1) {
		product, version := found[1], found[2]
		tested[product] = version
	}
	texts := readPages(t)
	for _, page := range []string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/index.md"} {
		supported := map[string]string{}
		for _, found := range oldestSupported.FindAllStringSubmatch(texts[page], -1) {
			product, version := found[1], found[2]
			if supported[product] == "" { // later mentions are of versions that single features need
				supported[product] = version
			}
		}
		if !maps.Equal(supported, tested) {
			t.Errorf("%s mentions %v, want %v, which the workflow tests", page, supported, tested)
		}
	}
}
