// Command bench measures reads over the plugin protocol, plans, the provider's process and the
// process's start. It prints a table, and writes the measurements as JSON to the file that its argument
// names. It needs Linux, which reports a process's peak memory in KiB.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"
)

// planSizes are the list sizes, in procedures and runs of each, for which plans are measured.
var planSizes = []struct {
	size
	rounds        int // each measures one plan with the baseline, and one with the provider
	structsRounds int // the rounds that measure a plan with Go structs, too; such plans are slow
}{
	{size{100, 0}, 25, 3},
	{size{100, 5}, 25, 3},
	{size{1_000, 0}, 15, 3},
	{size{1_000, 5}, 15, 3},
	{size{10_000, 0}, 7, 1},
	{size{10_000, 5}, 7, 1},
	{size{100_000, 0}, 3, 0},
}

// processSizes are the list sizes, in procedures and runs of each, for which the provider's process is
// measured.
var processSizes = []size{{1_000, 0}, {10_000, 0}, {100_000, 0}, {10_000, 5}}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: bench FILE.json")
	}
	start := time.Now()
	results, err := measure(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	content, err := json.MarshalIndent(results, "", "  ")
	if err == nil {
		err = os.WriteFile(os.Args[1], content, 0o600) //nolint:gosec // the user's file
	}
	if err != nil {
		log.Fatal(err)
	}
	results.print(os.Stdout)
	fmt.Printf("\nMeasured on %s in %s.\n", results.Machine, time.Since(start).Round(time.Second))
}

func measure(ctx context.Context) (results, error) {
	var all results
	dir, err := newWorkingDir(ctx)
	if err != nil {
		return all, err
	}
	defer dir.close()
	if all.Machine, err = dir.machine(ctx); err != nil {
		return all, err
	}
	if err := all.add(measureReads(ctx)); err != nil {
		return all, err
	}
	for _, plan := range planSizes {
		log.Printf("plans of %s", plan.size)
		if err := all.add(dir.measurePlans(ctx, plan.size, plan.rounds, plan.structsRounds)); err != nil {
			return all, err
		}
	}
	log.Printf("plans of %d IDs", namesCount)
	if err := all.add(dir.measureIDs(ctx, size{10_000, 5})); err != nil {
		return all, err
	}
	for _, size := range processSizes {
		log.Printf("the provider's process with %s", size)
		if err := all.add(dir.measureProcess(ctx, size)); err != nil {
			return all, err
		}
	}
	err = all.add(dir.measureStart(ctx))
	return all, err
}
