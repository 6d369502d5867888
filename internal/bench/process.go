package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// measureProcess measures the CPU time and the peak memory of the provider's process in a plan.
// The values are medians of three plans.
func (w workingDir) measureProcess(ctx context.Context, procedures, runs int) ([]measurement, error) {
	stop, err := w.serve(ctx, procedures, runs)
	if err != nil {
		return nil, err
	}
	defer stop()
	var seconds, megabytes []float64
	for range 3 {
		if err := os.Remove(w.usage()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if _, err := w.plan(ctx, "rusage", allProcedures, procedures); err != nil {
			return nil, err
		}
		second, kibibytes, err := w.maxUsage()
		if err != nil {
			return nil, err
		}
		seconds, megabytes = append(seconds, second), append(megabytes, kibibytes*1024/1e6)
	}
	memory := measurement{What: "provider's peak memory", Procedures: procedures, Runs: runs, Unit: "MB", Provider: median(megabytes)}
	if procedures == 10_000 && runs == 5 {
		memory.Limit = "120 MB"
	}
	return []measurement{{What: "provider's CPU time", Procedures: procedures, Runs: runs, Unit: "s", Provider: median(seconds)}, memory}, nil
}

// maxUsage returns the largest values of the processes that Terraform started for a plan.
// Only one of them reads.
func (w workingDir) maxUsage() (seconds, kibibytes float64, err error) {
	content, err := os.ReadFile(w.usage())
	if err != nil {
		return 0, 0, err
	}
	lines := bufio.NewScanner(strings.NewReader(string(content)))
	for lines.Scan() {
		var second, kibibyte float64
		if _, err := fmt.Sscan(lines.Text(), &second, &kibibyte); err != nil {
			return 0, 0, err
		}
		seconds, kibibytes = max(seconds, second), max(kibibytes, kibibyte)
	}
	return seconds, kibibytes, lines.Err()
}
