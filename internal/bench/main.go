// Command bench measures reads over the plugin protocol, plans, the provider's process and
// its start. It prints a table, and writes the measurements as JSON to the file in its argument.
// It needs Linux, which reports a process's peak memory in KiB.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"
)

// plans has the sizes of the list for which plans are measured. A round measures one plan with the
// baseline and one with the provider. Fewer rounds measure Go structs, too, because these plans are
// slow.
var plans = []struct{ procedures, runs, rounds, structsRounds int }{
	{100, 0, 25, 3},
	{100, 5, 25, 3},
	{1_000, 0, 15, 3},
	{1_000, 5, 15, 3},
	{10_000, 0, 7, 1},
	{10_000, 5, 7, 1},
	{100_000, 0, 3, 0},
}

// processes has the sizes of the list for which the provider's process is measured.
var processes = []struct{ procedures, runs int }{{1_000, 0}, {10_000, 0}, {100_000, 0}, {10_000, 5}}

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
	for _, size := range plans {
		log.Printf("plans of %d procedures with %d runs each", size.procedures, size.runs)
		if err := all.add(dir.measurePlans(ctx, size.procedures, size.runs, size.rounds, size.structsRounds)); err != nil {
			return all, err
		}
	}
	log.Printf("plans of %d IDs", namesCount)
	if err := all.add(dir.measureIDs(ctx, 10_000, 5, 7)); err != nil {
		return all, err
	}
	for _, size := range processes {
		log.Printf("the provider's process with %d procedures with %d runs each", size.procedures, size.runs)
		if err := all.add(dir.measureProcess(ctx, size.procedures, size.runs)); err != nil {
			return all, err
		}
	}
	return all, all.add(dir.measureStart(ctx))
}
