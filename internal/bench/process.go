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
func (w workingDir) measureProcess(ctx context.Context, size size) ([]measurement, error) {
	stop, err := w.serve(ctx, size)
	if err != nil {
		return nil, err
	}
	defer stop()
	var seconds, megabytes []float64
	for range 3 {
		if err := os.Remove(w.usage()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if _, err := w.plan(ctx, "rusage", allProcedures, size.Procedures); err != nil {
			return nil, err
		}
		usedSeconds, usedKibibytes, err := w.maxUsage()
		if err != nil {
			return nil, err
		}
		seconds = append(seconds, usedSeconds)
		megabytes = append(megabytes, usedKibibytes*1024/1e6)
	}
	cpuTime := measurement{What: "provider's CPU time", size: size, Unit: "s", Provider: median(seconds)}
	memory := measurement{What: "provider's peak memory", size: size, Unit: "MB", Provider: median(megabytes)}
	if size.Procedures == 10_000 && size.Runs == 5 {
		memory.Limit = "120 MB"
	}
	return []measurement{cpuTime, memory}, nil
}

// maxUsage returns the CPU time and the peak memory of the process that read from the server. Terraform
// starts several processes for a plan, of which this one uses the most.
func (w workingDir) maxUsage() (seconds, kibibytes float64, err error) {
	content, err := os.ReadFile(w.usage())
	if err != nil {
		return 0, 0, err
	}
	lines := bufio.NewScanner(strings.NewReader(string(content)))
	for lines.Scan() {
		var processSeconds, processKibibytes float64
		if _, err := fmt.Sscan(lines.Text(), &processSeconds, &processKibibytes); err != nil {
			return 0, 0, err
		}
		seconds = max(seconds, processSeconds)
		kibibytes = max(kibibytes, processKibibytes)
	}
	return seconds, kibibytes, lines.Err()
}
