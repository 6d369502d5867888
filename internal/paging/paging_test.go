package paging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPasses checks that one pass is enough for a list on one page, and for a list whose rows are
// in the order of their creation times. Any other list takes two passes that agree.
func TestPasses(t *testing.T) {
	t.Parallel()
	const pageSize = 100
	firstUnknown := func(number int) time.Time {
		if number == 0 {
			return time.Time{}
		}
		return createdAt(number)
	}
	lastLikeFirst := func(number int) time.Time { return createdAt(number % 249) } // row 249, the last, has the time of row 0
	for name, test := range map[string]struct {
		list   *changingList
		rows   int
		passes int
	}{
		"oldest first":                   {list: &changingList{}, rows: 250, passes: 1},
		"newest first":                   {list: &changingList{newestFirst: true}, rows: 250, passes: 1},
		"equal times on a single page":   {list: &changingList{times: sameTime}, rows: 99, passes: 1},
		"equal times":                    {list: &changingList{times: sameTime}, rows: 250, passes: 2},
		"unknown time of the first row":  {list: &changingList{times: firstUnknown}, rows: 250, passes: 2},
		"only the last row out of order": {list: &changingList{times: lastLikeFirst}, rows: 250, passes: 2},
	} {
		readAll(t, test.list.fill(test.rows), pageSize)
		if test.list.passes != test.passes {
			t.Errorf("%s: got %d passes, want %d", name, test.list.passes, test.passes)
		}
	}
}

// TestDecide checks what the pager does after a pass that didn't follow the server's cursors.
func TestDecide(t *testing.T) {
	t.Parallel()
	const following = false
	proven := &passSummary{proven: true}
	tokens := &passSummary{err: errNotOffsets}
	for name, test := range map[string]decideCase{ // previous, latest, want, wantReason
		"proven":                                         {nil, proven, accept, ""},
		"proven after a change":                          {newChangedPass("a row moved", 1), proven, accept, ""},
		"unproven":                                       {nil, newUnprovenPass(1, 2), confirm, ""},
		"unproven after a change":                        {newChangedPass("a row moved", 1, 2), newUnprovenPass(1, 2), confirm, ""},
		"unproven twice, with the same rows":             {newUnprovenPass(1, 2), newUnprovenPass(1, 2), accept, ""},
		"unproven twice, in different orders":            {newUnprovenPass(1, 2), newUnprovenPass(2, 1), accept, ""},
		"unproven twice, with different rows":            {newUnprovenPass(1, 2), newUnprovenPass(1, 3), readAgain, "two passes gave different lists, of 2 and 2 rows"},
		"unproven twice, with one row fewer":             {newUnprovenPass(1, 2), newUnprovenPass(1), readAgain, "two passes gave different lists, of 2 and 1 rows"},
		"changed":                                        {nil, newChangedPass("a row moved", 1), readAgain, "a row moved"},
		"changed after an unproven pass":                 {newUnprovenPass(1), newChangedPass("a row moved", 1), readAgain, "a row moved"},
		"changed twice in different ways":                {newChangedPass("a row moved", 1), newChangedPass("a page is short", 1), readAgain, "a page is short"},
		"changed twice in the same way, with other rows": {newChangedPass("a row moved", 1), newChangedPass("a row moved", 2), readAgain, "a row moved"},
		"changed twice in the same way":                  {newChangedPass("a row moved", 1), newChangedPass("a row moved", 1), follow, "a row moved, twice"},
		"cursors that aren't offsets":                    {nil, tokens, follow, "the cursors aren't offsets"},
		"cursors that aren't offsets after a change":     {newChangedPass("a row moved", 1), tokens, follow, "the cursors aren't offsets"},
		"failed": {nil, failedPass, fail, "no connection"},
	} {
		test.check(t, name, following)
	}
}

// TestDecideWhileFollowing checks what the pager does after a pass that followed the server's cursors.
func TestDecideWhileFollowing(t *testing.T) {
	t.Parallel()
	const following = true
	onePage := &passSummary{rows: []uint64{1, 2}, ends: []int{2}}
	twoPages := &passSummary{rows: []uint64{1, 2}, ends: []int{1, 2}}
	twoPagesReversed := &passSummary{rows: []uint64{2, 1}, ends: []int{1, 2}}
	for name, test := range map[string]decideCase{ // previous, latest, want, wantReason
		"the same rows":                 {twoPages, twoPages, accept, ""},
		"different orders":              {twoPages, twoPagesReversed, readAgain, "two passes gave different lists, of 2 and 2 rows"},
		"the same rows on other pages":  {twoPages, onePage, readAgain, "two passes gave different lists, of 2 and 2 rows"},
		"changed":                       {nil, newChangedPass("a row moved", 1), readAgain, "a row moved"},
		"changed twice in the same way": {newChangedPass("a row moved", 1), newChangedPass("a row moved", 1), fail, "the server's paging can't be followed: a row moved, each time that the list is read"},
		"failed after an unproven pass": {twoPages, failedPass, fail, "no connection"},
	} {
		test.check(t, name, following)
	}
}

// decideCase is a test case of decide: the last two passes, and what the pager must do next.
type decideCase struct {
	previous, latest *passSummary // previous is nil if latest is the first pass
	want             action
	wantReason       string // empty: none
}

func (c decideCase) check(t *testing.T, name string, following bool) {
	t.Helper()
	got, err := decide(c.previous, c.latest, following)
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	if got != c.want || reason != c.wantReason {
		t.Errorf("%s: got action %d, %q; want %d, %q", name, got, reason, c.want, c.wantReason)
	}
}

// newUnprovenPass returns a pass that came to the end of the list. Its rows are hashes of keys.
func newUnprovenPass(rows ...uint64) *passSummary {
	return &passSummary{rows: rows}
}

func newChangedPass(how string, rows ...uint64) *passSummary {
	return &passSummary{err: &ChangedError{how}, rows: rows}
}

var failedPass = &passSummary{err: errors.New("no connection")}

// TestErrorWhileFollowing checks that a read fails if a page can't be read by the server's cursors. The
// error mentions no change of the list, although pages of one row looked like a change before.
func TestErrorWhileFollowing(t *testing.T) {
	t.Parallel()
	errUnavailable := errors.New("unavailable")
	for _, test := range []struct {
		list         *changingList
		failedPass   int // the first that follows the cursors: after one pass with tokens, or two with pages of one row
		failedOffset int
	}{
		{list: &changingList{tokens: true}, failedPass: 2, failedOffset: 0},
		{list: &changingList{tokens: true}, failedPass: 2, failedOffset: 10},
		{list: &changingList{tokens: true}, failedPass: 2, failedOffset: 20},
		{list: &changingList{maxPage: 1}, failedPass: 3, failedOffset: 0},
		{list: &changingList{maxPage: 1}, failedPass: 3, failedOffset: 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			list := test.list.fill(25)
			list.fault = func(request listRequest) error {
				if list.passes == test.failedPass && request.offset == test.failedOffset {
					return errUnavailable
				}
				return nil
			}
			rows, err := newPager(list.fetch, 10).all(t.Context())
			if incomplete := checkIncomplete(t, rows, err, errUnavailable); incomplete.Change != nil {
				t.Errorf("offset %d: the error mentions a change: %v", test.failedOffset, incomplete.Change)
			}
		})
	}
}

// TestNeverStopsChanging checks that a read of a list that never stops changing ends at its
// deadline. The error has the number of passes and the latest change.
func TestNeverStopsChanging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const deadline = 5 * time.Minute
		start := time.Now()
		list := newGrowingList()
		errDeadline := errors.New("deadline")
		ctx, cancel := context.WithTimeoutCause(t.Context(), deadline, errDeadline)
		defer cancel()
		rows, err := newPager(list.fetch, 10).all(ctx)

		incomplete := checkIncomplete(t, rows, err, errDeadline)
		if took := time.Since(start); took != deadline {
			t.Errorf("took %v, want %v", took, deadline)
		}
		if incomplete.Passes != list.passes {
			t.Errorf("the error has %d passes, want %d", incomplete.Passes, list.passes)
		}
		if list.passes < 60 { // a pause takes at most 5 s
			t.Errorf("got %d passes, want at least 60", list.passes)
		}
		if !errors.As(incomplete.Change, new(*ChangedError)) {
			t.Errorf("got change %v, want a *ChangedError", incomplete.Change)
		}
		want := fmt.Sprintf("read from the start %d times, because the list changed while it was read", list.passes)
		if strings.Count(err.Error(), want) != 1 {
			t.Errorf("got error %q, want %q in it once", err, want)
		}
	})
}

// TestPauses checks that the pauses between passes have random lengths, up to a limit that doubles
// from 200 ms to 5 s. Each is at least half as long as its limit.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		firstPauses := map[time.Duration]bool{}
		for range 10 {
			list := newGrowingList()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			rows, err := newPager(list.fetch, 10).all(ctx)
			cancel()
			if incomplete := checkIncomplete(t, rows, err, context.DeadlineExceeded); incomplete.Passes < 11 { // after 10 pauses, the last 5 of which have the limit of 5 s
				t.Fatalf("got %d passes in a minute, want at least 11", incomplete.Passes)
			}

			var pauses []time.Duration
			for i := 1; i < len(list.requests); i++ {
				pause := list.requests[i].at.Sub(list.requests[i-1].at)
				if pause > 0 { // the requests of a pass are sent at the same time
					pauses = append(pauses, pause)
				}
			}
			firstPauses[pauses[0]] = true
			limit := 200 * time.Millisecond
			for i, pause := range pauses {
				if pause < limit/2 || pause > limit {
					t.Errorf("pause %d is %v, want between %v and %v", i+1, pause, limit/2, limit)
				}
				limit = min(2*limit, 5*time.Second)
			}
		}
		if len(firstPauses) == 1 {
			t.Error("all reads have the same first pause")
		}
	})
}

// newGrowingList returns a list that adds a row at the front before every response except the first, so
// that no page begins with the last row of the page before.
func newGrowingList() *changingList {
	return (&changingList{changes: []listChange{{after: 1, create: true}}, repeat: true}).fill(25)
}

// TestReadLog checks the warnings of a read: why it reads the list again, and why it follows the server's
// cursors.
func TestReadLog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		list *changingList
		want []string // lines
	}{
		"a change between two passes": {
			list: &changingList{times: sameTime, changes: []listChange{{after: 3, create: true}}}, // a pass has three pages
			want: []string{`level=WARN msg="Reading the list again" reason="two passes gave different lists, of 25 and 26 rows" passes=2`},
		},
		"tokens": {
			list: &changingList{tokens: true},
			want: []string{`level=WARN msg="Following the server's cursors, one page after the other" reason="the cursors aren't offsets"`},
		},
		"pages of one row": {
			list: &changingList{maxPage: 1},
			want: []string{
				`level=WARN msg="Reading the list again" reason="the first page has only 1 of 10 rows, though more follow" passes=1`,
				`level=WARN msg="Following the server's cursors, one page after the other" reason="the first page has only 1 of 10 rows, though more follow, twice"`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var logged strings.Builder
				list := newList(test.list.fill(25).fetch, 10)
				list.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: removeTime}))
				if _, err := Read(t.Context(), list); err != nil {
					t.Fatal(err)
				}
				if want := strings.Join(test.want, "\n") + "\n"; logged.String() != want {
					t.Errorf("got:\n%swant:\n%s", logged.String(), want)
				}
			})
		})
	}
}

func removeTime(_ []string, attribute slog.Attr) slog.Attr {
	if attribute.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return attribute
}

// TestReadWithoutLog checks that Log may be nil. With tokens, a read takes several passes, which are
// logged otherwise.
func TestReadWithoutLog(t *testing.T) {
	t.Parallel()
	list := newList((&changingList{tokens: true}).fill(25).fetch, 10)
	list.Log = nil
	if rows, err := Read(t.Context(), list); err != nil || !slices.Equal(keysOf(rows), firstKeys(25)) {
		t.Errorf("got %q, %v", keysOf(rows), err)
	}
}
