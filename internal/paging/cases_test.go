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
	ahead          []int           // ahead[i] is how many pages are requested ahead after i+1 pages; empty: prefetch decides
	latencies      []time.Duration // each request and each response takes one of them (newList)
	changes        []listChange
	repeat         bool // after the last change, start again with the first
	deadline       time.Duration
}

// serverKind describes a server's order and pagination.
type serverKind struct {
	order   string // "newest first", "oldest first", "by name" or "by activity"
	times   string // creation times: "distinct", "neighbors swapped", "equal", "two alternating times" or "missing"
	cursors string // "offsets", "floored" (rounded down to multiples of the limit) or "tokens"
	counted string // when rows are counted for has_more: "with the page", "before the page" or "after the page"
	maxPage int    // the most rows of a page; 0: as many as requested
}

// documented is a server as described in API.md, Paging.
var documented = serverKind{order: "newest first", times: "distinct", cursors: "offsets", counted: "with the page"}

// serverKinds lists the kinds of servers by name. Each function turns the documented server into a server
// of that kind.
var serverKinds = map[string]func(*rapid.T, *serverKind){
	"as documented":           func(*rapid.T, *serverKind) {},
	"oldest first":            func(_ *rapid.T, k *serverKind) { k.order = "oldest first" },
	"by name":                 func(_ *rapid.T, k *serverKind) { k.order, k.times = "by name", "neighbors swapped" },
	"by activity":             func(_ *rapid.T, k *serverKind) { k.order, k.times = "by activity", "two alternating times" },
	"equal times":             func(_ *rapid.T, k *serverKind) { k.order, k.times = "by activity", "equal" },
	"missing times":           func(_ *rapid.T, k *serverKind) { k.order, k.times = "by activity", "missing" },
	"counted before the page": func(_ *rapid.T, k *serverKind) { k.counted = "before the page" },
	"counted after the page":  func(_ *rapid.T, k *serverKind) { k.counted = "after the page" },
	"floored cursors":         func(_ *rapid.T, k *serverKind) { k.cursors = "floored" },
	"token cursors":           func(_ *rapid.T, k *serverKind) { k.cursors = "tokens" },
	"a capped limit":          func(r *rapid.T, k *serverKind) { k.maxPage = rapid.IntRange(1, 20).Draw(r, "max page") },
	"several of the above": func(r *rapid.T, k *serverKind) {
		k.order = rapid.SampledFrom([]string{"newest first", "oldest first", "by name", "by activity"}).Draw(r, "order")
		k.cursors = rapid.SampledFrom([]string{"offsets", "floored", "tokens"}).Draw(r, "cursors")
		k.counted = rapid.SampledFrom([]string{"with the page", "before the page", "after the page"}).Draw(r, "counted")
		if k.canMove() {
			k.times = rapid.SampledFrom([]string{"neighbors swapped", "equal", "two alternating times", "missing"}).Draw(r, "times")
		}
		if k.counted == "with the page" { // otherwise, a capped page with a wrong has_more looks like the last (API.md, Complete lists)
			k.maxPage = rapid.IntRange(0, 20).Draw(r, "max page")
		}
	},
}

// canMove reports whether rows can move, because the server sorts by something that changes: their name
// or their latest activity.
func (k serverKind) canMove() bool { return k.order == "by name" || k.order == "by activity" }

// needsTwoPasses reports whether two passes must agree before a list of several pages counts as complete.
func (k serverKind) needsTwoPasses() bool { return k.canMove() || k.cursors != "offsets" }

// drawReadCase draws a read of a list on a server of the kind. Most lists are short, because short lists
// find the most errors in the least time.
func drawReadCase(rt *rapid.T, kind string) readCase {
	c := readCase{
		serverKind: documented,
		rows: rapid.OneOf(
			rapid.IntRange(0, 12), rapid.IntRange(0, 60), rapid.IntRange(0, 60), rapid.IntRange(0, 300), rapid.IntRange(0, 2000), // one that is listed twice is drawn more often
		).Draw(rt, "rows"),
		ahead:    rapid.OneOf(rapid.Just([]int(nil)), rapid.SliceOfN(rapid.IntRange(1, 12), 1, 12)).Draw(rt, "pages ahead"),
		deadline: time.Hour,
	}
	serverKinds[kind](rt, &c.serverKind)
	c.pageSize = rapid.IntRange(1, min(c.rows+1, 100)).Draw(rt, "page size")
	for _, tens := range rapid.SliceOfN(rapid.IntRange(1, 9), 1, 8).Draw(rt, "latencies in 10 ms") {
		c.latencies = append(c.latencies, time.Duration(tens)*10*time.Millisecond)
	}
	pages := c.rows/max(1, c.pageSize-1) + 1 // two adjacent pages share a row
	for range rapid.IntRange(0, 12).Draw(rt, "changes") {
		c.changes = append(c.changes, c.drawChange(rt, pages))
	}
	// Repeat them rarely, because such reads are long.
	if rapid.IntRange(0, 31).Draw(rt, "repeat the changes if 31") == 31 && len(c.changes) > 0 {
		c.repeat = true
		c.changes[0].after++         // at least one must be after 1 or more, or makeChanges loops forever
		c.deadline = 3 * time.Second // such a list may never stop changing
	}
	return c
}

// drawChange draws a change that the server's order allows. A new row is the first one or the last
// one, unless rows are sorted by name.
func (c readCase) drawChange(rt *rapid.T, pages int) listChange {
	change := listChange{
		after:  rapid.IntRange(0, pages).Draw(rt, "responses before the change"),
		create: rapid.Bool().Draw(rt, "create"),
		at:     rapid.IntRange(0, c.rows).Draw(rt, "at"),
	}
	switch {
	case c.canMove() && rapid.Bool().Draw(rt, "move"):
		change.create, change.move = false, true
		change.to = rapid.OneOf(rapid.Just(0), rapid.IntRange(0, c.rows)).Draw(rt, "to") // often 0, where a row with a new run moves
	case change.create && (c.order == "newest first" || c.order == "by activity"):
		change.at = 0
	case change.create && c.order == "oldest first":
		change.at = math.MaxInt
	}
	return change
}

func (c readCase) newList() *changingList {
	list := &changingList{
		changes:     c.changes,
		repeat:      c.repeat,
		newestFirst: c.order == "newest first",
		times:       c.creationTimes(),
		floored:     c.cursors == "floored",
		tokens:      c.cursors == "tokens",
		maxPage:     c.maxPage,
		countBefore: c.counted == "before the page",
		countAfter:  c.counted == "after the page",
	}
	list.latency = func(r listRequest) (request, response time.Duration) {
		page := r.offset / max(1, r.limit-1)
		request = c.latencies[page%len(c.latencies)]
		response = c.latencies[(page*3+1)%len(c.latencies)] // in another sequence than the requests
		// The nanoseconds keep two requests from arriving at the same moment. Otherwise, the scheduler
		// would decide which arrives first, and a failed case couldn't be repeated.
		return request + time.Duration(r.offset)*time.Nanosecond, response
	}
	return list.fill(c.rows)
}

// creationTimes returns the list's times function, or nil if the list is in the order of creation.
func (c readCase) creationTimes() func(number int) time.Time {
	missing := func(int) time.Time { return time.Time{} }
	switch {
	case c.times == "distinct":
		return nil
	case c.times == "equal":
		return sameTime
	case c.times == "missing":
		return missing
	case c.rows < 30: // times of so few rows may be in order by chance, and the pager would accept the first pass
		return missing
	case c.times == "two alternating times":
		return func(number int) time.Time { return createdAt(number % 2) }
	default: // neighbors swapped: 1, 0, 3, 2, …
		return func(number int) time.Time { return createdAt(number ^ 1) }
	}
}

// readFunc reads a list to its end.
type readFunc func(ctx context.Context, list *changingList, c readCase) ([]row, error)

// readWithPager reads with the pager of this package.
func readWithPager(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	pager := newPager(list.fetch, c.pageSize)
	if len(c.ahead) > 0 {
		pager.prefetch = func(taken int) int {
			last := min(taken, len(c.ahead)) - 1 // taken is at least 1
			return taken + c.ahead[last]
		}
	}
	rows, err := pager.all(ctx)
	list.followed = pager.following
	return rows, err
}

// readCheckingSeams checks seams only. It assumes that rows keep their order, that cursors
// are offsets, and that has_more is right.
func readCheckingSeams(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	for {
		rows, ok, err := readPassCheckingSeams(ctx, list, c)
		if err != nil {
			return nil, &IncompleteError{Err: err}
		}
		if ok {
			return rows, nil
		}
		if err := sleep(ctx, firstPause); err != nil {
			return nil, &IncompleteError{Err: err}
		}
	}
}

// readPassCheckingSeams reads the list once. ok is false if the list changed meanwhile.
func readPassCheckingSeams(ctx context.Context, list *changingList, c readCase) (rows []row, ok bool, err error) {
	page, err := list.fetch(ctx, "", c.pageSize)
	if err != nil {
		return nil, false, err
	}
	rows = page.Rows
	seen := map[string]bool{}
	for _, row := range rows {
		seen[row.key] = true
	}
	for page.More {
		if len(rows) == 0 {
			return nil, false, nil // no row can be the seam
		}
		seam := rows[len(rows)-1]
		page, err = list.fetch(ctx, strconv.Itoa(len(rows)-1), max(2, len(page.Rows))) // 2: the seam and a new row
		if err != nil {
			return nil, false, err
		}
		if len(page.Rows) == 0 || page.Rows[0].key != seam.key {
			return nil, false, nil
		}
		if page.More && len(page.Rows) == 1 {
			return nil, false, nil // only the seam
		}
		for _, row := range page.Rows[1:] {
			if seen[row.key] {
				return nil, false, nil
			}
			seen[row.key] = true
			rows = append(rows, row)
		}
	}
	return rows, true, nil
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
