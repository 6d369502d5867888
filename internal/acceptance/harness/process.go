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

// RequireProc skips a test that reads /proc if the system doesn't have it.
func RequireProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has the memory of a process in /proc")
	}
}

var reattach = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)

// Attach starts the provider with -debug. The directory's next commands use this process,
// which runs until the test ends.
func (w *WorkingDir) Attach(t *testing.T) (pid int) {
	t.Helper()
	provider := exec.CommandContext(t.Context(), w.provider, "-debug")
	provider.Env = CleanEnvironment(w.Dir, "GO") // GOGC and GOMEMLIMIT would change the use of memory
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
	t.Fatal("the provider printed no TF_REATTACH_PROVIDERS")
	return 0
}

var peak = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// PeakMemory returns the peak resident memory of a process so far, in bytes.
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
