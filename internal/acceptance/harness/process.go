package harness

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"testing"
)

// NeedProc skips a test that looks at another process where the system doesn't tell.
func NeedProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("what a process took of memory is in /proc, which only Linux has")
	}
}

var reattach = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)

// Attach starts the provider as for a debugger. It serves the commands that follow,
// and runs until the test ends.
func (w *WorkingDir) Attach(t *testing.T) (pid int) {
	t.Helper()
	provider := exec.CommandContext(t.Context(), w.provider, "-debug")
	provider.Env = CleanEnvironment(w.Dir, "GO") // GOGC and GOMEMLIMIT would change what it takes of memory
	output, err := provider.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := provider.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Wait() }) // the test's context has killed it
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if found := reattach.FindStringSubmatch(lines.Text()); found != nil {
			w.Environment = append(w.Environment, "TF_REATTACH_PROVIDERS="+found[1])
			return provider.Process.Pid
		}
	}
	t.Fatal("the provider doesn't say how to attach to it")
	return 0
}

var peak = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// PeakMemory is the most that a process has had in memory so far, in bytes.
func PeakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := peak.FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
