package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

// procedure is a procedure in Terraform's state, with the attributes that the report prints.
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

// report prints the configuration of the lookup, Terraform's outputs, the error of a lookup
// that fails, and the beginning of each list. With -live, it prints only outputs and lists.
func (d *demo) report(ctx context.Context) error {
	outputs, err := d.readOutputs(ctx)
	if err != nil {
		return err
	}
	if !d.live {
		lookup, err := configuration.ReadFile("lookup.tf")
		if err != nil {
			return err
		}
		d.printf("\nThe configuration is examples/demo/*.tf. This part looks up IDs by name:\n\n%s", lookup)
	}
	d.printf("\nOutputs:\n\n%s", outputs)
	if !d.live {
		message, err := d.lookUpMisspelt(ctx)
		if err != nil {
			return fmt.Errorf("a lookup that should fail: %w", err)
		}
		d.printf("\nA lookup that fails:\n\n%s\n", message)
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
			continue // the outputs contain the results of lookups
		}
		procedures, err := decodeProcedures(resource.AttributeValues["procedures"])
		if err != nil {
			return fmt.Errorf("%s: %w", resource.Address, err)
		}
		d.printf("\n%s: %d found\n", resource.Address, len(procedures))
		if err := printTable(d.out, procedures); err != nil {
			return err
		}
	}
	return nil
}

// decodeProcedures converts the attribute procedures of a data source.
func decodeProcedures(value any) ([]procedure, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var procedures []procedure
	err = json.Unmarshal(text, &procedures)
	return procedures, err
}

// columns lists the columns of a table of procedures.
var columns = []struct {
	title string
	cell  func(procedure) string // returns an empty string if the procedure has no value
}{
	{"ID", func(p procedure) string { return p.ID }},
	{"NAME", func(p procedure) string { return p.Name }},
	{"CREATED", func(p procedure) string { day, _, _ := strings.Cut(p.CreatedAt, "T"); return day }},
	{"REPOSITORY", func(p procedure) string {
		if p.Repository == nil {
			return ""
		}
		return p.Repository.Name
	}},
	{"RUNS", func(p procedure) string {
		if len(p.Runs) == 0 {
			return ""
		}
		return strconv.Itoa(len(p.Runs))
	}},
	{"FPY", func(p procedure) string {
		if p.FPY == nil {
			return ""
		}
		return fmt.Sprintf("%.1f %%", *p.FPY)
	}},
}

// printTable prints the first three procedures. It omits a column if none of the three has a value
// there.
func printTable(out io.Writer, procedures []procedure) error {
	const limit = 3
	if len(procedures) == 0 {
		return nil
	}
	shown := procedures[:min(limit, len(procedures))]
	lines := make([]string, 1+len(shown))
	for _, column := range columns {
		if !slices.ContainsFunc(shown, func(p procedure) bool { return column.cell(p) != "" }) {
			continue
		}
		lines[0] += column.title + "\t"
		for i, p := range shown {
			lines[i+1] += cmp.Or(replaceUnprintable(column.cell(p)), "-") + "\t"
		}
	}
	for i, line := range lines {
		lines[i] = "  " + strings.TrimSuffix(line, "\t") + "\n"
	}
	if more := len(procedures) - limit; more > 0 {
		lines = append(lines, fmt.Sprintf("  … and %d more\n", more))
	}
	aligned := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(aligned, strings.Join(lines, "")); err != nil {
		return err
	}
	return aligned.Flush()
}

// replaceUnprintable replaces unprintable characters, with which a server could control the terminal.
func replaceUnprintable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
