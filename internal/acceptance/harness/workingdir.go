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

// WorkingDir is a directory for a real Terraform, with the provider built from
// these sources and nothing of what the person who runs the tests has configured.
type WorkingDir struct {
	Dir         string
	Environment []string // beside what every command gets

	provider string // its binary, where the directory has one of its own
}

const (
	providerSource  = "registry.terraform.io/tofupilot/tofupilot"
	providerVersion = "0.0.1"
)

// NewWorkingDir takes the provider from a directory of its own, without init: what
// Terraform has for those who develop one.
func NewWorkingDir(t *testing.T, config string) *WorkingDir {
	t.Helper()
	bin := t.TempDir()
	binary := Build(t, "../..", filepath.Join(bin, "terraform-provider-tofupilot"))
	w := equip(t, config, fmt.Sprintf("dev_overrides {\n    %q = %q\n  }\n  direct {}", providerSource, bin))
	w.provider = binary
	return w
}

// NewMirror has the provider as an installation finds it.
func NewMirror(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	platform := filepath.Join(dir, filepath.FromSlash(providerSource), providerVersion, runtime.GOOS+"_"+runtime.GOARCH)
	Build(t, "../..", filepath.Join(platform, "terraform-provider-tofupilot_v"+providerVersion))
	return dir
}

// NewMirroredWorkingDir takes the provider from a mirror and is initialized, so
// that there is a lock file.
func NewMirroredWorkingDir(t *testing.T, mirror, config string) *WorkingDir {
	t.Helper()
	w := equip(t, config, fmt.Sprintf("filesystem_mirror {\n    path = %q\n  }", mirror))
	if said, err := w.Run(t, "init", "-input=false"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return w
}

// whoRuns is the environment of the person who runs the tests, from before
// TestMain: Go's caches are in their home.
var whoRuns = os.Environ()

// Build builds the program of a folder of this project into a file, to whose name it
// adds what Windows wants there.
func Build(t *testing.T, folder, binary string) (path string) {
	t.Helper()
	NotShort(t)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, folder)
	build.Env = whoRuns
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return binary
}

func equip(t *testing.T, config, installation string) *WorkingDir {
	t.Helper()
	w := &WorkingDir{Dir: t.TempDir()}
	w.Write(t, "main.tf", "terraform {\n  required_providers {\n    tofupilot = { source = "+Quote(providerSource)+" }\n  }\n}\n"+config)
	w.Write(t, "terraform.rc", "provider_installation {\n  "+installation+"\n}\n")
	return w
}

// Write puts a file into the directory.
func (w *WorkingDir) Write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Command is a call of Terraform. A login of the person who runs the tests is as
// far away as their settings.
func (w *WorkingDir) Command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), CLI(t), arguments...)
	command.Dir = w.Dir
	command.Env = append(CleanEnvironment(w.Dir), "TF_CLI_CONFIG_FILE="+filepath.Join(w.Dir, "terraform.rc"), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	command.Env = append(command.Env, w.Environment...)
	return command
}

// Run returns both outputs together.
func (w *WorkingDir) Run(t *testing.T, arguments ...string) (said string, err error) {
	t.Helper()
	var output bytes.Buffer
	command := w.Command(t, arguments...)
	command.Stdout, command.Stderr = &output, &output
	err = command.Run()
	ExpectNoCrash(t, output.String())
	return output.String(), err
}

// ExpectNoCrash holds that Terraform didn't have to speak for a provider that
// died.
func ExpectNoCrash(t *testing.T, said string) {
	t.Helper()
	for _, words := range []string{"panic", "crash", "Plugin did not respond", "plugin exited"} {
		if strings.Contains(strings.ToLower(said), strings.ToLower(words)) {
			t.Errorf("it crashed: %s", said)
		}
	}
}
