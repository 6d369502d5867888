// Package docs_test tests documentation and examples: configurations, scripts, links, and
// claims about versions, errors and variables.
package docs_test

import (
	"errors"
	"flag"
	"fmt"
	"log"
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

// home is Terraform's home directory in tests. It contains the provider and two CLI
// configurations. With developer.rc, Terraform uses the provider without installing it. With
// user.rc, terraform init installs the provider from a mirror.
var home string

func TestMain(m *testing.M) {
	harness.CheckReads(provider.Server("test")()) // exits if a read fails, because most tests would fail then, too
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run()) // short tests don't need the provider
	}
	var err error
	if home, err = os.MkdirTemp("", "docs"); err == nil {
		err = buildMirror()
	}
	if err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	_ = os.RemoveAll(home) // remaining files are harmless
	os.Exit(code)
}

// buildMirror builds the provider into a mirror in home, for the registries of Terraform and OpenTofu. Its
// version is the newest in CHANGELOG.md, which the documentation requires. buildMirror also writes the
// two CLI configurations.
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
	mirrorDir := func(host string) string {
		return filepath.Join(home, "mirror", host, "tofupilot", "tofupilot", version, runtime.GOOS+"_"+runtime.GOARCH)
	}
	name := "terraform-provider-tofupilot_v" + version
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	forTerraform := mirrorDir("registry.terraform.io")
	forOpenTofu := mirrorDir("registry.opentofu.org")
	command := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(forTerraform, name), "github.com/tofupilot/terraform-provider-tofupilot") //nolint:noctx // no test is running whose context could be used
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
	output, err := tryTerraform(t, dir, env, arguments...)
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return output
}

// checkTerraformFails is like runTerraform, but checks that Terraform fails and prints the texts.
// The command is a subcommand with its options, such as "apply -auto-approve".
func checkTerraformFails(t *testing.T, dir string, env []string, command string, texts ...string) {
	t.Helper()
	output, err := tryTerraform(t, dir, env, strings.Fields(command)...)
	if err == nil {
		t.Errorf("terraform %s: got no error", command)
	}
	checkContains(t, output, texts...)
}

// checkContains checks that Terraform's output contains each of the texts. Terraform wraps lines,
// so white space is normalized.
func checkContains(t *testing.T, output string, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(normalizeSpace(output), want) {
			t.Errorf("no %q in the output:\n%s", want, output)
		}
	}
}

// tryTerraform is like runTerraform, but returns the error.
func tryTerraform(t *testing.T, dir string, env []string, arguments ...string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), harness.CLI(t), arguments...)
	command.Dir = dir
	command.Env = append(newEnvironment(env...), "TF_INPUT=false", "TF_CLI_ARGS=-no-color")
	combined, err := command.CombinedOutput()
	return string(combined), err
}

// newEnvironment returns an environment with these variables and without the developer's.
func newEnvironment(variables ...string) []string {
	environment := append(harness.CleanEnvironment(home), "TF_CLI_CONFIG_FILE="+filepath.Join(home, "developer.rc"), "CHECKPOINT_DISABLE=1")
	return append(environment, variables...)
}

// userConfig returns the environment variable that makes terraform init install the provider.
func userConfig() string { return "TF_CLI_CONFIG_FILE=" + filepath.Join(home, "user.rc") }

// serverEnv returns the environment variables that make the provider read from a fake API.
func serverEnv(url string) []string {
	return []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}
}

// newerFeatures lists features of Terraform that the documentation or the examples use, but that
// some supported versions don't have.
var newerFeatures = []struct {
	text                string // identifies the feature in a configuration
	terraform, openTofu int    // the first minor versions, of Terraform 1 and OpenTofu 1, that have it
}{
	{`resource "terraform_data"`, 4, 6},
	{"plantimestamp()", 5, 6},
	{"check \"", 5, 6},
	{"import {", 5, 6},
	{"mock_provider", 7, 8},
	{"ephemeral ", 10, 11},
}

// missingFeature describes a feature that a configuration uses, but that the Terraform under test
// doesn't have. It returns an empty string if no feature is missing.
func missingFeature(t *testing.T, configuration string) string {
	t.Helper()
	product, minor := harness.Version(t, harness.CLI(t))
	for _, feature := range newerFeatures {
		since := feature.terraform
		if product == "OpenTofu" {
			since = feature.openTofu
		}
		if minor < since && strings.Contains(configuration, feature.text) {
			return fmt.Sprintf("%s needs %s 1.%d, and this is 1.%d", strings.TrimSpace(feature.text), product, since, minor)
		}
	}
	return ""
}

// skipIfUnsupported skips the test if the Terraform under test doesn't have a feature that a
// configuration uses.
func skipIfUnsupported(t *testing.T, configuration string) {
	t.Helper()
	if missing := missingFeature(t, configuration); missing != "" {
		t.Skip(missing)
	}
}
