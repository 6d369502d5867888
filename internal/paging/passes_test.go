package paging

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestPasses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		times       func(int) time.Time
		newestFirst bool
		rows        int
		passes      int
	}{
		"oldest first":               {rows: 250, passes: 1},
		"newest first":               {rows: 250, newestFirst: true, passes: 1},
		"equal times":                {times: func(int) time.Time { return createdAt(0) }, rows: 250, passes: 2},
		"the first time missing":     {times: func(number int) time.Time { return map[bool]time.Time{true: createdAt(number)}[number > 0] }, rows: 250, passes: 2},
		"only the last two falling":  {times: func(number int) time.Time { return createdAt(number % 249) }, rows: 250, passes: 2},
		"equal times on a page only": {times: func(int) time.Time { return createdAt(0) }, rows: 99, passes: 1},
	} {
		list := (&changingList{times: test.times, newestFirst: test.newestFirst}).with(test.rows)
		readStill(t, list, 100)
		if list.begins != test.passes {
			t.Errorf("%s: read %d times, want %d", name, list.begins, test.passes)
		}
	}
}

// Rows and count are taken one after the other, and r5 is deleted between them:
// of 101 rows the page has the first 100, and has_more is false.
func TestFullLastPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := newChangingList(101, listChange{after: 1, at: 5})
		list.countLast = true
		rows, err := newTestPager(list, 100).all(t.Context())
		if err != nil || !slices.Contains(rowIDs(rows), "r100") || len(rows) != 100 {
			t.Errorf("%d rows, %v", len(rows), err)
		}
	})
}

// Followed, both passes give r3 and r1, and r2 stands behind them. One takes a full page
// for the end, by a count that is older than the page; the other is told that more
// follows, which has moved to the front by then: an empty page is the end.
func TestPassesEndAlike(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := &changingList{newestFirst: true, tokens: true, countFirst: true, changes: []listChange{
			{after: 2}, {after: 1, create: true}, {after: 3},
		}}
		rows, err := newTestPager(list.with(3), 2).all(t.Context())
		if err != nil || !slices.Equal(rowIDs(rows), []string{"r1", "r2"}) {
			t.Errorf("got %q, %v", rowIDs(rows), err)
		}
	})
}

// A row that moves meanwhile isn't lost where seams hold the pages together: then two
// passes of the same rows agree, in whatever order.
func TestPassesOrder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cursor        string
		moved, passes int
	}{
		"offsets": {"%d", 2, 2},
		"tokens":  {"token %d", 3, 4}, // the first pass shows that they are followed
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &oddServer{answer: func(asked oddRequest) oddAnswer {
					rows := []string{"r2", "r0", "r1", "r3", "r4"}
					if asked.begins >= test.moved {
						rows[0], rows[1] = rows[1], rows[0]
					}
					_, _ = fmt.Sscanf(asked.cursor, test.cursor, &asked.offset)
					end := min(asked.offset+asked.limit, len(rows))
					answer := oddAnswer{ids: rows[asked.offset:end], more: end < len(rows)}
					if answer.more {
						answer.next = fmt.Sprintf(test.cursor, end)
					}
					return answer
				}}
				if rows, err := server.pager(3).all(t.Context()); err != nil || len(rows) != 5 || server.begins != test.passes {
					t.Errorf("%d rows after %d passes, %v", len(rows), server.begins, err)
				}
			})
		})
	}
}

// A server may refuse a cursor that it didn't give. Its own are followed then, and
// what it says of its end is all there is.
func TestRefusedCursor(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{10, 35} {
		list := stillList(rows)
		list.fault = func(asked listRequest) error {
			if asked.offset%10 != 0 {
				return fmt.Errorf("no such page: %w", ErrCursor)
			}
			return nil
		}
		readStill(t, list, 10)
		if list.begins != 3 {
			t.Errorf("%d rows: read %d times, want one to see it and two that agree", rows, list.begins)
		}
	}
}

// A pass that contradicted itself at the end is no witness for the same rows, before it or after.
func TestContradictedPassIsNoWitness(t *testing.T) {
	t.Parallel()
	for contradicted, passes := range map[int]int{1: 3, 2: 4} {
		synctest.Test(t, func(t *testing.T) {
			list := &changingList{times: func(int) time.Time { return oldest }}
			list.with(199)
			reader := pagerOf(func(ctx context.Context, at string, limit int) (Page[row], error) {
				page, err := list.fetch(ctx, at, limit)
				if at == "198" && list.begins == contradicted {
					page.Rows = []row{{key: "another"}}
				}
				return page, err
			}, 100)
			rows, err := reader.all(t.Context())
			if err != nil || len(rows) != 199 || list.begins != passes {
				t.Errorf("pass %d: %d rows, %v, %d passes instead of %d", contradicted, len(rows), err, list.begins, passes)
			}
		})
	}
}

// While the cursors are followed nothing overlaps, and a page that can't be had must not be
// taken for the end. Contradictions that show how the server counts are no changes.
func TestErrorWhileFollowing(t *testing.T) {
	t.Parallel()
	refused := errors.New("no such key")
	for _, test := range []struct {
		list   *changingList
		before int // passes that show that the cursors are followed
		offset int
	}{
		{&changingList{tokens: true}, 1, 0}, {&changingList{tokens: true}, 1, 10}, {&changingList{tokens: true}, 1, 20},
		{&changingList{most: 1}, 2, 0}, {&changingList{most: 1}, 2, 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			list := test.list.with(25)
			list.fault = func(asked listRequest) error {
				if asked.offset == test.offset && list.begins > test.before {
					return refused
				}
				return nil
			}
			rows, err := newTestPager(list, 10).all(t.Context())
			incomplete := new(IncompleteError)
			if rows != nil || !errors.As(err, &incomplete) || !errors.Is(err, refused) || incomplete.Change != nil {
				t.Errorf("offset %d: got %d rows, %v; want none, and the error alone", test.offset, len(rows), err)
			}
		})
	}
}
