package paging

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
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
	contradicted                   int // those that ended because a list changed in the same way twice
	changed, reordered, again, big int // of the whole: changed meanwhile, answered out of order, read again, over 1,000 rows
	requests                       int
}

func (t *tally) add(other *tally) {
	t.cases += other.cases
	t.whole += other.whole
	t.deadline += other.deadline
	t.contradicted += other.contradicted
	t.changed += other.changed
	t.reordered += other.reordered
	t.again += other.again
	t.big += other.big
	t.requests += other.requests
}

// completeness is the property. A read is whole, or fails when its time is up;
// that of a list which settles is whole.
func completeness(t *testing.T, kind string, read reader, tally *tally) func(*rapid.T) {
	t.Helper()
	return func(rt *rapid.T) {
		c := drawReadCase(rt, kind)
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
			if strings.HasSuffix(fmt.Sprint(err), "each time that the list is read") && list.latest >= list.beganBefore {
				tally.contradicted++ // nobody could tell it from a server that counts in its own way
				return
			}
			if err != nil {
				tally.deadline++
				failure = unlessAtDeadline(ctx, rows, err)
				if failure == "" && !c.forever {
					failure = "the list settled, and was not read"
				}
				return
			}
			tally.whole++
			tally.changed += oneIf(list.changed > 0)
			tally.reordered += oneIf(list.outOfOrder)
			tally.again += oneIf(list.begins > 1)
			tally.big += oneIf(c.rows > 1000)
			failure = list.fallacy(rows, c.twoPasses() || list.followed)
		})
		if failure != "" {
			rt.Fatal(failure)
		}
	}
}

func unlessAtDeadline(ctx context.Context, rows []row, err error) string {
	switch {
	case rows != nil:
		return "a part of the list came with an error"
	case !errors.As(err, new(*IncompleteError)), !errors.Is(err, context.DeadlineExceeded), ctx.Err() == nil:
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

func losesNoRow(t *testing.T) {
	t.Helper()
	setFlag(t, "rapid.nofailfile", "true")
	defaultChecks(t, "1000")
	all := &tally{}
	for _, kind := range slices.Sorted(maps.Keys(serverKinds)) {
		t.Run(kind, func(t *testing.T) {
			tally := &tally{}
			rapid.Check(t, completeness(t, kind, seamReader, tally))
			t.Logf("%+v", *tally)
			all.add(tally)
		})
	}
	t.Logf("%+v", *all)
	if all.cases < 1000 {
		return // too few to judge the draw by
	}
	for what, is := range map[string]struct{ many, ofTen int }{
		"ended in a list":                      {all.whole, 9},
		"changed during the read":              {all.changed, 4},
		"had answers that overtook each other": {all.reordered, 2},
		"were read more than once":             {all.again, 2},
	} {
		if is.many*10 < is.ofTen*all.cases {
			t.Errorf("only %d of %d cases %s", is.many, all.cases, what)
		}
	}
	if all.deadline == 0 || all.big == 0 {
		t.Errorf("none met its deadline, or none was long: %+v", *all)
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

// otherPagersLoseRows shows what each of the ways in which servers may behave otherwise
// does to a pager that doesn't reckon with it.
func otherPagersLoseRows(t *testing.T) {
	t.Helper()
	setFlag(t, "rapid.nofailfile", "true")
	setFlag(t, "rapid.shrinktime", "0s")
	defaultChecks(t, "10000")
	const lost, unread = "stood throughout and is lost", "the list settled, and was not read"
	for name, test := range map[string]struct {
		read reader
		kind string
		says string
	}{
		"a naive pager loses a row":                               {naiveReader, "as documented", lost},
		"one that trusts the order loses a row that moves":        {believingReader, "by activity", lost},
		"one that trusts the order loses a row that is renamed":   {believingReader, "by name", lost},
		"one that trusts the order loses a row among equal times": {believingReader, "equal times", lost},
		"one that trusts the order loses a row without a time":    {believingReader, "missing times", lost},
		"one that trusts has_more loses the last row":             {believingReader, "counted after", lost},
		"one that trusts an earlier count loses the last row":     {believingReader, "counted before", lost},
		"one that trusts offsets can't read floored cursors":      {believingReader, "floored cursors", unread},
	} {
		t.Run(name, func(t *testing.T) {
			instead, tally := &witness{TB: t}, &tally{}
			defer func() {
				said := instead.said.String()
				if recover() != any(instead) || !strings.Contains(said, test.says) {
					t.Fatalf("%d cases don't show it: %s", tally.cases, said)
				}
				t.Logf("after %d cases: %s", tally.cases, said)
			}()
			rapid.Check(instead, completeness(t, test.kind, test.read, tally))
		})
	}
}
