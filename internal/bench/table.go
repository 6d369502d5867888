package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// results are the measurements of one run. Command bench writes them as JSON, which tools/plot draws.
type results struct {
	Machine      string
	Measurements []measurement
}

// size is the size of a list: its procedures, and the runs of each procedure.
type size struct{ Procedures, Runs int }

func (s size) String() string {
	return fmt.Sprintf("%d procedures with %d runs each", s.Procedures, s.Runs)
}

// measurement is one line of the table. A value of zero wasn't measured.
type measurement struct {
	What string
	size

	Baseline float64 // of the command baseline for a plan, and of baselineReader for a read
	Provider float64
	Structs  float64
	Unit     string

	ProviderToBaseline float64 // ratio
	StructsToProvider  float64 // ratio

	Limit string // the highest value that Provider should have
}

// add adds the measurements, and returns err. Its arguments are the results of a function such as
// measureReads.
func (r *results) add(measurements []measurement, err error) error {
	r.Measurements = append(r.Measurements, measurements...)
	return err
}

// print prints the measurements as a Markdown table.
func (r *results) print(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	printLine := func(cells ...any) {
		for _, cell := range cells {
			_, _ = fmt.Fprintf(table, "| %v\t", cell)
		}
		_, _ = fmt.Fprintln(table, "|")
	}
	printLine("", "procedures", "runs each", "baseline", "provider", "Go structs", "provider : baseline", "structs : provider", "provider's limit")
	printLine("---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "---")
	for _, m := range r.Measurements {
		procedures, runs := "", ""
		if m.Procedures > 0 {
			procedures = strconv.Itoa(m.Procedures)
			runs = strconv.Itoa(m.Runs)
		}
		printLine(m.What, procedures, runs, format(m.Baseline, m.Unit), format(m.Provider, m.Unit), format(m.Structs, m.Unit),
			format(m.ProviderToBaseline, ""), format(m.StructsToProvider, ""), m.Limit)
	}
	_ = table.Flush() // prints the aligned lines; without stdout, nobody would see an error
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
