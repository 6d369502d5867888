package harness

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

var reattachPattern = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)

// Attach starts the provider with -debug. The next commands in the directory use this process
// instead of starting their own. The process runs until the test ends.
func (w *WorkingDir) Attach(t *testing.T) (pid int) {
	t.Helper()
	provider := exec.CommandContext(t.Context(), w.provider, "-debug")
	provider.Env = CleanEnvironment(w.Dir, "GO") // without GOGC and GOMEMLIMIT, which would change the use of memory
	output, err := provider.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := provider.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Wait() }) // waits until it is gone, after the test's context has killed it
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if found := reattachPattern.FindStringSubmatch(lines.Text()); found != nil {
			w.Environment = append(w.Environment, "TF_REATTACH_PROVIDERS="+found[1])
			return provider.Process.Pid
		}
	}
	t.Fatal("the provider printed no TF_REATTACH_PROVIDERS")
	return 0
}

var peakPattern = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// PeakMemory returns the peak resident memory of a process so far, in bytes. It reads from /proc.
func PeakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := peakPattern.FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes * 1024
}
