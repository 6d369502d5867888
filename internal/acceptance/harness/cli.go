package harness

import (
	"cmp"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// CLI is the command that tests run: Terraform's or OpenTofu's.
func CLI() string { return cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform") }

// ProviderAddress is where the CLI looks for the provider if a configuration
// gives no source.
func ProviderAddress() string {
	return cmp.Or(os.Getenv("TF_ACC_PROVIDER_HOST"), "registry.terraform.io") + "/" +
		cmp.Or(os.Getenv("TF_ACC_PROVIDER_NAMESPACE"), "hashicorp") + "/tofupilot"
}

var cliVersion = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\.`)

// NeedVersion skips a test of what the CLI is too old for. It takes the minor
// versions from which Terraform 1 and OpenTofu 1 have it.
func NeedVersion(t *testing.T, terraform, openTofu int) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), CLI(), "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := cliVersion.FindSubmatch(said)
	if found == nil {
		t.Fatalf("no version in %q", said)
	}
	minor, err := strconv.Atoi(string(found[2]))
	if err != nil {
		t.Fatal(err)
	}
	need := terraform
	if string(found[1]) == "OpenTofu" {
		need = openTofu
	}
	if minor < need {
		t.Skipf("it needs %s 1.%d, and this is 1.%d", found[1], need, minor)
	}
}
