// Command bench measures what reading costs and prints one table: a read at the
// protocol, whole plans, the provider's process, its start. It takes as its
// argument a file to write the same rows to, as JSON. Linux only, since it is
// Linux that says a process's peak memory in KiB.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"
)

// Plans are timed in rounds, in which the floor and ours alternate. The usual way
// is too slow to take part in every round.
var plans = []struct{ procedures, runs, rounds, usual int }{
	{100, 0, 25, 3},
	{100, 5, 25, 3},
	{1_000, 0, 15, 3},
	{1_000, 5, 15, 3},
	{10_000, 0, 7, 1},
	{10_000, 5, 7, 1},
	{100_000, 0, 3, 0},
}

// The provider's process is watched apart from the timed plans.
var processes = []struct{ procedures, runs int }{{1_000, 0}, {10_000, 0}, {100_000, 0}, {10_000, 5}}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: bench FILE.json")
	}
	started := time.Now()
	results, err := measure(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	content, err := json.MarshalIndent(results, "", "  ")
	if err == nil {
		err = os.WriteFile(os.Args[1], content, 0o600) //nolint:gosec // where the user wants it
	}
	if err != nil {
		log.Fatal(err)
	}
	results.print(os.Stdout)
	fmt.Printf("\nMeasured on %s in %s.\n", results.Machine, time.Since(started).Round(time.Second))
}

func measure(ctx context.Context) (results, error) {
	var all results
	lab, err := newLab(ctx)
	if err != nil {
		return all, err
	}
	defer lab.close()
	if all.Machine, err = lab.machine(ctx); err != nil {
		return all, err
	}
	if err := all.add(readRows(ctx)); err != nil {
		return all, err
	}
	for _, size := range plans {
		log.Printf("plans of %d procedures with %d runs each", size.procedures, size.runs)
		if err := all.add(lab.planRow(ctx, size.procedures, size.runs, size.rounds, size.usual)); err != nil {
			return all, err
		}
	}
	log.Print("plans of a few IDs")
	if err := all.add(lab.idsRow(ctx, 10_000, 5, 7)); err != nil {
		return all, err
	}
	for _, size := range processes {
		log.Printf("the provider's process with %d procedures with %d runs each", size.procedures, size.runs)
		if err := all.add(lab.processRows(ctx, size.procedures, size.runs)); err != nil {
			return all, err
		}
	}
	return all, all.add(lab.startRows(ctx))
}
