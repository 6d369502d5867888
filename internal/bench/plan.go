package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// measurePlans measures plans of all procedures. The baseline is first in one round, and the provider in
// the next.
func (w workingDir) measurePlans(ctx context.Context, size size, rounds, structsRounds int) ([]measurement, error) {
	stop, err := w.serve(ctx, size)
	if err != nil {
		return nil, err
	}
	defer stop()
	times := map[string][]float64{} // by program
	for round := range rounds {
		programs := []string{"baseline", "provider"}
		if round%2 == 1 {
			slices.Reverse(programs)
		}
		if round < structsRounds {
			programs = append(programs, "structs")
		}
		for _, program := range programs {
			seconds, err := w.plan(ctx, program, allProcedures, size.Procedures)
			if err != nil {
				return nil, err
			}
			times[program] = append(times[program], seconds)
		}
	}
	plan := measurement{
		What: "plan", size: size, Unit: "s",
		Baseline: median(times["baseline"]), Provider: median(times["provider"]), Structs: median(times["structs"]),
	}
	plan.ProviderToBaseline = plan.Provider / plan.Baseline
	plan.StructsToProvider = plan.Structs / plan.Provider
	switch {
	case size.Procedures < 10_000:
		plan.Limit = "1.2 × baseline"
	case size.Procedures == 10_000:
		plan.Limit = "1.25 × baseline"
	}
	return []measurement{plan}, nil
}

// measureIDs measures plans that look up the IDs of a few names. Before each of them, the baseline plans
// the whole list.
func (w workingDir) measureIDs(ctx context.Context, size size) ([]measurement, error) {
	stop, err := w.serve(ctx, size)
	if err != nil {
		return nil, err
	}
	defer stop()
	var baselines, lookups []float64
	for range 7 {
		baseline, err := w.plan(ctx, "baseline", allProcedures, size.Procedures)
		if err != nil {
			return nil, err
		}
		lookup, err := w.plan(ctx, "provider", someIDs, namesCount)
		if err != nil {
			return nil, err
		}
		baselines = append(baselines, baseline)
		lookups = append(lookups, lookup)
	}
	plan := measurement{
		What: fmt.Sprintf("plan of %d IDs (baseline: of the list)", namesCount), size: size, Unit: "s",
		Limit: "0.25 × baseline", Baseline: median(baselines), Provider: median(lookups),
	}
	plan.ProviderToBaseline = plan.Provider / plan.Baseline
	return []measurement{plan}, nil
}

// plan runs terraform plan with a provider, and measures the plan's time. It returns an error if the
// value of the output "count" isn't the given count.
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

// environment returns the user's environment without the variables that could change a plan.
func (w workingDir) environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "TOFUPILOT_")
	})
}

// median returns the median, or zero if there are no values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(values))[len(values)/2]
}
