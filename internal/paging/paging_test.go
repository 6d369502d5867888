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

func TestNumberOfRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rows, pageSize, requests int }{
		{rows: 0, pageSize: 100, requests: 1},
		{rows: 99, pageSize: 100, requests: 1},
		{rows: 100, pageSize: 100, requests: 2},
		{rows: 101, pageSize: 100, requests: 3},
		{rows: 250, pageSize: 100, requests: 3},
		{rows: 400, pageSize: 100, requests: 6},
		{rows: 1_000, pageSize: 100, requests: 11},
		{rows: 10_000, pageSize: 100, requests: 108}, // 102 are needed
		{rows: 10_050, pageSize: 1, requests: 10_050 + 7},
	} {
		t.Run(fmt.Sprintf("%d rows, page size %d", test.rows, test.pageSize), func(t *testing.T) {
			t.Parallel()
			list := newChangingList(test.rows)
			readAll(t, list, test.pageSize)
			if got := len(list.requests); got != test.requests {
				t.Errorf("got %d requests, want %d", got, test.requests)
			}
		})
	}
}

// TestRequestsAtATime gives every request the same latency. So the requests of a window
// are sent together, and one every two seconds shows the size of each window.
func TestRequestsAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := newChangingList(10_000)
		list.latency = func(listRequest) (request, response time.Duration) { return time.Second, time.Second }
		start := time.Now()
		readAll(t, list, 100)

		var windows []int // requests in each
		for _, request := range list.requests {
			i := int(request.at.Sub(start) / (2 * time.Second))
			if i == len(windows) {
				windows = append(windows, 0)
			}
			windows[i]++
		}
		if want := []int{1, 2, 3, 5, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 1}; !slices.Equal(windows, want) {
			t.Errorf("got windows of %v requests, want %v", windows, want)
		}
		if list.maxInFlight != pagesAhead {
			t.Errorf("got %d requests in flight, want %d", list.maxInFlight, pagesAhead)
		}
	})
}

// TestSlowPage checks that a slow page doesn't delay the requests for the pages after it.
func TestSlowPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Pages overlap by a row: page 18 (of 0, 1, …) is the last of the first window of 8.
		const slowOffset, delay = 18 * 99, 10 * time.Second
		const later = 7 // the rest of the window
		list := newChangingList(10_000)
		list.latency = func(r listRequest) (request, response time.Duration) {
			if r.offset == slowOffset {
				return delay, 0
			}
			return time.Second, 0
		}
		readAll(t, list, 100)

		slow := slices.IndexFunc(list.requests, func(request listRequest) bool { return request.offset == slowOffset })
		meanwhile := 0
		for _, request := range list.requests {
			if request.offset > slowOffset && request.at.Before(list.requests[slow].at.Add(delay)) {
				meanwhile++
			}
		}
		if meanwhile != later {
			t.Errorf("got %d requests for later pages before the slow response, want %d", meanwhile, later)
		}
	})
}

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
