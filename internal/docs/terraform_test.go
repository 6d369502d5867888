// Package docs_test holds documentation and examples to what they say: every
// configuration in them is valid, every example plans, every link leads
// somewhere.
package docs_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// root is the repository's.
const root = "../.."

// home holds the provider, and the settings that have Terraform use it:
// developer.rc without an installation, as developers do; user.rc from a mirror,
// so that terraform init installs it as for any user.
var home string

func TestMain(m *testing.M) {
	harness.MustRead(provider.Server("test")())
	flag.Parse()
	os.Exit(func() int {
		if testing.Short() {
			return m.Run() // no test of it needs the provider
		}
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

// build puts the provider into a mirror, for the registries of both Terraform
// and OpenTofu, under the version that the documentation has users install.
func build() error {
	changelog, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	found := release.FindSubmatch(changelog)
	if found == nil {
		return errors.New("CHANGELOG.md has no release")
	}
	version := string(found[1])
	folder := func(host string) string {
		return filepath.Join(home, "mirror", host, "tofupilot", "tofupilot", version, runtime.GOOS+"_"+runtime.GOARCH)
	}
	name := "terraform-provider-tofupilot_v" + version
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	forTerraform, forOpenTofu := folder("registry.terraform.io"), folder("registry.opentofu.org")
	command := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(forTerraform, name), "github.com/tofupilot/terraform-provider-tofupilot") //nolint:noctx // nothing in it comes from outside, and there is no test yet
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, said)
	}
	if err := os.MkdirAll(forOpenTofu, 0o700); err != nil {
		return err
	}
	if err := os.Link(filepath.Join(forTerraform, name), filepath.Join(forOpenTofu, name)); err != nil {
		return err
	}
	for file, settings := range map[string]string{
		"developer.rc": fmt.Sprintf("dev_overrides {\n    %q = %q\n    %q = %q\n  }",
			"registry.terraform.io/tofupilot/tofupilot", forTerraform, "registry.opentofu.org/tofupilot/tofupilot", forOpenTofu),
		"user.rc": fmt.Sprintf("filesystem_mirror {\n    path = %q\n  }", filepath.Join(home, "mirror")),
	} {
		if err := os.WriteFile(filepath.Join(home, file), []byte("provider_installation {\n  "+settings+"\n}\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// terraform runs the Terraform at hand without what the developer of this project
// has set, and with the provider as it is built here. It fails the test if
// Terraform fails.
func terraform(t *testing.T, dir string, env []string, arguments ...string) string {
	t.Helper()
	return cli(t, harness.CLI(t), dir, env, arguments...)
}

// bothCLIs are the Terraform at hand and, where they are installed, Terraform and
// OpenTofu: both promise tests of modules.
func bothCLIs(t *testing.T) []string {
	t.Helper()
	programs := []string{harness.CLI(t)}
	for _, other := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(other); err == nil && strings.TrimSuffix(filepath.Base(harness.CLI(t)), ".exe") != other {
			programs = append(programs, path)
		}
	}
	return programs
}

// cli is terraform with another program, such as tofu.
func cli(t *testing.T, program, dir string, env []string, arguments ...string) string {
	t.Helper()
	said, err := try(t, program, dir, env, arguments...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(arguments, " "), err, said)
	}
	return said
}

// try is cli for what may fail.
func try(t *testing.T, program, dir string, env []string, arguments ...string) (said string, err error) {
	t.Helper()
	run := exec.CommandContext(t.Context(), program, arguments...)
	run.Dir = dir
	run.Env = environment(env...)
	output, err := run.CombinedOutput()
	return string(output), err
}

// environment is this process's, without what a developer may have set for
// Terraform and the provider, and with the variables given.
func environment(variables ...string) []string {
	environment := append(harness.CleanEnvironment(home), "TF_CLI_CONFIG_FILE="+filepath.Join(home, "developer.rc"), "CHECKPOINT_DISABLE=1")
	return append(environment, variables...)
}

// asUser has Terraform install the provider, where developers skip that.
func asUser() string { return "TF_CLI_CONFIG_FILE=" + filepath.Join(home, "user.rc") }

// newer are features that documentation and examples use and that not every
// promised version has, with the minor version from which Terraform 1 and
// OpenTofu 1 have them.
var newer = []struct {
	feature             string
	terraform, openTofu int
}{
	{`resource "terraform_data"`, 4, 6},
	{"plantimestamp()", 5, 6},
	{"check \"", 5, 6},
	{"mock_provider", 7, 8},
	{"ephemeral ", 10, 11},
}

// tooNew says what in a text the Terraform at hand doesn't have; empty if it has
// everything.
func tooNew(t *testing.T, text string) string {
	t.Helper()
	return tooNewFor(t, harness.CLI(t), text)
}

func tooNewFor(t *testing.T, program, text string) string {
	t.Helper()
	product, minor := harness.Version(t, program)
	for _, n := range newer {
		since := n.terraform
		if product == "OpenTofu" {
			since = n.openTofu
		}
		if minor < since && strings.Contains(text, n.feature) {
			return fmt.Sprintf("%s needs %s 1.%d, and this is 1.%d", strings.TrimSpace(n.feature), product, since, minor)
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
