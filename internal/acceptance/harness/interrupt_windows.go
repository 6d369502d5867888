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

// SetProcessGroup makes a command start in a process group of its own. It skips the test if there
// is no console, because Ctrl-Break is sent through the console. Call SetProcessGroup before Start.
func SetProcessGroup(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if codePage, _, _ := getConsoleCP.Call(); codePage == 0 {
		t.Skip("Ctrl-Break needs a console")
	}
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// Interrupt sends Ctrl-Break to the command's process group. Go programs handle it like Ctrl-C,
// which Windows can't send to a single group.
func Interrupt(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if sent, _, err := generateConsoleCtrlEvent.Call(syscall.CTRL_BREAK_EVENT, uintptr(command.Process.Pid)); sent == 0 {
		t.Fatal(err)
	}
}

// CheckGroupEnded does nothing on Windows. If a process still ran at the end of a test, the removal
// of the test's directory would fail, because Windows can't remove a running binary.
func CheckGroupEnded(*testing.T, *exec.Cmd) {}
