package harness

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// WorkingDir is a directory in which Terraform runs with the provider built from this repository,
// without the developer's settings and login.
type WorkingDir struct {
	Dir         string
	Environment []string // variables of every command, in addition to CleanEnvironment

	provider string // the path of the provider's binary; empty if it comes from a mirror
}

const (
	providerSource  = "registry.terraform.io/tofupilot/tofupilot"
	providerVersion = "0.0.1"

	repository = "../.." // seen from the directory of a test that imports harness
)

// NewWorkingDir builds the provider, and returns a directory with a configuration. Terraform
// finds the provider through dev_overrides, so that no terraform init is needed.
func NewWorkingDir(t *testing.T, config string) *WorkingDir {
	t.Helper()
	bin := t.TempDir()
	binary := Build(t, repository, filepath.Join(bin, "terraform-provider-tofupilot"))
	w := newWorkingDir(t, config, fmt.Sprintf("dev_overrides {\n    %q = %q\n  }\n  direct {}", providerSource, bin))
	w.provider = binary
	return w
}

// NewMirror builds the provider into a new filesystem mirror, and returns the mirror's directory.
func NewMirror(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	platform := filepath.Join(dir, filepath.FromSlash(providerSource), providerVersion, runtime.GOOS+"_"+runtime.GOARCH)
	Build(t, repository, filepath.Join(platform, "terraform-provider-tofupilot_v"+providerVersion))
	return dir
}

// NewMirroredWorkingDir returns a directory with a configuration, in which terraform init has
// installed the provider from a mirror and written a lock file.
func NewMirroredWorkingDir(t *testing.T, mirror, config string) *WorkingDir {
	t.Helper()
	w := newWorkingDir(t, config, fmt.Sprintf("filesystem_mirror {\n    path = %q\n  }", mirror))
	if output, err := w.Run(t, "init", "-input=false"); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return w
}

// developerEnvironment is the environment before TestMain changes HOME. Go finds its caches in the
// developer's home directory.
var developerEnvironment = os.Environ()

// Build builds the program in a directory. It returns the binary's path, to which it adds .exe on
// Windows.
func Build(t *testing.T, dir, binary string) (path string) {
	t.Helper()
	SkipShort(t)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, dir)
	build.Env = developerEnvironment
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return binary
}

// newWorkingDir returns a directory with a configuration. The parameter installation is the content
// of the block provider_installation in Terraform's settings.
func newWorkingDir(t *testing.T, config, installation string) *WorkingDir {
	t.Helper()
	w := &WorkingDir{Dir: t.TempDir()}
	w.Write(t, "main.tf", "terraform {\n  required_providers {\n    tofupilot = { source = "+Quote(providerSource)+" }\n  }\n}\n"+config)
	w.Write(t, "terraform.rc", "provider_installation {\n  "+installation+"\n}\n")
	return w
}

// Write writes a file in the directory.
func (w *WorkingDir) Write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Command returns a command that runs Terraform in the directory.
func (w *WorkingDir) Command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), CLI(t), arguments...)
	command.Dir = w.Dir
	settings := "TF_CLI_CONFIG_FILE=" + filepath.Join(w.Dir, "terraform.rc")
	command.Env = append(CleanEnvironment(w.Dir), settings, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1") // no hints, and no look for newer versions
	command.Env = append(command.Env, w.Environment...)
	return command
}

// Run runs Terraform and returns its standard output and standard error together.
func (w *WorkingDir) Run(t *testing.T, arguments ...string) (output string, err error) {
	t.Helper()
	var both bytes.Buffer
	command := w.Command(t, arguments...)
	command.Stdout, command.Stderr = &both, &both
	err = command.Run()
	CheckNoCrash(t, both.String())
	return both.String(), err
}

// CheckNoCrash checks that Terraform doesn't report a crash of the provider.
func CheckNoCrash(t *testing.T, output string) {
	t.Helper()
	for _, words := range []string{"panic", "crash", "Plugin did not respond", "plugin exited"} {
		if strings.Contains(strings.ToLower(output), strings.ToLower(words)) {
			t.Errorf("the provider crashed: %s", output)
		}
	}
}
