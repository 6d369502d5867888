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

// measurePlans measures plans of all procedures. In each round, the baseline and the provider swap
// the order.
func (w workingDir) measurePlans(ctx context.Context, procedures, runs, rounds, structsRounds int) ([]measurement, error) {
	stop, err := w.serve(ctx, procedures, runs)
	if err != nil {
		return nil, err
	}
	defer stop()
	times := map[string][]float64{}
	measure := func(program string) error {
		seconds, err := w.plan(ctx, program, allProcedures, procedures)
		times[program] = append(times[program], seconds)
		return err
	}
	for round := range rounds {
		pair := []string{"baseline", "provider"}
		if round%2 == 1 {
			slices.Reverse(pair)
		}
		if err := errors.Join(measure(pair[0]), measure(pair[1])); err != nil {
			return nil, err
		}
		if round < structsRounds {
			if err := measure("structs"); err != nil {
				return nil, err
			}
		}
	}
	plan := measurement{
		What: "plan", Procedures: procedures, Runs: runs, Unit: "s", Limit: "1.2 × baseline",
		Baseline: median(times["baseline"]), Provider: median(times["provider"]), Structs: median(times["structs"]),
	}
	switch {
	case procedures == 10_000:
		plan.Limit = "1.25 × baseline"
	case procedures > 10_000:
		plan.Limit = ""
	}
	plan.ProviderToBaseline, plan.StructsToProvider = plan.Provider/plan.Baseline, plan.Structs/plan.Provider
	return []measurement{plan}, nil
}

// measureIDs measures plans that look up a few names, in turn with the baseline's plans of the list.
func (w workingDir) measureIDs(ctx context.Context, procedures, runs, rounds int) ([]measurement, error) {
	stop, err := w.serve(ctx, procedures, runs)
	if err != nil {
		return nil, err
	}
	defer stop()
	var baselines, lookups []float64
	for range rounds {
		baseline, err := w.plan(ctx, "baseline", allProcedures, procedures)
		if err != nil {
			return nil, err
		}
		lookup, err := w.plan(ctx, "provider", someIDs, namesCount)
		if err != nil {
			return nil, err
		}
		baselines, lookups = append(baselines, baseline), append(lookups, lookup)
	}
	plan := measurement{
		What: fmt.Sprintf("plan of %d IDs (baseline: of the list)", namesCount), Procedures: procedures, Runs: runs, Unit: "s",
		Limit: "0.25 × baseline", Baseline: median(baselines), Provider: median(lookups),
	}
	plan.ProviderToBaseline = plan.Provider / plan.Baseline
	return []measurement{plan}, nil
}

// plan runs terraform plan, and returns an error if its output count has another value.
func (w workingDir) plan(ctx context.Context, program, directory string, count int) (seconds float64, err error) {
	var output bytes.Buffer
	terraform := exec.CommandContext(ctx, "terraform", "plan", "-no-color")
	terraform.Dir = filepath.Join(w.dir, directory)
	terraform.Env = append(w.environment(), "TF_CLI_CONFIG_FILE="+w.cliConfig(program), "CHECKPOINT_DISABLE=1",
		"BENCH_STATE="+w.state(), "BENCH_PROVIDER="+w.binary("provider"), "BENCH_RUSAGE="+w.usage())
	terraform.Stdout, terraform.Stderr = &output, &output
	start := time.Now()
	err = terraform.Run()
	seconds = time.Since(start).Seconds()
	if want := fmt.Sprintf("+ count = %d\n", count); err == nil && !strings.Contains(output.String(), want) {
		err = fmt.Errorf("no %q in the output", want)
	}
	if err != nil {
		return 0, fmt.Errorf("terraform plan with %s: %w\n%s", program, err, &output)
	}
	return seconds, nil
}

// environment returns the user's environment without the variables that change a plan.
func (w workingDir) environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "TOFUPILOT_")
	})
}

// median returns the median, or zero if there are no values.
func median[T cmp.Ordered](values []T) (middle T) {
	if len(values) == 0 {
		return middle
	}
	return slices.Sorted(slices.Values(values))[len(values)/2]
}
