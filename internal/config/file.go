package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// readFile reads a regular file of at most limit MiB. A pipe would hold up the
// read until somebody writes to it, and a device may have no end.
func readFile(name string, limit int64) ([]byte, error) {
	reject := func(what string) error {
		return fmt.Errorf("%s must be a regular file of at most %d MiB, but it is %s", name, limit, what)
	}
	info, err := os.Stat(name) // before opening: opening a pipe waits as well
	if err != nil {
		return nil, &fileError{name, err}
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, reject("a directory")
	case mode&fs.ModeNamedPipe != 0:
		return nil, reject("a pipe")
	case !mode.IsRegular():
		return nil, reject("a device or a socket")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, &fileError{name, err}
	}
	defer file.Close() //nolint:errcheck // nothing was written
	content, err := io.ReadAll(io.LimitReader(file, limit<<20+1))
	if err != nil {
		return nil, &fileError{name, err}
	}
	if int64(len(content)) > limit<<20 {
		return nil, reject("larger")
	}
	return content, nil
}

// fileError says which file can't be read, and why, in the system's words.
type fileError struct {
	name string
	err  error
}

func (e *fileError) Unwrap() error { return e.err }

// Error leaves out the system call's name, which doesn't help users, and the
// period that messages of Windows end in.
func (e *fileError) Error() string {
	why := e.err
	if failed, ok := errors.AsType[*fs.PathError](why); ok {
		why = failed.Err
	}
	return fmt.Sprintf("%s can't be read: %s", e.name, strings.TrimSuffix(why.Error(), "."))
}
