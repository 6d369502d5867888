package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// readRows runs the Go benchmark, in which bare, ours and usual stand side by side.
func readRows(ctx context.Context) ([]row, error) {
	log.Print("reads at the protocol")
	var said bytes.Buffer
	test := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=^BenchmarkRead$", module+"/internal/provider")
	test.Stdout, test.Stderr = io.MultiWriter(&said, os.Stderr), os.Stderr
	if err := test.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", test, err)
	}
	var times, allocations []row
	for line := range strings.Lines(said.String()) {
		match := benchmarkLine.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		metrics, err := parseMetrics(match[4])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		took, allocated := metrics["ns/op"]/1e9, metrics["allocs/procedure"]
		switch match[3] {
		case "bare": // the first of a size
			procedures, _ := strconv.Atoi(match[1]) // digits
			runs, _ := strconv.Atoi(match[2])
			times = append(times, row{What: "read", Procedures: procedures, Runs: runs, Unit: "s", Floor: took})
			allocations = append(allocations, row{What: "allocations per procedure", Procedures: procedures, Runs: runs, Floor: allocated})
		case "ours":
			time, allocation := &times[len(times)-1], &allocations[len(allocations)-1]
			time.Ours, time.OursToFloor, allocation.Ours = took, metrics["x-bare"], allocated
			allocation.Limit = "100"
			if time.Procedures == 10_000 && time.Runs == 5 {
				time.Limit = "1.5 × bare, usual / 20"
			}
		case "usual":
			time, allocation := &times[len(times)-1], &allocations[len(allocations)-1]
			time.Usual, time.UsualToOurs, allocation.Usual = took, metrics["x-ours"], allocated
		}
	}
	if len(times) == 0 {
		return nil, fmt.Errorf("%s: no benchmark ran", test)
	}
	return append(times, allocations...), nil
}

var benchmarkLine = regexp.MustCompile(`^BenchmarkRead/procedures=(\d+)/runs=(\d+)/(\w+)(?:-\d+)?\s+\d+\s+(.*)`)

// parseMetrics reads what follows the number of iterations: values, each with its unit.
func parseMetrics(text string) (map[string]float64, error) {
	metrics := map[string]float64{}
	fields := strings.Fields(text)
	for i := 0; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return nil, err
		}
		metrics[fields[i+1]] = value
	}
	return metrics, nil
}
