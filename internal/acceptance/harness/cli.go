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

// CLI returns the command with which tests run Terraform or OpenTofu. In short mode, it skips the
// test.
func CLI(t *testing.T) string {
	t.Helper()
	SkipShort(t)
	return cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform")
}

// SkipShort skips the test in short mode. Tests that run Terraform or build a binary call it.
func SkipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("go test -short doesn't run Terraform or build binaries")
	}
}

// CleanEnvironment returns the process's environment with another home directory, so that a
// developer's login isn't used. It leaves out the variables of Terraform and of the provider, and
// those that begin with one of the prefixes.
func CleanEnvironment(home string, prefixes ...string) []string {
	prefixes = append([]string{"TF_", "TOFUPILOT_", "HOME=", "USERPROFILE="}, prefixes...)
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(variable, prefix) })
	})
	return append(environment, "HOME="+home, "USERPROFILE="+home)
}

var cliVersion = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\.`)

// RequireVersion skips the test with older versions. The minimums are minor versions, such as 10
// for 1.10.
func RequireVersion(t *testing.T, minTerraform, minOpenTofu int) {
	t.Helper()
	product, minor := Version(t, CLI(t))
	minimum := minTerraform
	if product == "OpenTofu" {
		minimum = minOpenTofu
	}
	if minor < minimum {
		t.Skipf("the test needs %s 1.%d, and this is 1.%d", product, minimum, minor)
	}
}

// Version returns which product a command runs, Terraform or OpenTofu, and its minor version.
func Version(t *testing.T, cli string) (product string, minor int) {
	t.Helper()
	version := exec.CommandContext(t.Context(), cli, "version")
	version.Env = append(CleanEnvironment(t.TempDir()), "CHECKPOINT_DISABLE=1") // no look for newer versions
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
