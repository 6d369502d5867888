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
	"slices"
	"strconv"
	"strings"
)

// readRows runs the Go benchmark, in which bare, ours and usual stand side by
// side; usual is too slow to be run often.
func readRows(ctx context.Context) ([]row, error) {
	log.Print("reads at the protocol")
	var said bytes.Buffer
	for _, part := range []struct{ ways, times string }{{"bare|ours", "25x"}, {"usual", "1x"}} {
		test := exec.CommandContext(ctx, "go", "test", "-run=^$", "-benchtime="+part.times, //nolint:gosec // one of the two above
			"-bench=^BenchmarkRead$/procedures/runs/^("+part.ways+")$", module+"/internal/bench")
		test.Stdout, test.Stderr = io.MultiWriter(&said, os.Stderr), os.Stderr
		if err := test.Run(); err != nil {
			return nil, fmt.Errorf("%s: %w", test, err)
		}
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
		procedures, _ := strconv.Atoi(match[1]) // digits
		runs, _ := strconv.Atoi(match[2])
		took, allocated := metrics["ns/op"]/1e9, metrics["allocs/procedure"]
		time, allocation := ofSize(&times, procedures, runs), ofSize(&allocations, procedures, runs)
		switch match[3] {
		case "bare":
			allocation.Floor = allocated
		case "ours": // in turns with bare
			time.Floor, time.Ours, time.OursToFloor, allocation.Ours = metrics["bare-ns/op"]/1e9, took, metrics["x-bare"], allocated
		case "usual":
			time.Usual, time.UsualToOurs, allocation.Usual = took, metrics["x-ours"], allocated
		}
		time.What, time.Unit = "read", "s"
		allocation.What, allocation.Limit = "allocations per procedure", "100"
		if procedures == 10_000 && runs == 5 {
			time.Limit = "1.5 × floor, usual / 20"
		}
	}
	return append(times, allocations...), nil
}

// ofSize is the row of a size, added where there is none yet.
func ofSize(rows *[]row, procedures, runs int) *row {
	at := slices.IndexFunc(*rows, func(r row) bool { return r.Procedures == procedures && r.Runs == runs })
	if at < 0 {
		at = len(*rows)
		*rows = append(*rows, row{Procedures: procedures, Runs: runs})
	}
	return &(*rows)[at]
}

var benchmarkLine = regexp.MustCompile(`^BenchmarkRead/procedures=(\d+)/runs=(\d+)/(\w+?)(?:-\d+)?\s+\d+\s+(.*)`)

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
