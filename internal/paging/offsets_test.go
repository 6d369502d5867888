package paging

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
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

// TestFirstError lets the page at an offset fail while requests for later pages wait for an
// hour. The read ends with this error after the pages before it.
//
//nolint:paralleltest // Other tests' goroutines would look like leaks.
func TestFirstError(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	errInvalidKey := errors.New("no such key")
	for offset, roundTrips := range map[int]int{0: 1, 1: 2, 2: 2, 3: 3, 5: 3, 8: 4, 11: 5, 18: 5} {
		synctest.Test(t, func(t *testing.T) {
			list := newChangingList(100)
			list.latency = func(r listRequest) (request, response time.Duration) {
				if r.offset > offset {
					return time.Hour, 0
				}
				return time.Second, 0
			}
			list.fault = func(request listRequest) error {
				if request.offset == offset {
					return errInvalidKey
				}
				return nil
			}
			start := time.Now()
			rows, err := newPager(list.fetch, 2).all(t.Context())
			if rows != nil || !errors.As(err, new(*IncompleteError)) || !errors.Is(err, errInvalidKey) {
				t.Errorf("offset %d: got %d rows, %v", offset, len(rows), err)
			}
			want := time.Duration(roundTrips) * time.Second
			if took := time.Since(start); took != want || list.countInFlight() > 0 {
				t.Errorf("offset %d: took %v, want %v, with %d requests in flight at the end", offset, took, want, list.countInFlight())
			}
			if strings.Contains(err.Error(), "changed") {
				t.Errorf("offset %d: the error mentions a change: %v", offset, err)
			}
		})
	}
}

// TestErrorBeyondEnd requests offsets 9 and 18 together. The list ends before 18, whose
// request fails, and is complete without it.
func TestErrorBeyondEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := newChangingList(15)
		list.latency = func(r listRequest) (request, response time.Duration) {
			if r.offset > 15 {
				return 0, 0
			}
			return time.Second, 0
		}
		list.fault = func(request listRequest) error {
			if request.offset > 15 {
				return errors.New("no such offset")
			}
			return nil
		}
		start := time.Now()
		readAll(t, list, 10)
		if took := time.Since(start); took != 2*time.Second || list.countInFlight() > 0 {
			t.Errorf("took %v, with %d requests in flight at the end", took, list.countInFlight())
		}
		if offsets := []int{list.requests[1].offset, list.requests[2].offset}; !slices.Contains(offsets, 18) {
			t.Errorf("got requests for offsets %v", offsets)
		}
	})
}

//nolint:paralleltest // Other tests' goroutines would look like leaks.
func TestCancelRequests(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for after, inFlight := range []int{1, 2, 3, 5, 8, 8} { // indexed by the seconds after which the read is canceled
		synctest.Test(t, func(t *testing.T) {
			list := newChangingList(100)
			list.latency = func(listRequest) (request, response time.Duration) { return time.Second, 0 }
			errCanceled := errors.New("canceled")
			ctx, cancel := context.WithCancelCause(t.Context())
			wait := time.Duration(after)*time.Second + 500*time.Millisecond
			time.AfterFunc(wait, func() {
				if got := list.countInFlight(); got != inFlight {
					t.Errorf("after %d s: got %d requests in flight, want %d", after, got, inFlight)
				}
				cancel(errCanceled)
			})
			start := time.Now()
			rows, err := newPager(list.fetch, 2).all(ctx)
			if rows != nil || !errors.As(err, new(*IncompleteError)) || !errors.Is(err, errCanceled) {
				t.Errorf("after %d s: got %d rows, %v", after, len(rows), err)
			}
			if took := time.Since(start); took != wait || list.countInFlight() > 0 {
				t.Errorf("after %d s: took %v, with %d requests in flight at the end", after, took, list.countInFlight())
			}
		})
	}
}
