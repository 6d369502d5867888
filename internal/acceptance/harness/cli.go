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

// CLI returns the command of the Terraform or OpenTofu under test. In short mode, it skips
// the test.
func CLI(t *testing.T) string {
	t.Helper()
	SkipShort(t)
	return cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform")
}

// SkipShort skips a test that runs Terraform or builds a binary in short mode.
func SkipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("go test -short doesn't run Terraform or build binaries")
	}
}

// CleanEnvironment returns the developer's environment without the variables of Terraform and
// the provider and those with one of the prefixes. The home directory, and with it the login,
// is another one.
func CleanEnvironment(home string, prefixes ...string) []string {
	prefixes = append([]string{"TF_", "TOFUPILOT_", "HOME=", "USERPROFILE="}, prefixes...)
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(variable, prefix) })
	})
	return append(environment, "HOME="+home, "USERPROFILE="+home)
}

var cliVersion = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\.`)

// RequireVersion skips the test if the CLI is older than these minor versions of Terraform 1 and
// OpenTofu 1.
func RequireVersion(t *testing.T, terraform, openTofu int) {
	t.Helper()
	product, minor := Version(t, CLI(t))
	oldest := terraform
	if product == "OpenTofu" {
		oldest = openTofu
	}
	if minor < oldest {
		t.Skipf("the test needs %s 1.%d, and this is 1.%d", product, oldest, minor)
	}
}

// Version returns the product, Terraform or OpenTofu, and its minor version.
func Version(t *testing.T, cli string) (product string, minor int) {
	t.Helper()
	version := exec.CommandContext(t.Context(), cli, "version")
	version.Env = append(CleanEnvironment(t.TempDir()), "CHECKPOINT_DISABLE=1")
	output, err := version.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := cliVersion.FindSubmatch(output)
	if found == nil {
		t.Fatalf("no version in %q", output)
	}
	minor, err = strconv.Atoi(string(found[2]))
	if err != nil {
		t.Fatal(err)
	}
	return string(found[1]), minor
}
