package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// results are what tools/plot draws from, too.
type results struct {
	Machine string
	Rows    []row
}

// row is one line of the table. A value of zero wasn't measured.
type row struct {
	What             string
	Procedures, Runs int // runs of each procedure

	Floor float64 // of a read: net/http and encoding/json alone
	Ours  float64
	Usual float64
	Unit  string

	OursToFloor, UsualToOurs float64

	Limit string // what ours may be at most
}

func (r *results) add(rows []row, err error) error {
	r.Rows = append(r.Rows, rows...)
	return err
}

// print writes the table, as Markdown.
func (r *results) print(to io.Writer) {
	table := tabwriter.NewWriter(to, 0, 0, 1, ' ', 0)
	line := func(cells ...any) {
		for _, cell := range cells {
			_, _ = fmt.Fprintf(table, "| %v\t", cell)
		}
		_, _ = fmt.Fprintln(table, "|")
	}
	line("", "procedures", "runs each", "floor", "ours", "usual way", "ours : floor", "usual : ours", "ours at most")
	line("---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "---")
	for _, row := range r.Rows {
		size, runs := "", ""
		if row.Procedures > 0 {
			size, runs = strconv.Itoa(row.Procedures), strconv.Itoa(row.Runs)
		}
		line(row.What, size, runs, number(row.Floor, row.Unit), number(row.Ours, row.Unit), number(row.Usual, row.Unit),
			number(row.OursToFloor, ""), number(row.UsualToOurs, ""), row.Limit)
	}
	_ = table.Flush() // to the same writer: whoever reads it has gone
}

func number(value float64, unit string) string {
	switch {
	case value == 0:
		return ""
	case value >= 100:
		return fmt.Sprintf("%.0f %s", value, unit)
	default:
		return fmt.Sprintf("%.3g %s", value, unit)
	}
}
