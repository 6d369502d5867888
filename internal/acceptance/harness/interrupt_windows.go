package harness

import (
	"os/exec"
	"syscall"
	"testing"
)

var (
	kernel32                 = syscall.NewLazyDLL("kernel32.dll")
	getConsoleCP             = kernel32.NewProc("GetConsoleCP")
	generateConsoleCtrlEvent = kernel32.NewProc("GenerateConsoleCtrlEvent")
)

// SetProcessGroup makes a command start a new process group. Call it before Start.
func SetProcessGroup(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if codePage, _, _ := getConsoleCP.Call(); codePage == 0 {
		t.Skip("Ctrl-C needs a console")
	}
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// Interrupt sends Ctrl-Break to the process group, which Go handles like Ctrl-C. Windows can't
// send Ctrl-C to a single group.
func Interrupt(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if sent, _, err := generateConsoleCtrlEvent.Call(syscall.CTRL_BREAK_EVENT, uintptr(command.Process.Pid)); sent == 0 {
		t.Fatal(err)
	}
}

// CheckGroupEnded does nothing on Windows, where a test can't remove the binary of a process
// that still runs, and fails at its end.
func CheckGroupEnded(*testing.T, *exec.Cmd) {}
