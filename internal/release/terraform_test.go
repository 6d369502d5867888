package release_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

func TestMain(m *testing.M) {
	harness.CheckReads(provider.Server("test")()) // exits if a read fails, because most tests would fail then, too
	os.Exit(m.Run())
}

// newWorkingDir returns a directory with a configuration, and with a CLI configuration that replaces
// the registries of Terraform and OpenTofu by r.
func newWorkingDir(t *testing.T, r *registry) string {
	t.Helper()
	dir := t.TempDir()
	cliConfig := fmt.Sprintf(`provider_installation {
  direct {}
}
host "registry.terraform.io" {
  services = { "providers.v1" = %[1]q }
}
host "registry.opentofu.org" {
  services = { "providers.v1" = %[1]q }
}
`, r.url+"/v1/providers/")
	// The configuration names the version, because Terraform wouldn't choose a prerelease otherwise.
	configuration := fmt.Sprintf(`terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = %q
    }
  }
}

data "tofupilot_procedures" "all" {}

output "ids" {
  value = data.tofupilot_procedures.all.ids
}
`, r.version)
	for name, content := range map[string]string{"terraform.rc": cliConfig, "main.tf": configuration} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runTerraform runs a command of Terraform without the developer's environment.
func runTerraform(t *testing.T, dir string, env []string, command string) (output string, err error) {
	t.Helper()
	terraform := exec.CommandContext(t.Context(), harness.CLI(t), command, "-input=false", "-no-color")
	terraform.Dir = dir
	terraform.Env = append(harness.CleanEnvironment(dir), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "terraform.rc"), "CHECKPOINT_DISABLE=1")
	terraform.Env = append(terraform.Env, env...)
	combined, err := terraform.CombinedOutput()
	return string(combined), err
}
