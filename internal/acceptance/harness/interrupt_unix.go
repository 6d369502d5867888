//go:build unix

package harness

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
)

// SetProcessGroup makes a command start a new process group, which is killed when the command's
// context ends. Call it before Start.
func SetProcessGroup(_ *testing.T, command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
}

// Interrupt interrupts the process group, as a terminal does for Ctrl-C.
func Interrupt(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// CheckGroupEnded checks that all processes of the group have ended.
func CheckGroupEnded(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := syscall.Kill(-command.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("a process of the group remains: %v", err)
	}
}
