package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// results is written as JSON, from which tools/plot draws.
type results struct {
	Machine      string
	Measurements []measurement
}

// measurement is one line of the table. A value of zero wasn't measured.
type measurement struct {
	What             string
	Procedures, Runs int // runs of each procedure

	Baseline float64 // of command baseline for a plan, and of newBaselineRead for a read
	Provider float64
	Structs  float64
	Unit     string

	ProviderToBaseline, StructsToProvider float64

	Limit string // of the column provider
}

func (r *results) add(measurements []measurement, err error) error {
	r.Measurements = append(r.Measurements, measurements...)
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
	line("", "procedures", "runs each", "baseline", "provider", "Go structs", "provider : baseline", "structs : provider", "provider's limit")
	line("---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "---")
	for _, m := range r.Measurements {
		size, runs := "", ""
		if m.Procedures > 0 {
			size, runs = strconv.Itoa(m.Procedures), strconv.Itoa(m.Runs)
		}
		line(m.What, size, runs, format(m.Baseline, m.Unit), format(m.Provider, m.Unit), format(m.Structs, m.Unit),
			format(m.ProviderToBaseline, ""), format(m.StructsToProvider, ""), m.Limit)
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
