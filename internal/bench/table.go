package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// results is written as JSON, from which tools/plot draws.
type results struct {
	Machine string
	Rows    []row
}

// row is one line of the table. A value of zero wasn't measured.
type row struct {
	What             string
	Procedures, Runs int // runs of each procedure

	Floor    float64 // of command floor for a plan, and of newFloorRead for a read
	Provider float64
	Structs  float64
	Unit     string

	ProviderToFloor, StructsToProvider float64

	Limit string // of Provider
}

func (r *results) add(rows []row, err error) error {
	r.Rows = append(r.Rows, rows...)
	return err
}

// print writes a Markdown table.
func (r *results) print(to io.Writer) {
	table := tabwriter.NewWriter(to, 0, 0, 1, ' ', 0)
	line := func(cells ...any) {
		for _, cell := range cells {
			_, _ = fmt.Fprintf(table, "| %v\t", cell)
		}
		_, _ = fmt.Fprintln(table, "|")
	}
	line("", "procedures", "runs each", "floor", "provider", "Go structs", "provider : floor", "structs : provider", "limit")
	line("---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "---")
	for _, row := range r.Rows {
		size, runs := "", ""
		if row.Procedures > 0 {
			size, runs = strconv.Itoa(row.Procedures), strconv.Itoa(row.Runs)
		}
		line(row.What, size, runs, format(row.Floor, row.Unit), format(row.Provider, row.Unit), format(row.Structs, row.Unit),
			format(row.ProviderToFloor, ""), format(row.StructsToProvider, ""), row.Limit)
	}
	_ = table.Flush() // fails only if stdout is closed
}

func format(value float64, unit string) string {
	switch {
	case value == 0:
		return ""
	case value >= 100:
		return fmt.Sprintf("%.0f %s", value, unit)
	default:
		return fmt.Sprintf("%.3g %s", value, unit)
	}
}
