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

// TestPassesEndAlike follows tokens in two passes that read r3 and r1, though r2 comes after
// them. The first ends with a full page: has_more was counted before r3 was created. The
// second ends with an empty page: r3 is deleted before it, so r2 moves to the first page. The
// passes have different ends, so the list is read again.
func TestPassesEndAlike(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := &changingList{newestFirst: true, tokens: true, countBefore: true, changes: []listChange{
			{after: 2}, {after: 1, create: true}, {after: 3},
		}}
		rows, err := newPager(list.fill(3).fetch, 2).all(t.Context())
		if err != nil || !slices.Equal(keysOf(rows), []string{"r1", "r2"}) {
			t.Errorf("got %q, %v", keysOf(rows), err)
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

// TestRejectedCursor reads from a server that rejects cursors that it didn't return. After
// the first rejection, two passes follow the server's own cursors.
func TestRejectedCursor(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{10, 35} {
		list := newChangingList(rows)
		list.fault = func(request listRequest) error {
			if request.offset%10 != 0 {
				return fmt.Errorf("no such page: %w", ErrCursor)
			}
			return nil
		}
		readAll(t, list, 10)
		if list.passes != 3 {
			t.Errorf("%d rows: got %d passes, want 3", rows, list.passes)
		}
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

// TestErrorWhileFollowing checks that a failed page isn't the end of the list while cursors
// are followed, and that the error doesn't mention the changes that the pager detected before.
func TestErrorWhileFollowing(t *testing.T) {
	t.Parallel()
	errInvalidKey := errors.New("no such key")
	for _, test := range []struct {
		list   *changingList
		before int // passes before the cursors are followed
		offset int // of the page that fails
	}{
		{&changingList{tokens: true}, 1, 0}, {&changingList{tokens: true}, 1, 10}, {&changingList{tokens: true}, 1, 20},
		{&changingList{maxPage: 1}, 2, 0}, {&changingList{maxPage: 1}, 2, 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			list := test.list.fill(25)
			list.fault = func(request listRequest) error {
				if request.offset == test.offset && list.passes > test.before {
					return errInvalidKey
				}
				return nil
			}
			rows, err := newPager(list.fetch, 10).all(t.Context())
			incomplete := new(IncompleteError)
			if rows != nil || !errors.As(err, &incomplete) || !errors.Is(err, errInvalidKey) || incomplete.Change != nil {
				t.Errorf("offset %d: got %d rows, %v; want only the error", test.offset, len(rows), err)
			}
		})
	}
}
