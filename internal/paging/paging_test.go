package paging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestEveryPageSize(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 30, 99} {
		list := newChangingList(rows)
		for pageSize := 1; pageSize <= rows+1; pageSize++ {
			readAll(t, list, pageSize)
		}
	}
}

// TestReadLog reads lists without and with a logger, which receives the reason for each
// further pass.
func TestReadLog(t *testing.T) {
	t.Parallel()
	const again, following = `level=WARN msg="Reading the list again" `, `level=WARN msg="Following the server's cursors, one page after the other" `
	for name, test := range map[string]struct {
		times   func(int) time.Time
		changes []listChange
		tokens  bool
		maxPage int
		want    string
	}{
		"two passes": {times: func(int) time.Time { return createdAt(0) }, changes: []listChange{{after: 3, create: true}}, want: again + `reason="two passes gave different lists, of 25 and 26 rows" passes=2` + "\n"},
		"tokens":     {tokens: true, want: following + `reason="the cursors aren't offsets"` + "\n"},
		"pages of one row": {maxPage: 1, want: again + `reason="the first page is short, of 1, though more follow" passes=1` + "\n" +
			following + `reason="the first page is short, of 1, though more follow, twice"` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var logged strings.Builder
				withoutTime := func(_ []string, attribute slog.Attr) slog.Attr {
					if attribute.Key == slog.TimeKey {
						return slog.Attr{}
					}
					return attribute
				}
				for _, log := range []*slog.Logger{nil, slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: withoutTime}))} {
					server := (&changingList{times: test.times, newestFirst: true, changes: test.changes, tokens: test.tokens, maxPage: test.maxPage}).fill(25)
					list := newPager(server.fetch, 10).List
					list.Log = log
					if rows, err := Read(t.Context(), list); err != nil || len(rows) != len(server.rows) {
						t.Errorf("got %d of %d rows, %v", len(rows), len(server.rows), err)
					}
				}
				if logged.String() != test.want {
					t.Errorf("got:\n%swant:\n%s", logged.String(), test.want)
				}
			})
		})
	}
}

func TestMaxRows(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(offset int) string{
		"offsets": strconv.Itoa,
		"tokens":  func(offset int) string { return fmt.Sprint("at ", offset) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endless := newPager(func(_ context.Context, cursor string, limit int) (Page[row], error) {
				offset, _ := strconv.Atoi(strings.TrimPrefix(cursor, "at "))
				page := Page[row]{More: true, Next: next(offset + limit)}
				for i := range limit {
					page.Rows = append(page.Rows, row{key: rowKey(offset + i)})
				}
				return page, nil
			}, 100)
			rows, err := endless.all(t.Context())
			if rows != nil || !errors.As(err, new(*InconsistentError)) || !strings.Contains(err.Error(), "it goes on after 1000000 rows") {
				t.Errorf("got %d rows, %v", len(rows), err)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	pass := func(verdict verdict, rows ...uint64) *passSummary { return &passSummary{verdict: verdict, rows: rows} }
	change := func(how string, rows ...uint64) *passSummary {
		return &passSummary{verdict: changed, err: &ChangedError{how}, rows: rows}
	}
	pages := func(ends []int, rows ...uint64) *passSummary {
		return &passSummary{verdict: ended, rows: rows, ends: ends}
	}
	broken := &passSummary{verdict: failed, err: errors.New("no connection")}
	tokens := &passSummary{verdict: notOffsets, err: errNotOffsets}
	for name, c := range map[string]struct {
		previous, this *passSummary
		following      bool
		want           action
		reason         string // part of it; empty: none
	}{
		"proven":                                        {nil, pass(proven), false, accept, ""},
		"proven after a change":                         {change("a row moved", 1), pass(proven), false, accept, ""},
		"ended":                                         {nil, pass(ended, 1, 2), false, confirm, ""},
		"ended after a change":                          {change("a row moved", 1, 2), pass(ended, 1, 2), false, confirm, ""},
		"ended twice with the same rows":                {pass(ended, 1, 2), pass(ended, 1, 2), false, accept, ""},
		"ended twice in different orders":               {pass(ended, 1, 2), pass(ended, 2, 1), false, accept, ""},
		"ended twice with different rows":               {pass(ended, 1, 2), pass(ended, 1, 3), false, readAgain, "two passes gave different lists, of 2 and 2 rows"},
		"ended twice, with one row fewer":               {pass(ended, 1, 2), pass(ended, 1), false, readAgain, "of 2 and 1 rows"},
		"followed twice with the same rows":             {pages([]int{1, 2}, 1, 2), pages([]int{1, 2}, 1, 2), true, accept, ""},
		"followed in different orders":                  {pages([]int{1, 2}, 1, 2), pages([]int{1, 2}, 2, 1), true, readAgain, "different lists"},
		"followed with different pages":                 {pages([]int{1, 2}, 1, 2), pages([]int{2}, 1, 2), true, readAgain, "different lists"},
		"changed":                                       {nil, change("a row moved", 1), false, readAgain, "a row moved"},
		"changed after a pass that ended":               {pass(ended, 1), change("a row moved", 1), false, readAgain, "a row moved"},
		"changed twice in different ways":               {change("a row moved", 1), change("a page is short", 1), false, readAgain, "a page is short"},
		"changed twice after different rows":            {change("a row moved", 1), change("a row moved", 2), false, readAgain, "a row moved"},
		"changed twice in the same way":                 {change("a row moved", 1), change("a row moved", 1), false, follow, "a row moved, twice"},
		"changed twice in the same way while following": {change("a row moved", 1), change("a row moved", 1), true, fail, "a row moved, each time that the list is read"},
		"changed while following":                       {nil, change("a row moved", 1), true, readAgain, "a row moved"},
		"cursors that aren't offsets":                   {nil, tokens, false, follow, "the cursors aren't offsets"},
		"cursors that aren't offsets after a change":    {change("a row moved", 1), tokens, false, follow, "the cursors aren't offsets"},
		"failed":                         {nil, broken, false, fail, "no connection"},
		"failed after a pass that ended": {pass(ended, 1), broken, true, fail, "no connection"},
	} {
		got, reason := decide(c.previous, c.this, c.following)
		if got != c.want || (reason == nil) != (c.reason == "") || reason != nil && !strings.Contains(reason.Error(), c.reason) {
			t.Errorf("%s: action %d, %v; want %d, %q", name, got, reason, c.want, c.reason)
		}
	}
}

// TestRepeatedContradiction checks that the error doesn't mention a change if both passes have the
// same contradiction: then the cursors are the cause (they aren't offsets), not a change of the list.
func TestRepeatedContradiction(t *testing.T) {
	t.Parallel()
	errBroken := errors.New("no connection")
	for name, c := range map[string]struct {
		err     error  // of the second page, when cursors are followed
		wantErr string // part of the error
	}{
		"the next request fails":    {errBroken, "no connection"},
		"the cursors don't advance": {nil, "which doesn't advance, each time that the list is read"},
	} {
		synctest.Test(t, func(t *testing.T) {
			pager := newPager(func(_ context.Context, cursor string, _ int) (Page[row], error) {
				if cursor == "" {
					return Page[row]{Rows: []row{{key: "a"}, {key: "b"}}, More: true, Next: "7"}, nil // not 2
				}
				return Page[row]{More: true, Next: "7"}, c.err
			}, 2)
			_, err := pager.all(t.Context())
			incomplete := new(IncompleteError)
			if !errors.As(err, &incomplete) || incomplete.Change != nil || !strings.Contains(err.Error(), c.wantErr) {
				t.Errorf("%s: got %v, want %q", name, err, c.wantErr)
			}
		})
	}
}

func TestPasses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		times       func(int) time.Time
		newestFirst bool
		rows        int
		passes      int
	}{
		"oldest first":                        {rows: 250, passes: 1},
		"newest first":                        {rows: 250, newestFirst: true, passes: 1},
		"equal times":                         {times: func(int) time.Time { return createdAt(0) }, rows: 250, passes: 2},
		"unknown time of the first row":       {times: func(number int) time.Time { return map[bool]time.Time{true: createdAt(number)}[number > 0] }, rows: 250, passes: 2},
		"only the last two rows out of order": {times: func(number int) time.Time { return createdAt(number % 249) }, rows: 250, passes: 2},
		"equal times on a single page":        {times: func(int) time.Time { return createdAt(0) }, rows: 99, passes: 1},
	} {
		list := (&changingList{times: test.times, newestFirst: test.newestFirst}).fill(test.rows)
		readAll(t, list, 100)
		if list.passes != test.passes {
			t.Errorf("%s: got %d passes, want %d", name, list.passes, test.passes)
		}
	}
}

// TestFullLastPage deletes r5 after the rows of the first page were read and before they are
// counted for has_more. The page has the first 100 of 101 rows, and has_more is false.
func TestFullLastPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := newChangingList(101, listChange{after: 1, at: 5})
		list.countAfter = true
		rows, err := newPager(list.fetch, 100).all(t.Context())
		if err != nil || !slices.Contains(keysOf(rows), "r100") || len(rows) != 100 {
			t.Errorf("%d rows, %v", len(rows), err)
		}
	})
}

// TestPassesOrder moves a row between two passes. If pages overlap, passes with the same
// rows agree in any order. If tokens are followed, the order must be the same.
func TestPassesOrder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cursor string
		moved  int // the pass before which the row moves
		passes int
	}{
		"offsets": {"%d", 2, 2},
		"tokens":  {"token %d", 3, 4}, // the first pass only finds that cursors are tokens
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &oddServer{respond: func(request oddRequest) oddPage {
					rows := []string{"r2", "r0", "r1", "r3", "r4"}
					if request.pass >= test.moved {
						rows[0], rows[1] = rows[1], rows[0]
					}
					_, _ = fmt.Sscanf(request.cursor, test.cursor, &request.offset)
					end := min(request.offset+request.limit, len(rows))
					page := oddPage{keys: rows[request.offset:end], more: end < len(rows)}
					if page.more {
						page.next = fmt.Sprintf(test.cursor, end)
					}
					return page
				}}
				if rows, err := newPager(server.fetch, 3).all(t.Context()); err != nil || len(rows) != 5 || server.passes != test.passes {
					t.Errorf("got %d rows after %d passes, %v", len(rows), server.passes, err)
				}
			})
		})
	}
}

// TestContradictedPass checks that a pass with a contradiction doesn't confirm another
// pass with the same rows, before it or after it.
func TestContradictedPass(t *testing.T) {
	t.Parallel()
	for contradicted, wantPasses := range map[int]int{1: 3, 2: 4} {
		synctest.Test(t, func(t *testing.T) {
			list := (&changingList{times: func(int) time.Time { return createdAt(0) }}).fill(199)
			pager := newPager(func(ctx context.Context, cursor string, limit int) (Page[row], error) {
				page, err := list.fetch(ctx, cursor, limit)
				if cursor == "198" && list.passes == contradicted {
					page.Rows = []row{{key: "another"}}
				}
				return page, err
			}, 100)
			rows, err := pager.all(t.Context())
			if err != nil || len(rows) != 199 || list.passes != wantPasses {
				t.Errorf("pass %d contradicted: got %d rows, %v, %d passes; want %d", contradicted, len(rows), err, list.passes, wantPasses)
			}
		})
	}
}

func TestNeverStopsChanging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const deadline = 5 * time.Minute
		start, list := time.Now(), newGrowingList()
		errDeadline := errors.New("deadline")
		ctx, cancel := context.WithTimeoutCause(t.Context(), deadline, errDeadline)
		defer cancel()
		rows, err := newPager(list.fetch, 10).all(ctx)

		incomplete := new(IncompleteError)
		if rows != nil || !errors.As(err, &incomplete) || !errors.Is(err, errDeadline) {
			t.Fatalf("got %d rows, %v", len(rows), err)
		}
		if took := time.Since(start); took != deadline {
			t.Errorf("took %v, want %v", took, deadline)
		}
		if incomplete.Passes != list.passes || incomplete.Passes < 60 {
			t.Errorf("the error has %d passes, the server %d; want 60 or more", incomplete.Passes, list.passes)
		}
		if !errors.As(incomplete.Change, new(*ChangedError)) {
			t.Errorf("got change %v", incomplete.Change)
		}
		for _, words := range []string{"the list changed while it was read", fmt.Sprintf("read from the start %d times", list.passes)} {
			if strings.Count(err.Error(), words) != 1 {
				t.Errorf("got error %q, want %q in it once", err, words)
			}
		}
	})
}

// TestPauses checks that pauses double from 200 ms to 5 s, with jitter.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		firstPauses := map[time.Duration]bool{}
		for range 10 {
			list := newGrowingList()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, err := newPager(list.fetch, 10).all(ctx)
			cancel()
			if err == nil {
				t.Fatal("no error")
			}
			longest, pauses := 200*time.Millisecond, pausesBetween(list)
			for i, pause := range pauses {
				if pause < longest/2 || pause > longest {
					t.Errorf("pause %d is %v, want between %v and %v", i+1, pause, longest/2, longest)
				}
				longest = min(2*longest, 5*time.Second)
			}
			if len(pauses) < 10 {
				t.Errorf("only %d pauses in a minute", len(pauses))
			}
			firstPauses[pauses[0]] = true
		}
		if len(firstPauses) == 1 {
			t.Error("all reads have the same first pause")
		}
	})
}

// newGrowingList returns a list that adds a row at the front before every response, so that the
// pages of a pass never share the expected row.
func newGrowingList() *changingList {
	list := newChangingList(25, listChange{after: 1, create: true})
	list.repeat = true
	return list
}

// pausesBetween returns the pauses between the passes of a read without latency.
func pausesBetween(list *changingList) []time.Duration {
	var pauses []time.Duration
	var previous time.Time
	for _, request := range list.requests {
		if request.cursor != "" {
			continue
		}
		if !previous.IsZero() {
			pauses = append(pauses, request.at.Sub(previous))
		}
		previous = request.at
	}
	return pauses
}
