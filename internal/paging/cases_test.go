package paging

import (
	"context"
	"math"
	"strconv"
	"time"

	"pgregory.net/rapid"
)

// readCase is one read of a list that changes.
type readCase struct {
	serverKind

	rows, pageSize int
	ahead          []int           // pages to request ahead, by the number of pages used; none: the default
	latencies      []time.Duration // of requests and responses, in turn
	changes        []listChange
	repeat         bool // the changes
	deadline       time.Duration
}

// serverKind describes a server's order and pagination.
type serverKind struct {
	order   string // newest first, oldest first, by name, by activity
	times   string // distinct, neighbors swapped, equal, two alternating times, missing
	cursors string // offsets, floored (rounded down to a multiple of the limit), tokens
	counted string // when the rows are counted for has_more: with, before, after the page is read
	maxPage int    // rows of a page; 0: as many as requested
}

// documented is a server as described in API.md, Paging.
var documented = serverKind{order: "newest first", times: "distinct", cursors: "offsets", counted: "with the page"}

// serverKinds change one property of the documented server each, except for the last.
var serverKinds = map[string]func(*rapid.T, *serverKind){
	"as documented":           func(*rapid.T, *serverKind) {},
	"oldest first":            func(_ *rapid.T, kind *serverKind) { kind.order = "oldest first" },
	"by name":                 func(_ *rapid.T, kind *serverKind) { kind.order, kind.times = "by name", "neighbors swapped" },
	"by activity":             func(_ *rapid.T, kind *serverKind) { kind.order, kind.times = "by activity", "two alternating times" },
	"equal times":             func(_ *rapid.T, kind *serverKind) { kind.order, kind.times = "by activity", "equal" },
	"missing times":           func(_ *rapid.T, kind *serverKind) { kind.order, kind.times = "by activity", "missing" },
	"counted before the page": func(_ *rapid.T, kind *serverKind) { kind.counted = "before the page" },
	"counted after the page":  func(_ *rapid.T, kind *serverKind) { kind.counted = "after the page" },
	"floored cursors":         func(_ *rapid.T, kind *serverKind) { kind.cursors = "floored" },
	"token cursors":           func(_ *rapid.T, kind *serverKind) { kind.cursors = "tokens" },
	"a capped limit":          func(r *rapid.T, kind *serverKind) { kind.maxPage = rapid.IntRange(1, 20).Draw(r, "max page") },
	"several of the above": func(r *rapid.T, kind *serverKind) {
		kind.order = rapid.SampledFrom([]string{"newest first", "oldest first", "by name", "by activity"}).Draw(r, "order")
		kind.cursors = rapid.SampledFrom([]string{"offsets", "floored", "tokens"}).Draw(r, "cursors")
		kind.counted = rapid.SampledFrom([]string{"with the page", "before the page", "after the page"}).Draw(r, "counted")
		if kind.canMove() {
			kind.times = rapid.SampledFrom([]string{"neighbors swapped", "equal", "two alternating times", "missing"}).Draw(r, "times")
		}
		if kind.counted == "with the page" { // otherwise, the pager can't detect a wrong end (API.md, End)
			kind.maxPage = rapid.IntRange(0, 20).Draw(r, "max page")
		}
	},
}

// canMove reports whether rows can move, because they are renamed or get a run.
func (k serverKind) canMove() bool { return k.order == "by name" || k.order == "by activity" }

// needsTwoPasses reports whether a complete list takes two passes that agree.
func (k serverKind) needsTwoPasses() bool { return k.canMove() || k.cursors != "offsets" }

// drawReadCase draws mostly short lists: they find the most errors in the least time.
func drawReadCase(rt *rapid.T, kind string) readCase {
	c := readCase{
		serverKind: documented,
		rows: rapid.OneOf(
			rapid.IntRange(0, 12), rapid.IntRange(0, 60), rapid.IntRange(0, 60), rapid.IntRange(0, 300), rapid.IntRange(0, 2000),
		).Draw(rt, "rows"),
		ahead:    rapid.OneOf(rapid.Just([]int(nil)), rapid.SliceOfN(rapid.IntRange(1, 12), 1, 12)).Draw(rt, "pages ahead"),
		deadline: time.Hour,
	}
	serverKinds[kind](rt, &c.serverKind)
	c.pageSize = rapid.IntRange(1, min(c.rows+1, 100)).Draw(rt, "page size")
	for _, tens := range rapid.SliceOfN(rapid.IntRange(1, 9), 1, 8).Draw(rt, "latencies in 10 ms") {
		c.latencies = append(c.latencies, time.Duration(tens)*10*time.Millisecond)
	}
	pages := c.rows/max(1, c.pageSize-1) + 1
	for range rapid.IntRange(0, 12).Draw(rt, "changes") {
		c.changes = append(c.changes, c.drawChange(rt, pages))
	}
	// Changes that repeat need a response between two of them, and an early deadline.
	if rapid.IntRange(0, 31).Draw(rt, "repeat the changes if 31") == 31 && len(c.changes) > 0 {
		c.repeat, c.deadline = true, 3*time.Second
		c.changes[0].after++
	}
	return c
}

func (c readCase) drawChange(rt *rapid.T, pages int) listChange {
	change := listChange{
		after:  rapid.IntRange(0, pages).Draw(rt, "responses before the change"),
		create: rapid.Bool().Draw(rt, "create"),
		at:     rapid.IntRange(0, c.rows).Draw(rt, "at"),
	}
	switch {
	case c.canMove() && rapid.Bool().Draw(rt, "move"):
		change.create, change.move = false, true
		change.to = rapid.OneOf(rapid.Just(0), rapid.IntRange(0, c.rows)).Draw(rt, "to")
	case change.create && (c.order == "newest first" || c.order == "by activity"):
		change.at = 0
	case change.create && c.order == "oldest first":
		change.at = math.MaxInt
	}
	return change
}

func (c readCase) newList() *changingList {
	list := &changingList{
		changes: c.changes, repeat: c.repeat, newestFirst: c.order == "newest first", maxPage: c.maxPage,
		floored: c.cursors == "floored", tokens: c.cursors == "tokens",
		countBefore: c.counted == "before the page", countAfter: c.counted == "after the page",
	}
	switch c.times {
	case "equal":
		list.times = func(int) time.Time { return createdAt(0) }
	case "neighbors swapped", "two alternating times":
		list.times = func(number int) time.Time {
			switch {
			case c.rows < 30: // the few rows that aren't deleted could be in the order of creation by chance
				return time.Time{}
			case c.times == "two alternating times":
				return createdAt(number % 2)
			}
			return createdAt(number ^ 1)
		}
	case "missing":
		list.times = func(int) time.Time { return time.Time{} }
	}
	list.fill(c.rows)
	list.latency = func(r listRequest) (request, response time.Duration) {
		turn := r.offset / max(1, r.limit-1)
		// The nanoseconds order requests that would arrive at the same moment, so that
		// every run of a case is the same.
		request = c.latencies[turn%len(c.latencies)] + time.Duration(r.offset)
		return request, c.latencies[(turn*3+1)%len(c.latencies)]
	}
	return list
}

// readFunc reads a list to its end.
type readFunc func(ctx context.Context, list *changingList, c readCase) ([]row, error)

// readWithPager reads with the pager of this package.
func readWithPager(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	pager := newPager(list.fetch, c.pageSize)
	if len(c.ahead) > 0 {
		pager.prefetch = func(taken int) int { return taken + c.ahead[min(taken, len(c.ahead))-1] }
	}
	rows, err := pager.all(ctx)
	list.followed = pager.following
	return rows, err
}

// readCheckingSeams checks seams only. It assumes that rows keep their order, that cursors
// are offsets, and that has_more is right.
func readCheckingSeams(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	for {
		rows, err := readPassCheckingSeams(ctx, list, c)
		if err != nil || rows != nil {
			return rows, err
		}
		if err := sleep(ctx, firstPause); err != nil {
			return nil, &IncompleteError{Err: err}
		}
	}
}

// readPassCheckingSeams returns no rows and no error if a seam fails.
func readPassCheckingSeams(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	rows, seen := []row{}, map[string]bool{}
	page, err := list.fetch(ctx, "", c.pageSize)
	var width int
	for ; err == nil; page, err = list.fetch(ctx, strconv.Itoa(len(rows)-1), width) {
		added := page.Rows
		if len(rows) > 0 {
			if len(added) == 0 || added[0].key != rows[len(rows)-1].key {
				return nil, nil
			}
			added = added[1:]
		}
		for _, row := range added {
			if seen[row.key] {
				return nil, nil
			}
			seen[row.key] = true
		}
		rows = append(rows, added...)
		if !page.More {
			return rows, nil
		}
		if len(rows) == 0 || len(added) == 0 {
			return nil, nil
		}
		width = max(2, len(page.Rows))
	}
	return nil, &IncompleteError{Err: err}
}

// readNaively follows the server's cursors, like most clients, and drops duplicates. It
// doesn't detect changes, so it can lose rows.
func readNaively(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	var rows []row
	seen := map[string]bool{}
	for cursor := ""; ; {
		page, err := list.fetch(ctx, cursor, c.pageSize)
		if err != nil {
			return nil, &IncompleteError{Err: err}
		}
		for _, row := range page.Rows {
			if !seen[row.key] {
				seen[row.key] = true
				rows = append(rows, row)
			}
		}
		if !page.More {
			return rows, nil
		}
		cursor = page.Next
	}
}
