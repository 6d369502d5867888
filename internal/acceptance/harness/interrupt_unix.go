//go:build unix

package harness

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
)

// SetProcessGroup makes a command start in a process group of its own. The group is killed when the
// command's context ends. Call SetProcessGroup before Start.
func SetProcessGroup(_ *testing.T, command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
}

// Interrupt sends SIGINT to the command's process group, as a terminal does for Ctrl-C.
func Interrupt(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// CheckGroupEnded checks that all processes of the command's group have ended. Signal 0 has no
// effect, but sending it fails if the group has no process.
func CheckGroupEnded(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := syscall.Kill(-command.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("signal 0 to the process group: got %v, want %v", err, syscall.ESRCH)
	}
}
