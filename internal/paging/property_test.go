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

//nolint:paralleltest // testProperty sets rapid's flags, which all tests share.
func TestPager(t *testing.T) {
	t.Run("property", testProperty)
	t.Run("negative controls", testNegativeControls)
	t.Run("odd servers", testOddServers)
}

// tally counts the drawn cases, by outcome and by what happened.
type tally struct {
	cases, complete, timedOut         int
	contradicted                      int // failed, because the list changed in the same way twice
	changed, reordered, repeated, big int // of the complete: changed meanwhile, responses out of order, several passes, over 1,000 rows
	requests                          int
}

func (t *tally) add(other *tally) {
	t.cases += other.cases
	t.complete += other.complete
	t.timedOut += other.timedOut
	t.contradicted += other.contradicted
	t.changed += other.changed
	t.reordered += other.reordered
	t.repeated += other.repeated
	t.big += other.big
	t.requests += other.requests
}

const unreadList = "the list stopped changing, but the read failed"

// checkComplete returns the property that read returns a complete list. A list that never
// stops changing may fail at its deadline instead.
func checkComplete(t *testing.T, kind string, read readFunc, tally *tally) func(*rapid.T) {
	t.Helper()
	return func(rt *rapid.T) {
		c := drawReadCase(rt, kind)
		list := c.newList()
		var failure error
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
			defer cancel()
			rows, err := read(ctx, list, c)
			tally.cases++
			tally.requests += len(list.requests)
			switch {
			case list.countInFlight() > 0:
				failure = errors.New("requests are in flight after the read")
			case err == nil:
				tally.complete++
				tally.changed += oneIf(list.changesMade > 0)
				tally.reordered += oneIf(list.outOfOrder)
				tally.repeated += oneIf(list.passes > 1)
				tally.big += oneIf(c.rows > 1000)
				failure = list.check(rows, c.needsTwoPasses() || list.followed)
			case strings.HasSuffix(err.Error(), "each time that the list is read") && list.latestChange >= list.prevStart:
				tally.contradicted++ // such a list looks like a server whose cursors aren't offsets
			case rows != nil:
				failure = errors.New("the read returned rows and an error")
			case !errors.As(err, new(*IncompleteError)), !errors.Is(err, context.DeadlineExceeded), ctx.Err() == nil:
				failure = fmt.Errorf("the read failed before its deadline: %w", err)
			case !c.repeat:
				failure = errors.New(unreadList)
			default:
				tally.timedOut++
			}
		})
		if failure != nil {
			rt.Fatal(failure)
		}
	}
}

func oneIf(condition bool) int {
	if condition {
		return 1
	}
	return 0
}

// setDefaultChecks sets how many cases rapid draws, unless -rapid.checks or RAPID_CHECKS is set.
func setDefaultChecks(t *testing.T, checks string) {
	t.Helper()
	isChecks := func(arg string) bool { return strings.HasPrefix(strings.TrimLeft(arg, "-"), "rapid.checks") }
	if os.Getenv("RAPID_CHECKS") == "" && !slices.ContainsFunc(os.Args, isChecks) {
		setFlag(t, "rapid.checks", checks)
	}
}

// setFlag sets one of rapid's flags until the test ends. The test must not be parallel.
func setFlag(t *testing.T, name, value string) {
	t.Helper()
	before := flag.Lookup(name).Value.String()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(name, before) })
}

func testProperty(t *testing.T) {
	t.Helper()
	setFlag(t, "rapid.nofailfile", "true")
	setDefaultChecks(t, "1000")
	all := &tally{}
	for _, kind := range slices.Sorted(maps.Keys(serverKinds)) {
		t.Run(kind, func(t *testing.T) {
			tally := &tally{}
			rapid.Check(t, checkComplete(t, kind, readWithPager, tally))
			t.Logf("%+v", *tally)
			all.add(tally)
		})
	}
	t.Logf("%+v", *all)
	if all.cases < 1000 {
		return // too few for the shares below
	}
	for what, share := range map[string]struct{ count, tenths int }{
		"returned a list":          {all.complete, 9},
		"changed during the read":  {all.changed, 4},
		"had responses overtaking": {all.reordered, 2},
		"took several passes":      {all.repeated, 2},
	} {
		if share.count*10 < share.tenths*all.cases {
			t.Errorf("only %d of %d cases %s", share.count, all.cases, what)
		}
	}
	if all.timedOut == 0 || all.big == 0 {
		t.Errorf("no case timed out, or none had a long list: %+v", *all)
	}
}

// failureRecorder records the failure of a property instead of failing the test.
type failureRecorder struct {
	rapid.TB
	failed bool
	log    strings.Builder
}

func (r *failureRecorder) Errorf(format string, args ...any) {
	r.failed = true
	r.Logf(format, args...)
}
func (r *failureRecorder) Logf(format string, args ...any) { fmt.Fprintf(&r.log, format+"\n", args...) }
func (r *failureRecorder) Log(args ...any)                 { fmt.Fprintln(&r.log, args...) }
func (r *failureRecorder) Failed() bool                    { return r.failed }
func (r *failureRecorder) FailNow()                        { panic(r) }

// testNegativeControls checks that the property finds the error of each simpler way to read.
func testNegativeControls(t *testing.T) {
	t.Helper()
	setFlag(t, "rapid.nofailfile", "true")
	setFlag(t, "rapid.shrinktime", "0s")
	setDefaultChecks(t, "10000")
	for name, test := range map[string]struct {
		read readFunc
		kind string
		want string // part of the property's failure
	}{
		"a naive pager loses a row":                               {readNaively, "as documented", lostRow},
		"one that trusts the order loses a row that moves":        {readCheckingSeams, "by activity", lostRow},
		"one that trusts the order loses a row that is renamed":   {readCheckingSeams, "by name", lostRow},
		"one that trusts the order loses a row among equal times": {readCheckingSeams, "equal times", lostRow},
		"one that trusts the order loses a row without a time":    {readCheckingSeams, "missing times", lostRow},
		"one that trusts has_more loses the last row":             {readCheckingSeams, "counted after the page", lostRow},
		"one that trusts an earlier count loses the last row":     {readCheckingSeams, "counted before the page", lostRow},
		"one that trusts offsets can't read floored cursors":      {readCheckingSeams, "floored cursors", unreadList},
	} {
		t.Run(name, func(t *testing.T) {
			recorder, tally := &failureRecorder{TB: t}, &tally{}
			defer func() {
				log := recorder.log.String()
				if recover() != any(recorder) || !strings.Contains(log, test.want) {
					t.Fatalf("no failure in %d cases: %s", tally.cases, log)
				}
				t.Logf("after %d cases: %s", tally.cases, log)
			}()
			rapid.Check(recorder, checkComplete(t, test.kind, test.read, tally))
		})
	}
}
