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

// OwnGroup has a command lead a process group of its own. It comes before Start.
func OwnGroup(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if codePage, _, _ := getConsoleCP.Call(); codePage == 0 {
		t.Skip("without a console, there is no Ctrl-C")
	}
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// Interrupt does what Ctrl-Break does, which Go makes the same of as of Ctrl-C.
// Windows sends Ctrl-C itself to no single group.
func Interrupt(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if sent, _, err := generateConsoleCtrlEvent.Call(syscall.CTRL_BREAK_EVENT, uintptr(command.Process.Pid)); sent == 0 {
		t.Fatal(err)
	}
}

// ExpectGroupEnded leaves it to the test's end here: the file of a provider that
// stays can't be removed, which fails the test.
func ExpectGroupEnded(*testing.T, *exec.Cmd) {}
