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

// testProperty checks that the pager returns complete lists of every kind of server, and that the drawn
// cases are varied enough.
func testProperty(t *testing.T) {
	t.Helper()
	setFlag(t, "rapid.nofailfile", "true")
	setDefaultChecks(t, "1000")
	tally := tally{}
	for _, kind := range slices.Sorted(maps.Keys(serverKinds)) {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, checkComplete(t, kind, readWithPager, tally))
		})
	}
	t.Log(tally)
	if tally[drawnCases] < 1000 {
		return // too few for the shares below
	}
	for what, minPercent := range map[string]int{completeLists: 90, changedLists: 40, reorderedLists: 20, repeatedLists: 20, longLists: 0, timedOutReads: 0} {
		if count := tally[what]; count == 0 || 100*count < minPercent*tally[drawnCases] {
			t.Errorf("%s: got %d of %d cases, want at least one and %d %%", what, count, tally[drawnCases], minPercent)
		}
	}
}

// tally counts the drawn cases by their outcome.
type tally map[string]int

const (
	drawnCases    = "cases"
	timedOutReads = "failed at the deadline"
	completeLists = "complete lists"

	// These are counted for complete lists only.
	changedLists   = "changed during the read"
	reorderedLists = "with a response that overtook an earlier one"
	repeatedLists  = "in several passes"
	longLists      = "of over 1,000 rows"
)

func (t tally) addIf(condition bool, what string) {
	if condition {
		t[what]++
	}
}

// checkComplete returns a check for rapid: that the function read returns a complete list.
func checkComplete(t *testing.T, kind string, read readFunc, tally tally) func(*rapid.T) {
	t.Helper()
	return func(rt *rapid.T) {
		c := drawReadCase(rt, kind)
		var failure error
		synctest.Test(t, func(t *testing.T) { failure = c.check(t, read, tally) })
		if failure != nil {
			rt.Fatal(failure)
		}
	}
}

// check returns an error if the function read doesn't return a complete list. read may fail at the
// deadline if the list never stops changing, or if it changed in the same way in two passes.
func (c readCase) check(t *testing.T, read readFunc, tally tally) error {
	t.Helper()
	list := c.newList()
	ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
	defer cancel()
	rows, err := read(ctx, list, c)
	tally[drawnCases]++
	if list.countInFlight() > 0 {
		return errors.New("requests are in flight after the read")
	}
	if err == nil {
		tally[completeLists]++
		tally.addIf(list.changesMade > 0, changedLists)
		tally.addIf(list.outOfOrder, reorderedLists)
		tally.addIf(list.passes > 1, repeatedLists)
		tally.addIf(c.rows > 1000, longLists)
		firstResponse := list.passStart
		if c.needsTwoPasses() || list.followed {
			firstResponse = 1 // two passes may agree although both lack a row that was created during the read
		}
		return list.check(rows, firstResponse)
	}
	if rows != nil {
		return errors.New("the read returned rows and an error")
	}
	// The read may also fail if two passes changed in the same way: the pager can't distinguish that from a
	// server whose paging can't be followed.
	changedInLastTwoPasses := list.latestChange >= list.prevStart
	if changedInLastTwoPasses && strings.HasSuffix(err.Error(), "each time that the list is read") {
		return nil
	}
	isIncomplete := errors.As(err, new(*IncompleteError))
	if !isIncomplete || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() == nil {
		return fmt.Errorf("the read failed before its deadline: %w", err)
	}
	if !c.repeat {
		return errors.New(unreadList)
	}
	tally[timedOutReads]++
	return nil
}

const unreadList = "the list stopped changing, but the read failed"

// testNegativeControls checks that the property test fails for pagers that are simpler and wrong.
func testNegativeControls(t *testing.T) {
	t.Helper()
	setFlag(t, "rapid.nofailfile", "true")
	setFlag(t, "rapid.shrinktime", "0s")
	setDefaultChecks(t, "50000") // more than enough, even with -short: rapid then draws a fifth
	for name, test := range map[string]struct {
		read    readFunc
		kind    string
		wantErr string // part of the property's failure
	}{
		"a naive pager loses a row":                                   {readNaively, "as documented", lostRow},
		"a pager that trusts the order loses a row that moves":        {readCheckingSeams, "by activity", lostRow},
		"a pager that trusts the order loses a row that is renamed":   {readCheckingSeams, "by name", lostRow},
		"a pager that trusts the order loses a row among equal times": {readCheckingSeams, "equal times", lostRow},
		"a pager that trusts the order loses a row without a time":    {readCheckingSeams, "missing times", lostRow},
		"a pager that trusts has_more loses the last row":             {readCheckingSeams, "counted after the page", lostRow},
		"a pager that trusts an earlier count loses the last row":     {readCheckingSeams, "counted before the page", lostRow},
		"a pager that trusts offsets can't read floored cursors":      {readCheckingSeams, "floored cursors", unreadList},
	} {
		t.Run(name, func(t *testing.T) {
			recorder, tally := &failureRecorder{TB: t}, tally{}
			defer func() {
				log := recorder.log.String()
				panicked := recover() // FailNow panics with the recorder
				if panicked != any(recorder) || !strings.Contains(log, test.wantErr) {
					t.Fatalf("no failure %q in %d cases, panic %v: %s", test.wantErr, tally[drawnCases], panicked, log)
				}
				t.Logf("after %d cases: %s", tally[drawnCases], log)
			}()
			rapid.Check(recorder, checkComplete(t, test.kind, test.read, tally))
		})
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
