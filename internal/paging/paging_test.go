package paging

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// needed is how many pages of 100 it takes to read so many rows when each
// begins with the row that the one before ended with, and the last isn't full.
func needed(rows int) int { return max(0, rows-1)/99 + 1 }

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rows, needed, asked int }{
		{0, 1, 1},
		{1, 1, 1},
		{99, 1, 1},
		{100, 2, 2},
		{101, 2, 3},
		{198, 2, 3},
		{199, 3, 3},
		{250, 3, 3},
		{400, 5, 6},
		{1_000, 11, 11},
		{10_000, 102, 108}, // 6% beyond
	} {
		t.Run(fmt.Sprintf("%d rows", test.rows), func(t *testing.T) {
			t.Parallel()
			list := stillList(test.rows)
			readStill(t, list, 100)
			if needed(test.rows) != test.needed {
				t.Errorf("needs %d pages, not %d", test.needed, needed(test.rows))
			}
			if asked := len(list.asked); asked != test.asked {
				t.Errorf("asked for %d pages, want %d", asked, test.asked)
			}
		})
	}
}

func TestRequestsBeyondPages(t *testing.T) {
	t.Parallel()
	for rows := 401; rows <= 3_000; rows += 37 {
		list := stillList(rows)
		readStill(t, list, 100)
		if asked := len(list.asked); asked > needed(rows)+7 {
			t.Errorf("%d rows: asked for %d pages, %d are needed", rows, asked, needed(rows))
		}
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
			readStill(t, list, size)
		}
	}
}

// The smallest schedule that loses a row of a pager that doesn't look at seams.
func TestMovedBack(t *testing.T) {
	t.Parallel()
	gone := listChange{after: 1}
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			read reader
			want []string
		}{
			"naively":   {naiveReader, []string{"r0", "r1", "r3", "r4"}},
			"by a seam": {seamReader, []string{"r1", "r2", "r3", "r4"}},
		} {
			rows, err := test.read(t.Context(), newChangingList(5, gone), readCase{size: 2})
			if err != nil || !slices.Equal(rowIDs(rows), test.want) {
				t.Errorf("%s: got %q, %v; want %q", name, rowIDs(rows), err, test.want)
			}
		}
	})
}
