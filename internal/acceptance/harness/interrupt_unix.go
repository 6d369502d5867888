//go:build unix

package harness

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
)

// OwnGroup has a command lead a process group of its own, which ends with the
// command's context. It comes before Start.
func OwnGroup(_ *testing.T, command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
}

// Interrupt does what Ctrl-C does: a terminal sends it to the whole process group.
func Interrupt(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// ExpectGroupEnded expects that no process of the group is left.
func ExpectGroupEnded(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := syscall.Kill(-command.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("a process stays: %v", err)
	}
}
