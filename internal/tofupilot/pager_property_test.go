package tofupilot

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// tally shows that the cases were worth something.
type tally struct {
	cases, whole, deadline         int // all; those that ended in a list; and in an error at the deadline
	changed, reordered, again, big int // of the whole: changed meanwhile, answered out of order, read again, over 1,000 rows
	requests                       int
}

// completeness is the property. A read is whole, or fails when its time is up.
func completeness(t *testing.T, read reader, tally *tally) func(*rapid.T) {
	t.Helper()
	return func(rt *rapid.T) {
		c := drawReadCase(rt)
		list := c.list()
		var failure string
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
			defer cancel()
			rows, err := read(ctx, list, c)
			tally.cases++
			tally.requests += len(list.asked)
			if list.underWay() > 0 {
				failure = "the read is over, and requests are still in flight"
				return
			}
			if err != nil {
				tally.deadline++
				failure = unlessAtDeadline(ctx, rows, err)
				return
			}
			tally.whole++
			tally.changed += oneIf(list.changed > 0)
			tally.reordered += oneIf(list.outOfOrder)
			tally.again += oneIf(list.begins > 1)
			tally.big += oneIf(c.rows > 1000)
			failure = list.fallacy(rows)
		})
		if failure != "" {
			rt.Fatal(failure)
		}
	}
}

func unlessAtDeadline(ctx context.Context, rows []row[string], err error) string {
	switch {
	case rows != nil:
		return "a part of the list came with an error"
	case !errors.As(err, new(*ListError)), !errors.Is(err, context.DeadlineExceeded), ctx.Err() == nil:
		return "the read failed before its time was up: " + err.Error()
	}
	return ""
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// defaultChecks sets how many cases are drawn where nobody asked for a number,
// by -rapid.checks=200000 perhaps, or RAPID_CHECKS.
func defaultChecks(t *testing.T, number string) {
	t.Helper()
	asked := func(arg string) bool { return strings.HasPrefix(strings.TrimLeft(arg, "-"), "rapid.checks") }
	if os.Getenv("RAPID_CHECKS") == "" && !slices.ContainsFunc(os.Args, asked) {
		setFlag(t, "rapid.checks", number)
	}
}

// setFlag sets one of rapid's flags for one test, which must not be parallel.
func setFlag(t *testing.T, name, value string) {
	t.Helper()
	before := flag.Lookup(name).Value.String()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(name, before) })
}

//nolint:paralleltest // It sets rapid's flags, which all tests share.
func TestARowThatStoodThroughoutIsNeverLost(t *testing.T) {
	defaultChecks(t, "10000")
	tally := &tally{}
	rapid.Check(t, completeness(t, seamReader, tally))
	t.Logf("%+v", *tally)
	if tally.cases < 1000 {
		return // too few to judge the draw by
	}
	for what, is := range map[string]struct{ many, ofTen int }{
		"ended in a list":                      {tally.whole, 9},
		"changed during the read":              {tally.changed, 4},
		"had answers that overtook each other": {tally.reordered, 2},
		"were read more than once":             {tally.again, 2},
	} {
		if is.many*10 < is.ofTen*tally.cases {
			t.Errorf("only %d of %d cases %s", is.many, tally.cases, what)
		}
	}
	if tally.deadline == 0 || tally.big == 0 {
		t.Errorf("none met its deadline, or none was long: %+v", *tally)
	}
}

// witness takes what rapid says of a property, in place of the test.
type witness struct {
	rapid.TB
	failed bool
	said   strings.Builder
}

func (w *witness) Errorf(format string, args ...any) {
	w.failed = true
	w.Logf(format, args...)
}
func (w *witness) Logf(format string, args ...any) { fmt.Fprintf(&w.said, format+"\n", args...) }
func (w *witness) Log(args ...any)                 { fmt.Fprintln(&w.said, args...) }
func (w *witness) Failed() bool                    { return w.failed }
func (w *witness) FailNow()                        { panic(w) }

//nolint:paralleltest // It sets rapid's flags, which all tests share.
func TestThePropertyFindsTheLossOfANaivePager(t *testing.T) {
	setFlag(t, "rapid.nofailfile", "true")
	setFlag(t, "rapid.shrinktime", "2s")
	defaultChecks(t, "10000")

	instead, tally := &witness{TB: t}, &tally{}
	defer func() {
		said := instead.said.String()
		if recover() != any(instead) || !strings.Contains(said, "stood throughout and is lost") {
			t.Fatalf("%d cases don't show the loss: %s", tally.cases, said)
		}
		t.Log(said)
	}()
	rapid.Check(instead, completeness(t, naiveReader, tally))
}
