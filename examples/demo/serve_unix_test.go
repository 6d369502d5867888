//go:build unix

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestServeEndsAtCtrlC holds the process itself to it, and to an exit code of 0:
// there is no other way to end it.
func TestServeEndsAtCtrlC(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "demo")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	serve := exec.CommandContext(t.Context(), binary, "-serve")
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "export TOFUPILOT_URL=") {
			if err := serve.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}
	}
	if err := serve.Wait(); err != nil {
		t.Error(err)
	}
}
