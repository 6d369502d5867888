package main

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// TestServeEndsAtCtrlC holds the process itself to it, and to an exit code of 0:
// there is no other way to end it.
func TestServeEndsAtCtrlC(t *testing.T) {
	t.Parallel()
	harness.NotShort(t)
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
	serves, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "export TOFUPILOT_URL=") {
				serves <- struct{}{}
			}
		}
		close(serves) // Interrupt says that it has exited
		ended <- serve.Wait()
	}()
	harness.Await(t, serves, time.Minute, "the start of the server")
	harness.Interrupt(t, serve)
	if err := harness.Await(t, ended, time.Minute, "the server"); err != nil {
		t.Error(err)
	}
}
