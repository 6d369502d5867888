package paging

import (
	"context"
	"strconv"
	"testing"
)

// TestFullPageAfterLargerPage reads from a server that ignores the limit of the first page. A
// later page has as many rows as requested, so a wrong has_more on it doesn't end the list.
func TestFullPageAfterLargerPage(t *testing.T) {
	t.Parallel()
	const rows = 260
	pager := newPager(func(_ context.Context, cursor string, limit int) (Page[row], error) {
		offset, _ := strconv.Atoi(cursor)
		if cursor == "" {
			limit = 150
		}
		end := min(offset+limit, rows)
		page := Page[row]{More: end < rows, Next: strconv.Itoa(end)}
		for i := offset; i < end; i++ {
			page.Rows = append(page.Rows, row{rowKey(i), createdAt(i)})
		}
		if offset == 149 { // counted before rows were created
			page.More = false
		}
		if !page.More {
			page.Next = ""
		}
		return page, nil
	}, 100)
	got, err := pager.all(t.Context())
	if err != nil || len(got) != rows {
		t.Errorf("got %d of %d rows, %v", len(got), rows, err)
	}
}
