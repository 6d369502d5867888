// Package docs_test tests documentation and examples: configurations, scripts, links, and
// claims about versions, errors and variables.
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
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

const root = "../.." // of the repository

// home is a directory with the provider and two CLI configurations. With developer.rc,
// Terraform uses the provider without installing it. With user.rc, terraform init installs it
// from a mirror.
var home string

func TestMain(m *testing.M) {
	harness.CheckReads(provider.Server("test")())
	flag.Parse()
	os.Exit(func() int {
		if testing.Short() {
			return m.Run() // short tests don't need the provider
		}
		var err error
		if home, err = os.MkdirTemp("", "docs"); err == nil {
			defer func() { _ = os.RemoveAll(home) }() // remaining files are harmless
			err = buildMirror()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// buildMirror builds the provider into a mirror of the registries of Terraform and OpenTofu,
// with the version that the documentation requires.
func buildMirror() error {
	changelog, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	found := release.FindSubmatch(changelog)
	if found == nil {
		return errors.New("CHANGELOG.md has no release")
	}
	version := string(found[1])
	dir := func(host string) string {
		return filepath.Join(home, "mirror", host, "tofupilot", "tofupilot", version, runtime.GOOS+"_"+runtime.GOARCH)
	}
	name := "terraform-provider-tofupilot_v" + version
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	forTerraform, forOpenTofu := dir("registry.terraform.io"), dir("registry.opentofu.org")
	command := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(forTerraform, name), "github.com/tofupilot/terraform-provider-tofupilot") //nolint:noctx // no test is running
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, output)
	}
	if err := os.MkdirAll(forOpenTofu, 0o700); err != nil {
		return err
	}
	if err := os.Link(filepath.Join(forTerraform, name), filepath.Join(forOpenTofu, name)); err != nil {
		return err
	}
	for file, installation := range map[string]string{
		"developer.rc": fmt.Sprintf("dev_overrides {\n    %q = %q\n    %q = %q\n  }",
			"registry.terraform.io/tofupilot/tofupilot", forTerraform, "registry.opentofu.org/tofupilot/tofupilot", forOpenTofu),
		"user.rc": fmt.Sprintf("filesystem_mirror {\n    path = %q\n  }", filepath.Join(home, "mirror")),
	} {
		if err := os.WriteFile(filepath.Join(home, file), []byte("provider_installation {\n  "+installation+"\n}\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// runTerraform runs the Terraform under test with the provider from this checkout and without
// the developer's environment. It fails the test if Terraform fails.
func runTerraform(t *testing.T, dir string, env []string, arguments ...string) string {
	t.Helper()
	return mustRunCLI(t, harness.CLI(t), dir, env, arguments...)
}

// mustRunCLI is like runTerraform for another program, such as tofu.
func mustRunCLI(t *testing.T, program, dir string, env []string, arguments ...string) string {
	t.Helper()
	output, err := runCLI(t, program, dir, env, arguments...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(arguments, " "), err, output)
	}
	return output
}

// runCLI is like mustRunCLI, but returns the error.
func runCLI(t *testing.T, program, dir string, env []string, arguments ...string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = dir
	command.Env = newEnvironment(env...)
	combined, err := command.CombinedOutput()
	return string(combined), err
}

// newEnvironment returns an environment with these variables and without the developer's.
func newEnvironment(variables ...string) []string {
	environment := append(harness.CleanEnvironment(home), "TF_CLI_CONFIG_FILE="+filepath.Join(home, "developer.rc"), "CHECKPOINT_DISABLE=1")
	return append(environment, variables...)
}

// userConfig returns the variable that makes terraform init install the provider.
func userConfig() string { return "TF_CLI_CONFIG_FILE=" + filepath.Join(home, "user.rc") }

// serverEnv returns the environment variables that make the provider read from a fake API.
func serverEnv(url string) []string {
	return []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}
}

// newer lists the features in documentation and examples that some supported versions don't
// have.
var newer = []struct {
	feature             string
	terraform, openTofu int // the first minor versions, of Terraform 1 and OpenTofu 1, that have it
}{
	{`resource "terraform_data"`, 4, 6},
	{"plantimestamp()", 5, 6},
	{"check \"", 5, 6},
	{"import {", 5, 6},
	{"mock_provider", 7, 8},
	{"ephemeral ", 10, 11},
}

// missingFeature describes a feature in text that the Terraform under test doesn't have. It
// returns an empty string if there is none.
func missingFeature(t *testing.T, text string) string {
	t.Helper()
	return missingFeatureOf(t, harness.CLI(t), text)
}

func missingFeatureOf(t *testing.T, program, text string) string {
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
