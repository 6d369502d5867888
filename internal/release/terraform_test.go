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
	harness.MustRead(provider.Server("test")())
	os.Exit(m.Run())
}

// workspace is a folder with a configuration, and with the settings that put the
// registry where Terraform's own (and OpenTofu's) is.
func workspace(t *testing.T, r *registry) string {
	t.Helper()
	dir := t.TempDir()
	settings := fmt.Sprintf(`provider_installation {
  direct {}
}
host "registry.terraform.io" {
  services = { "providers.v1" = %[1]q }
}
host "registry.opentofu.org" {
  services = { "providers.v1" = %[1]q }
}
`, r.base+"/v1/providers/")
	// The version is given because a snapshot's is a prerelease.
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
	for name, content := range map[string]string{"terraform.rc": settings, "main.tf": configuration} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// terraform runs it without what the developer has set.
func terraform(t *testing.T, dir string, env []string, command string) (said string, err error) {
	t.Helper()
	run := exec.CommandContext(t.Context(), harness.CLI(t), command, "-input=false", "-no-color")
	run.Dir = dir
	run.Env = append(harness.CleanEnvironment(dir), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "terraform.rc"), "CHECKPOINT_DISABLE=1")
	run.Env = append(run.Env, env...)
	output, err := run.CombinedOutput()
	return string(output), err
}
