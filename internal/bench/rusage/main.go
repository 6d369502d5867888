//go:build linux

// Command rusage runs the provider that BENCH_PROVIDER names, with the standard streams of rusage. Then
// it appends the provider's CPU time in seconds and peak memory in KiB to the file that BENCH_RUSAGE
// names.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	provider := exec.Command(os.Getenv("BENCH_PROVIDER")) //nolint:gosec,noctx // the benchmark sets the program; Terraform ends it
	provider.Stdin, provider.Stdout, provider.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := provider.Run(); err != nil {
		log.Fatal(err)
	}
	state := provider.ProcessState
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		log.Fatal("this system doesn't report the resource usage of a process")
	}
	file, err := os.OpenFile(os.Getenv("BENCH_RUSAGE"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the benchmark sets the file
	if err != nil {
		log.Fatal(err)
	}
	_, err = fmt.Fprintln(file, (state.UserTime() + state.SystemTime()).Seconds(), usage.Maxrss)
	if err := errors.Join(err, file.Close()); err != nil {
		log.Fatal(err)
	}
}
