// Package docs_test holds documentation and examples to what they say: every
// configuration in them is valid, every example plans, every link leads
// somewhere.
package docs_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
	run := exec.CommandContext(t.Context(), cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform"), arguments...)
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

// needsTerraform passes a test over where Terraform is older than the language
// that documentation and examples are written in: ephemeral variables (1.10) and
// mocked providers (1.7). OpenTofu has both from 1.11 on.
func needsTerraform(t *testing.T) {
	t.Helper()
	var version struct {
		Terraform string `json:"terraform_version"`
	}
	if err := json.Unmarshal([]byte(terraform(t, home, nil, "version", "-json")), &version); err != nil {
		t.Fatal(err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(version.Terraform, "%d.%d.", &major, &minor); err != nil {
		t.Fatalf("version %q: %v", version.Terraform, err)
	}
	if major == 1 && minor < 11 {
		t.Skipf("the documentation is written for 1.11 and later, and this is %s", version.Terraform)
	}
}

// pages are the Markdown files of the repository, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"*.md", ".github/*.md", "docs/*.md", "docs/*/*.md"} {
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
