package main

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// TestServeEndsAtCtrlC holds the process itself to it, and to an exit code of 0:
// there is no other way to end it.
func TestServeEndsAtCtrlC(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "demo.exe") // .exe for Windows, and good anywhere
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	serve := exec.CommandContext(t.Context(), binary, "-serve")
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	harness.OwnGroup(t, serve)
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "export TOFUPILOT_URL=") {
			harness.Interrupt(t, serve)
		}
	}
	if err := serve.Wait(); err != nil {
		t.Error(err)
	}
}
