// Package docs_test holds documentation and examples to what they say: every
// configuration in them is valid, every example plans, every link leads
// somewhere.
package docs_test

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the repository's.
const root = "../.."

// home holds the provider and the settings that have Terraform use it.
var home string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if home, err = os.MkdirTemp("", "docs"); err == nil {
			defer func() { _ = os.RemoveAll(home) }() // a leftover does no harm
			err = build()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func build() error {
	executable := filepath.Join(home, "terraform-provider-tofupilot")
	if runtime.GOOS == "windows" {
		executable += ".exe"
	}
	command := exec.Command("go", "build", "-buildvcs=false", "-o", executable, "github.com/tofupilot/terraform-provider-tofupilot") //nolint:noctx // nothing in it comes from outside, and there is no test yet
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, said)
	}
	settings := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n    %q = %q\n  }\n}\n",
		"registry.terraform.io/tofupilot/tofupilot", home, "registry.opentofu.org/tofupilot/tofupilot", home)
	return os.WriteFile(filepath.Join(home, "terraform.rc"), []byte(settings), 0o600)
}

// terraform runs it without what the developer has set, and fails the test if it
// fails.
func terraform(t *testing.T, dir string, env []string, arguments ...string) string {
	t.Helper()
	return cli(t, atHand(), dir, env, arguments...)
}

// atHand is the Terraform that tests run with.
func atHand() string { return cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform") }

// cli is terraform with another program, such as tofu.
func cli(t *testing.T, program, dir string, env []string, arguments ...string) string {
	t.Helper()
	run := exec.CommandContext(t.Context(), program, arguments...)
	run.Dir = dir
	run.Env = append(slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "TOFUPILOT_")
	}), append([]string{"TF_CLI_CONFIG_FILE=" + filepath.Join(home, "terraform.rc"), "CHECKPOINT_DISABLE=1", "HOME=" + home, "USERPROFILE=" + home}, env...)...)
	said, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", run, err, said)
	}
	return string(said)
}

// newer are features that documentation and examples use and that not every
// promised version has, with the minor version from which Terraform 1 and
// OpenTofu 1 have them.
var newer = []struct {
	feature             string
	terraform, openTofu int
}{
	{`resource "terraform_data"`, 4, 6},
	{"mock_provider", 7, 8},
	{"ephemeral ", 10, 11},
}

var version = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\.`)

// tooNew says what in a text the Terraform at hand doesn't have; empty if it has
// everything.
func tooNew(t *testing.T, text string) string {
	t.Helper()
	return tooNewFor(t, atHand(), text)
}

func tooNewFor(t *testing.T, program, text string) string {
	t.Helper()
	said := cli(t, program, home, nil, "version")
	found := version.FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("no version in %q", said)
	}
	minor, err := strconv.Atoi(found[2])
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range newer {
		since := n.terraform
		if found[1] == "OpenTofu" {
			since = n.openTofu
		}
		if minor < since && strings.Contains(text, n.feature) {
			return fmt.Sprintf("%s needs %s 1.%d, and this is 1.%d", strings.TrimSpace(n.feature), found[1], since, minor)
		}
	}
	return ""
}

// pages are the Markdown files of the repository, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"*.md", ".github/*.md", "docs/*.md", "docs/*/*.md", "internal/*/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 && pattern != ".github/*.md" {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			found[filepath.ToSlash(path)] = strings.ReplaceAll(string(content), "\r\n", "\n")
		}
	}
	return found
}
