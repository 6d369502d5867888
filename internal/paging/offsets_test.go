package paging

import (
	"context"
	"strconv"
	"testing"
	"time"
)

// A server may ignore the limit of the first page. A later page that has as many rows as
// requested is full then, and doesn't prove the end.
func TestFullPageAfterALargerOne(t *testing.T) {
	t.Parallel()
	const rows = 260
	pager := pagerOf(func(_ context.Context, at string, limit int) (Page[row], error) {
		offset, _ := strconv.Atoi(at)
		if at == "" {
			limit = 150
		}
		end := min(offset+limit, rows)
		page := Page[row]{More: end < rows, Next: strconv.Itoa(end)}
		for i := offset; i < end; i++ {
			page.Rows = append(page.Rows, row{key: rowID(i), created: time.Unix(int64(i), 0)})
		}
		if offset == 149 { // counted before rows were added
			page.More = false
		}
		if !page.More {
			page.Next = ""
		}
		return page, nil
	}, 100)
	pager.MaxPageSize = 100
	got, err := pager.all(t.Context())
	if err != nil || len(got) != rows {
		t.Errorf("%d of %d rows, %v", len(got), rows, err)
	}
}
