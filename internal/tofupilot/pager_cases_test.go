package tofupilot

import (
	"context"
	"math"
	"time"

	"pgregory.net/rapid"
)

// readCase is one read: a list, how it is asked for, and what happens meanwhile.
type readCase struct {
	rows, size int
	ahead      []int           // pages to ask for ahead, by the number taken; none: as usual
	travels    []time.Duration // of requests and answers, by turns
	changes    []listChange
	forever    bool
	deadline   time.Duration
}

// drawReadCase draws small lists mostly, because they find most and cost least.
func drawReadCase(rt *rapid.T) readCase {
	c := readCase{
		rows: rapid.OneOf(
			rapid.IntRange(0, 12), rapid.IntRange(0, 60), rapid.IntRange(0, 60), rapid.IntRange(0, 300), rapid.IntRange(0, 2000),
		).Draw(rt, "rows"),
		ahead:    rapid.OneOf(rapid.Just([]int(nil)), rapid.SliceOfN(rapid.IntRange(1, 12), 1, 12)).Draw(rt, "pages ahead"),
		deadline: 5 * time.Minute,
	}
	c.size = rapid.IntRange(1, min(c.rows+1, MaxPageSize)).Draw(rt, "page size")
	for _, tens := range rapid.SliceOfN(rapid.IntRange(1, 9), 1, 8).Draw(rt, "travels in 10 ms") {
		c.travels = append(c.travels, time.Duration(tens)*10*time.Millisecond)
	}
	order := rapid.SampledFrom([]string{"newest first", "oldest first", "by name"}).Draw(rt, "order")
	pages := c.rows/max(1, c.size-1) + 1
	for range rapid.IntRange(0, 12).Draw(rt, "changes") {
		change := listChange{
			after:  rapid.IntRange(0, pages).Draw(rt, "answers before the change"),
			create: rapid.Bool().Draw(rt, "create"),
			place:  rapid.IntRange(0, c.rows).Draw(rt, "place"),
		}
		switch {
		case change.create && order == "newest first":
			change.place = 0
		case change.create && order == "oldest first":
			change.place = math.MaxInt
		}
		c.changes = append(c.changes, change)
	}
	// What never stops must have time between its changes, and an early end.
	if rapid.IntRange(0, 31).Draw(rt, "31 is forever") == 31 && len(c.changes) > 0 {
		c.forever, c.deadline = true, 3*time.Second
		c.changes[0].after++
	}
	return c
}

func (c readCase) list() *changingList {
	list := newChangingList(c.rows, c.changes...)
	list.forever = c.forever
	list.travel = func(request listRequest) (there, back time.Duration) {
		turn := request.offset / max(1, request.limit-1)
		// The nanoseconds put answers of the same moment in an order, so that
		// every run of a case is the same.
		there = c.travels[turn%len(c.travels)] + time.Duration(request.offset)
		return there, c.travels[(turn*3+1)%len(c.travels)]
	}
	return list
}

func (c readCase) reach(taken int) int {
	if len(c.ahead) == 0 {
		return reach(taken)
	}
	return taken + c.ahead[min(taken, len(c.ahead))-1]
}

// reader is a way to read a list to its end.
type reader func(ctx context.Context, list *changingList, c readCase) ([]row[string], error)

func seamReader(ctx context.Context, list *changingList, c readCase) ([]row[string], error) {
	pager := newTestPager(list, c.size)
	pager.reach = c.reach
	return pager.all(ctx)
}

// naiveReader follows the offsets, as pagers usually do, and takes a row that
// comes again once. Nothing tells it that the list changed, so what it can do
// wrong is to lose a row.
func naiveReader(ctx context.Context, list *changingList, c readCase) ([]row[string], error) {
	var rows []row[string]
	seen := map[string]bool{}
	for at := ""; ; {
		next, err := list.fetch(ctx, at, c.size)
		if err != nil {
			return nil, &ListError{Err: err}
		}
		for _, row := range next.rows {
			if !seen[row.key] {
				seen[row.key] = true
				rows = append(rows, row)
			}
		}
		if !next.more {
			return rows, nil
		}
		at = next.next.text
	}
}
