package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
)

// width is how many columns a line has at most.
const width = 100

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

// report shows the beginning of each data source's list, and the outputs.
func (d *demo) report(ctx context.Context) error {
	state, err := d.tf.Show(ctx)
	if err != nil {
		return err
	}
	if state.Values == nil || state.Values.RootModule == nil {
		return errors.New("the state is empty, though the configuration has data sources and outputs")
	}
	for _, resource := range state.Values.RootModule.Resources {
		if resource.Type == "tofupilot_procedure_ids" {
			continue // an output shows all of it
		}
		found := resource.AttributeValues["procedures"]
		if resource.Type == "tofupilot_procedure" {
			found = []any{resource.AttributeValues}
		}
		procedures, err := decode(found)
		if err != nil {
			return fmt.Errorf("%s: %w", resource.Address, err)
		}
		d.printf("\n%s: %d found\n", resource.Address, len(procedures))
		if err := table(d.out, procedures[:min(3, len(procedures))]); err != nil {
			return err
		}
	}
	d.printf("\nOutputs\n")
	for _, name := range slices.Sorted(maps.Keys(state.Values.Outputs)) {
		lines, err := layOut("  ", name+" = ", state.Values.Outputs[name].Value)
		if err != nil {
			return fmt.Errorf("output %s: %w", name, err)
		}
		const most = 10
		if more := len(lines) - most; more > 0 {
			lines = append(lines[:most], fmt.Sprintf("    … %d more lines", more))
		}
		for _, line := range lines {
			d.printf("%s\n", cut(line, width))
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

func table(out io.Writer, procedures []procedure) error {
	if len(procedures) == 0 {
		return nil
	}
	lines := []string{"  ID\tNAME\tCREATED\tMORE\n"}
	for _, p := range procedures {
		var more []string
		if p.Repository != nil {
			more = append(more, p.Repository.Name)
		}
		if len(p.Runs) > 0 {
			more = append(more, fmt.Sprintf("runs %d", len(p.Runs)))
		}
		if p.FPY != nil {
			more = append(more, fmt.Sprintf("fpy %.1f", *p.FPY))
		}
		day, _, _ := strings.Cut(p.CreatedAt, "T")
		lines = append(lines, fmt.Sprintf("  %s\t%s\t%s\t%s\n", cut(p.ID, 36), cut(p.Name, 29), cut(day, 10), cut(cmp.Or(strings.Join(more, ", "), "-"), 17)))
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(columns, strings.Join(lines, "")); err != nil {
		return err
	}
	return columns.Flush()
}

// layOut writes a value as JSON, on one line where that fits.
func layOut(indent, label string, value any) ([]string, error) {
	text, err := marshal(value)
	if err != nil {
		return nil, err
	}
	list, isList := value.([]any)
	object, isObject := value.(map[string]any)
	if line := indent + label + text; !isList && !isObject || len([]rune(line)) <= width {
		return []string{line}, nil
	}
	lines := []string{indent + label + text[:1]} // the bracket or brace
	add := func(label string, value any) error {
		inner, err := layOut(indent+"  ", label, value)
		lines = append(lines, inner...)
		return err
	}
	for _, element := range list {
		if err := add("", element); err != nil {
			return nil, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		label, err := marshal(key)
		if err != nil {
			return nil, err
		}
		if err := add(label+": ", object[key]); err != nil {
			return nil, err
		}
	}
	return append(lines, indent+text[len(text)-1:]), nil
}

// marshal leaves <, > and & as they are.
func marshal(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// cut shortens a text to a width, and removes characters that could steer a terminal.
func cut(text string, width int) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text))
	if len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return string(runes)
}
