package harness

import (
	"cmp"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// CLI is the command that tests run: Terraform's or OpenTofu's. In short mode it skips
// the test.
func CLI(t *testing.T) string {
	t.Helper()
	NotShort(t)
	return cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform")
}

// NotShort skips a test that runs Terraform, or builds a binary, in short mode.
func NotShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs Terraform or builds a binary, which go test -short leaves out")
	}
}

// CleanEnvironment is that of the person who runs the tests, without their settings
// for Terraform and the provider, without the variables that begin with one of these,
// and with another home, so without their login.
func CleanEnvironment(home string, without ...string) []string {
	without = append([]string{"TF_", "TOFUPILOT_", "HOME=", "USERPROFILE="}, without...)
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return slices.ContainsFunc(without, func(prefix string) bool { return strings.HasPrefix(variable, prefix) })
	})
	return append(environment, "HOME="+home, "USERPROFILE="+home)
}

var cliVersion = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\.`)

// NeedVersion skips a test of what the CLI is too old for. It takes the minor
// versions from which Terraform 1 and OpenTofu 1 have it.
func NeedVersion(t *testing.T, terraform, openTofu int) {
	t.Helper()
	product, minor := Version(t, CLI(t))
	need := terraform
	if product == "OpenTofu" {
		need = openTofu
	}
	if minor < need {
		t.Skipf("it needs %s 1.%d, and this is 1.%d", product, need, minor)
	}
}

// Version tells Terraform from OpenTofu, and which version 1 it is.
func Version(t *testing.T, cli string) (product string, minor int) {
	t.Helper()
	version := exec.CommandContext(t.Context(), cli, "version")
	version.Env = append(CleanEnvironment(t.TempDir()), "CHECKPOINT_DISABLE=1")
	said, err := version.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := cliVersion.FindSubmatch(said)
	if found == nil {
		t.Fatalf("no version in %q", said)
	}
	minor, err = strconv.Atoi(string(found[2]))
	if err != nil {
		t.Fatal(err)
	}
	return string(found[1]), minor
}
