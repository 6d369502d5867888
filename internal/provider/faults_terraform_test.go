package provider

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

// workshop is a directory for a real Terraform, with the provider built from
// these sources and nothing of what the person who runs the tests has configured.
type workshop struct {
	dir         string
	environment []string // beside what every command gets
}

const (
	providerSource  = "registry.terraform.io/tofupilot/tofupilot"
	providerVersion = "0.0.1"
)

// newWorkshop takes the provider from a directory of its own, without init: what
// Terraform has for those who develop one.
func newWorkshop(t *testing.T, config string) *workshop {
	t.Helper()
	bin := t.TempDir()
	buildProvider(t, filepath.Join(bin, "terraform-provider-tofupilot"))
	return equip(t, config, fmt.Sprintf("dev_overrides {\n    %q = %q\n  }\n  direct {}", providerSource, bin))
}

// newMirror has the provider as an installation finds it.
func newMirror(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	platform := filepath.Join(dir, filepath.FromSlash(providerSource), providerVersion, runtime.GOOS+"_"+runtime.GOARCH)
	buildProvider(t, filepath.Join(platform, "terraform-provider-tofupilot_v"+providerVersion))
	return dir
}

// newMirroredWorkshop takes the provider from a mirror and is initialized, so
// that there is a lock file.
func newMirroredWorkshop(t *testing.T, mirror, config string) *workshop {
	t.Helper()
	w := equip(t, config, fmt.Sprintf("filesystem_mirror {\n    path = %q\n  }", mirror))
	if said, err := w.run(t, "init", "-input=false"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return w
}

// whoRuns is the environment of the person who runs the tests, from before
// TestMain: Go's caches are in their home.
var whoRuns = os.Environ()

func buildProvider(t *testing.T, binary string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "../..")
	build.Env = whoRuns
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

func equip(t *testing.T, config, installation string) *workshop {
	t.Helper()
	w := &workshop{dir: t.TempDir()}
	w.write(t, "main.tf", "terraform {\n  required_providers {\n    tofupilot = { source = "+hcl(providerSource)+" }\n  }\n}\n"+config)
	w.write(t, "terraform.rc", "provider_installation {\n  "+installation+"\n}\n")
	return w
}

func (w *workshop) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command is a call of Terraform. A login of the person who runs the tests is as
// far away as their settings.
func (w *workshop) command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), "terraform", arguments...)
	command.Dir = w.dir
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "TOFUPILOT_") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "HOME="+w.dir, "USERPROFILE="+w.dir,
		"TF_CLI_CONFIG_FILE="+filepath.Join(w.dir, "terraform.rc"), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	command.Env = append(command.Env, w.environment...)
	return command
}

// run returns both outputs together.
func (w *workshop) run(t *testing.T, arguments ...string) (said string, err error) {
	t.Helper()
	var output bytes.Buffer
	command := w.command(t, arguments...)
	command.Stdout, command.Stderr = &output, &output
	err = command.Run()
	expectNoCrash(t, output.String())
	return output.String(), err
}

// expectNoCrash holds that Terraform didn't have to speak for a provider that
// died.
func expectNoCrash(t *testing.T, said string) {
	t.Helper()
	for _, words := range []string{"panic", "crash", "Plugin did not respond", "plugin exited"} {
		if strings.Contains(strings.ToLower(said), strings.ToLower(words)) {
			t.Errorf("it crashed: %s", said)
		}
	}
}
