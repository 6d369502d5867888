package paging

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rows, size, asked int }{
		{rows: 0, size: 100, asked: 1},
		{rows: 99, size: 100, asked: 1},
		{rows: 100, size: 100, asked: 2},
		{rows: 101, size: 100, asked: 3},
		{rows: 250, size: 100, asked: 3},
		{rows: 400, size: 100, asked: 6},
		{rows: 1_000, size: 100, asked: 11},
		{rows: 10_000, size: 100, asked: 108}, // 102 are needed
		{rows: 10_050, size: 1, asked: 10_050 + 7},
	} {
		t.Run(fmt.Sprintf("%d rows by %d", test.rows, test.size), func(t *testing.T) {
			t.Parallel()
			list := stillList(test.rows)
			readStill(t, list, test.size)
			if asked := len(list.asked); asked != test.asked {
				t.Errorf("asked for %d pages, want %d", asked, test.asked)
			}
		})
	}
}

// Every request takes the same time, so those of one window leave together, and
// the last window doesn't get apart, though it moves.
func TestWindows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := stillList(10_000)
		list.travel = func(listRequest) (there, back time.Duration) { return time.Second, time.Second }
		began := time.Now()
		readStill(t, list, 100)

		var together []int
		for _, request := range list.asked {
			window := int(request.at.Sub(began) / (2 * time.Second))
			if window == len(together) {
				together = append(together, 0)
			}
			together[window]++
		}
		if want := []int{1, 2, 3, 5, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 1}; !slices.Equal(together, want) {
			t.Errorf("%v requests at a time, want %v", together, want)
		}
		if list.mostFlying != pagesAhead {
			t.Errorf("at most %d requests at a time, want %d", list.mostFlying, pagesAhead)
		}
	})
}

func TestSlowPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const slow, takes = 18 * 99, 10 * time.Second
		list := stillList(10_000)
		list.travel = func(request listRequest) (there, back time.Duration) {
			if request.offset == slow {
				return takes, 0
			}
			return time.Second, 0
		}
		readStill(t, list, 100)

		at := slices.IndexFunc(list.asked, func(request listRequest) bool { return request.offset == slow })
		meanwhile := 0
		for _, request := range list.asked {
			if request.offset > slow && request.at.Before(list.asked[at].at.Add(takes)) {
				meanwhile++
			}
		}
		if meanwhile != 7 {
			t.Errorf("%d pages behind the slow one were asked for before it came, want 7", meanwhile)
		}
	})
}

func TestEveryPageSize(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 30, 99} {
		list := stillList(rows)
		for size := 1; size <= rows+1; size++ {
			readStill(t, list, size)
		}
	}
}

// Whatever the pager does about a list that isn't as usual is logged with its reason. Without
// a log the list is read all the same.
func TestReadLog(t *testing.T) {
	t.Parallel()
	const again, following = `level=WARN msg="Reading the list again" `, `level=WARN msg="Following the server's cursors, one page after the other" `
	for name, test := range map[string]struct {
		times   func(int) time.Time
		changes []listChange
		tokens  bool
		most    int
		logged  string
	}{
		"two passes": {times: func(int) time.Time { return createdAt(0) }, changes: []listChange{{after: 3, create: true}}, logged: again + `reason="two passes gave different lists, of 25 and 26 rows" passes=2` + "\n"},
		"tokens":     {tokens: true, logged: following + `reason="the cursors aren't offsets"` + "\n"},
		"pages of one": {most: 1, logged: again + `reason="the first page is short, of 1, though more follow" passes=1` + "\n" +
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
					server := (&changingList{times: test.times, newestFirst: true, changes: test.changes, tokens: test.tokens, most: test.most}).with(25)
					list := newTestPager(server, 10).List
					list.Log = log
					if rows, err := Read(t.Context(), list); err != nil || len(rows) != len(server.rows) {
						t.Errorf("got %d rows of %d, %v", len(rows), len(server.rows), err)
					}
				}
				if logged.String() != test.logged {
					t.Errorf("logged:\n%swant:\n%s", logged.String(), test.logged)
				}
			})
		})
	}
}
