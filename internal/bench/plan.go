package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// planRow times whole plans. Those of the floor and of ours alternate, and take
// turns in going first.
func (l lab) planRow(ctx context.Context, procedures, runs, rounds, usualRounds int) ([]row, error) {
	stop, err := l.serve(ctx, procedures, runs)
	if err != nil {
		return nil, err
	}
	defer stop()
	took := map[string][]float64{}
	time := func(program string) error {
		seconds, err := l.plan(ctx, program, allProcedures, procedures)
		took[program] = append(took[program], seconds)
		return err
	}
	for round := range rounds {
		pair := []string{"floor", "ours"}
		if round%2 == 1 {
			slices.Reverse(pair)
		}
		if err := errors.Join(time(pair[0]), time(pair[1])); err != nil {
			return nil, err
		}
		if round < usualRounds {
			if err := time("usual"); err != nil {
				return nil, err
			}
		}
	}
	plan := row{
		What: "plan", Procedures: procedures, Runs: runs, Unit: "s", Limit: "1.2 × floor",
		Floor: median(took["floor"]), Ours: median(took["ours"]), Usual: median(took["usual"]),
	}
	switch {
	case procedures == 10_000:
		plan.Limit = "1.25 × floor"
	case procedures > 10_000:
		plan.Limit = ""
	}
	plan.OursToFloor, plan.UsualToOurs = plan.Ours/plan.Floor, plan.Usual/plan.Ours
	return []row{plan}, nil
}

// idsRow times plans that look a few names up, in turns with the floor's plans of
// the whole list.
func (l lab) idsRow(ctx context.Context, procedures, runs, rounds int) ([]row, error) {
	stop, err := l.serve(ctx, procedures, runs)
	if err != nil {
		return nil, err
	}
	defer stop()
	var floor, ours []float64
	for range rounds {
		handing, err := l.plan(ctx, "floor", allProcedures, procedures)
		if err != nil {
			return nil, err
		}
		looking, err := l.plan(ctx, "ours", someIDs, names)
		if err != nil {
			return nil, err
		}
		floor, ours = append(floor, handing), append(ours, looking)
	}
	plan := row{
		What: fmt.Sprintf("plan of %d IDs, the floor's of the list", names), Procedures: procedures, Runs: runs, Unit: "s",
		Limit: "0.25 × floor", Floor: median(floor), Ours: median(ours),
	}
	plan.OursToFloor = plan.Ours / plan.Floor
	return []row{plan}, nil
}

// plan runs terraform plan, and makes sure that it saw as many as there are.
func (l lab) plan(ctx context.Context, program, folder string, count int) (seconds float64, err error) {
	var said bytes.Buffer
	terraform := exec.CommandContext(ctx, "terraform", "plan", "-no-color")
	terraform.Dir = filepath.Join(l.dir, folder)
	terraform.Env = append(l.environment(), "TF_CLI_CONFIG_FILE="+l.settings(program), "CHECKPOINT_DISABLE=1",
		"BENCH_STATE="+l.state(), "BENCH_PROVIDER="+l.binary("ours"), "BENCH_RUSAGE="+l.usage())
	terraform.Stdout, terraform.Stderr = &said, &said
	started := time.Now()
	err = terraform.Run()
	seconds = time.Since(started).Seconds()
	if expected := fmt.Sprintf("+ count = %d\n", count); err == nil && !strings.Contains(said.String(), expected) {
		err = fmt.Errorf("it doesn't say %q", expected)
	}
	if err != nil {
		return 0, fmt.Errorf("terraform plan with %s: %w\n%s", program, err, &said)
	}
	return seconds, nil
}

// environment is the user's without what would make this another plan.
func (l lab) environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "TOFUPILOT_")
	})
}

// median is zero where there are no values.
func median[T cmp.Ordered](values []T) (middle T) {
	if len(values) == 0 {
		return middle
	}
	return slices.Sorted(slices.Values(values))[len(values)/2]
}
