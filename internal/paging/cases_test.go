package paging

import (
	"context"
	"math"
	"strconv"
	"time"

	"pgregory.net/rapid"
)

// readCase is one read: a list, how it is asked for, and what happens meanwhile.
type readCase struct {
	serverKind

	rows, size int
	ahead      []int           // pages to ask for ahead, by the number taken; none: as usual
	travels    []time.Duration // of requests and answers, by turns
	changes    []listChange
	forever    bool
	deadline   time.Duration
}

// serverKind is how a server orders its list, and how it pages.
type serverKind struct {
	order   string // newest first, oldest first, by name, by activity
	times   string // distinct, shuffled, equal, in pairs, missing
	cursors string // offsets, floored, tokens
	count   string // of which has_more is worked out: with the rows, before them, after them
	most    int    // rows of a page; 0: as many as asked for
}

// documented is a server as the API is documented (API.md, Paging).
var documented = serverKind{order: "newest first", times: "distinct", cursors: "offsets", count: "with the rows"}

// serverKinds are the ways in which servers may behave otherwise, each by itself.
var serverKinds = map[string]func(*rapid.T, *serverKind){
	"as documented":   func(*rapid.T, *serverKind) {},
	"oldest first":    func(_ *rapid.T, kind *serverKind) { kind.order = "oldest first" },
	"by name":         func(_ *rapid.T, kind *serverKind) { kind.order, kind.times = "by name", "shuffled" },
	"by activity":     func(_ *rapid.T, kind *serverKind) { kind.order, kind.times = "by activity", "in pairs" },
	"equal times":     func(_ *rapid.T, kind *serverKind) { kind.order, kind.times = "by activity", "equal" },
	"missing times":   func(_ *rapid.T, kind *serverKind) { kind.order, kind.times = "by activity", "missing" },
	"counted before":  func(_ *rapid.T, kind *serverKind) { kind.count = "before them" },
	"counted after":   func(_ *rapid.T, kind *serverKind) { kind.count = "after them" },
	"floored cursors": func(_ *rapid.T, kind *serverKind) { kind.cursors = "floored" },
	"token cursors":   func(_ *rapid.T, kind *serverKind) { kind.cursors = "tokens" },
	"a clamped limit": func(r *rapid.T, kind *serverKind) { kind.most = rapid.IntRange(1, 20).Draw(r, "most") },
	"several of the above": func(r *rapid.T, kind *serverKind) {
		kind.order = rapid.SampledFrom([]string{"newest first", "oldest first", "by name", "by activity"}).Draw(r, "order")
		kind.cursors = rapid.SampledFrom([]string{"offsets", "floored", "tokens"}).Draw(r, "cursors")
		kind.count = rapid.SampledFrom([]string{"with the rows", "before them", "after them"}).Draw(r, "count")
		if kind.moves() {
			kind.times = rapid.SampledFrom([]string{"shuffled", "equal", "in pairs", "missing"}).Draw(r, "times")
		}
		if kind.count == "with the rows" { // else what such a server says of its end is believed (API.md, End)
			kind.most = rapid.IntRange(0, 20).Draw(r, "most")
		}
	},
}

// moves reports whether rows change their places: one is renamed, or gets a run.
func (k serverKind) moves() bool { return k.order == "by name" || k.order == "by activity" }

// twoPasses reports whether only two passes that agree can show that nothing is missing.
func (k serverKind) twoPasses() bool { return k.moves() || k.cursors != "offsets" }

// drawReadCase draws small lists mostly, because they find most and cost least.
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
	c.size = rapid.IntRange(1, min(c.rows+1, 100)).Draw(rt, "page size")
	for _, tens := range rapid.SliceOfN(rapid.IntRange(1, 9), 1, 8).Draw(rt, "travels in 10 ms") {
		c.travels = append(c.travels, time.Duration(tens)*10*time.Millisecond)
	}
	pages := c.rows/max(1, c.size-1) + 1
	for range rapid.IntRange(0, 12).Draw(rt, "changes") {
		c.changes = append(c.changes, c.drawChange(rt, pages))
	}
	// What never stops must have time between its changes, and an early end.
	if rapid.IntRange(0, 31).Draw(rt, "31 is forever") == 31 && len(c.changes) > 0 {
		c.forever, c.deadline = true, 3*time.Second
		c.changes[0].after++
	}
	return c
}

func (c readCase) drawChange(rt *rapid.T, pages int) listChange {
	change := listChange{
		after:  rapid.IntRange(0, pages).Draw(rt, "answers before the change"),
		create: rapid.Bool().Draw(rt, "create"),
		at:     rapid.IntRange(0, c.rows).Draw(rt, "at"),
	}
	switch {
	case c.moves() && rapid.Bool().Draw(rt, "move"):
		change.create, change.move = false, true
		change.to = rapid.OneOf(rapid.Just(0), rapid.IntRange(0, c.rows)).Draw(rt, "to")
	case change.create && (c.order == "newest first" || c.order == "by activity"):
		change.at = 0
	case change.create && c.order == "oldest first":
		change.at = math.MaxInt
	}
	return change
}

func (c readCase) list() *changingList {
	list := &changingList{
		changes: c.changes, forever: c.forever, newestFirst: c.order == "newest first", most: c.most,
		floored: c.cursors == "floored", tokens: c.cursors == "tokens",
		countFirst: c.count == "before them", countLast: c.count == "after them",
	}
	switch c.times {
	case "equal":
		list.times = func(int) time.Time { return createdAt(0) }
	case "shuffled", "in pairs": // and none where the few rows that stay might show an order by creation
		list.times = func(number int) time.Time {
			switch {
			case c.rows < 30:
				return time.Time{}
			case c.times == "in pairs":
				return createdAt(number % 2)
			}
			return createdAt(number ^ 1) // of two neighbours, the later one is the older
		}
	case "missing":
		list.times = func(int) time.Time { return time.Time{} }
	}
	list.with(c.rows)
	list.travel = func(request listRequest) (there, back time.Duration) {
		turn := request.offset / max(1, request.limit-1)
		// The nanoseconds put answers of the same moment in an order, so that
		// every run of a case is the same.
		there = c.travels[turn%len(c.travels)] + time.Duration(request.offset)
		return there, c.travels[(turn*3+1)%len(c.travels)]
	}
	return list
}

func (c readCase) prefetch(taken int) int {
	if len(c.ahead) == 0 {
		return prefetch(taken)
	}
	return taken + c.ahead[min(taken, len(c.ahead))-1]
}

// reader is a way to read a list to its end.
type reader func(ctx context.Context, list *changingList, c readCase) ([]row, error)

func seamReader(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	pager := newTestPager(list, c.size)
	pager.prefetch = c.prefetch
	rows, err := pager.all(ctx)
	list.followed = pager.following
	return rows, err
}

// believingReader looks at seams, and believes the rest: that rows keep their
// order, that cursors are offsets, and that nothing follows where has_more says so.
func believingReader(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	for {
		rows, err := believingPass(ctx, list, c)
		if err != nil || rows != nil {
			return rows, err
		}
		if err := sleep(ctx, firstPause); err != nil {
			return nil, &IncompleteError{Err: err}
		}
	}
}

// believingPass returns no rows where a seam fails.
func believingPass(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	rows, seen := []row{}, map[string]bool{}
	next, err := list.fetch(ctx, "", c.size)
	var width int
	for ; err == nil; next, err = list.fetch(ctx, strconv.Itoa(len(rows)-1), width) {
		fresh := next.Rows
		if len(rows) > 0 {
			if len(fresh) == 0 || fresh[0].key != rows[len(rows)-1].key {
				return nil, nil
			}
			fresh = fresh[1:]
		}
		for _, row := range fresh {
			if seen[row.key] {
				return nil, nil
			}
			seen[row.key] = true
		}
		rows = append(rows, fresh...)
		if !next.More {
			return rows, nil
		}
		if len(rows) == 0 || len(fresh) == 0 {
			return nil, nil
		}
		width = max(2, len(next.Rows))
	}
	return nil, &IncompleteError{Err: err}
}

// naiveReader follows the offsets, as pagers usually do, and takes a row that
// comes again once. Nothing tells it that the list changed, so what it can do
// wrong is to lose a row.
func naiveReader(ctx context.Context, list *changingList, c readCase) ([]row, error) {
	var rows []row
	seen := map[string]bool{}
	for at := ""; ; {
		next, err := list.fetch(ctx, at, c.size)
		if err != nil {
			return nil, &IncompleteError{Err: err}
		}
		for _, row := range next.Rows {
			if !seen[row.key] {
				seen[row.key] = true
				rows = append(rows, row)
			}
		}
		if !next.More {
			return rows, nil
		}
		at = next.Next
	}
}
