package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

// procedure is what the report shows of a procedure, by its names in the state.
type procedure struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	CreatedAt  string `json:"created_at"`
	Repository *struct {
		Name string `json:"name"`
	} `json:"linked_repository"`
	Runs []any    `json:"runs"`
	FPY  *float64 `json:"fpy"`
}

// report shows the outputs as Terraform does, what a lookup says that fails, and the
// beginning of each list.
func (d *demo) report(ctx context.Context) error {
	outputs, err := d.outputs(ctx)
	if err != nil {
		return err
	}
	d.printf("\nOutputs:\n\n%s", outputs)
	if !d.live {
		said, err := d.lookUpMisspelt(ctx)
		if err != nil {
			return fmt.Errorf("a lookup that should fail: %w", err)
		}
		d.printf("\nA lookup that fails:\n\n%s\n", said)
	}
	state, err := d.tf.Show(ctx)
	if err != nil {
		return err
	}
	if state.Values == nil || state.Values.RootModule == nil {
		return errors.New("the state is empty, though the configuration has data sources and outputs")
	}
	for _, resource := range state.Values.RootModule.Resources {
		if resource.Type != "tofupilot_procedures" {
			continue // the outputs show it
		}
		procedures, err := decode(resource.AttributeValues["procedures"])
		if err != nil {
			return fmt.Errorf("%s: %w", resource.Address, err)
		}
		d.printf("\n%s: %d found\n", resource.Address, len(procedures))
		if err := table(d.out, procedures); err != nil {
			return err
		}
	}
	return nil
}

// decode reads the procedures of a data source from what Terraform shows.
func decode(value any) ([]procedure, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var procedures []procedure
	return procedures, json.Unmarshal(text, &procedures)
}

// table shows the first three.
func table(out io.Writer, procedures []procedure) error {
	const most = 3
	if len(procedures) == 0 {
		return nil
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	lines := []string{"  ID\tNAME\tCREATED\tREPOSITORY\tRUNS\tFPY\n"}
	for _, p := range procedures[:min(most, len(procedures))] {
		repository, runs, fpy := "-", "-", "-"
		if p.Repository != nil {
			repository = p.Repository.Name
		}
		if len(p.Runs) > 0 {
			runs = strconv.Itoa(len(p.Runs))
		}
		if p.FPY != nil {
			fpy = fmt.Sprintf("%.1f %%", *p.FPY)
		}
		day, _, _ := strings.Cut(p.CreatedAt, "T")
		lines = append(lines, fmt.Sprintf("  %s\t%s\t%s\t%s\t%s\t%s\n", printable(p.ID), printable(p.Name), printable(day), printable(repository), runs, fpy))
	}
	if more := len(procedures) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("  … and %d more\n", more))
	}
	if _, err := io.WriteString(columns, strings.Join(lines, "")); err != nil {
		return err
	}
	return columns.Flush()
}

// printable replaces characters that could steer a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
