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

// TestNumberOfRequests checks how many pages are requested, including pages beyond the end. Pages
// overlap by one row. prefetch requests 1, 2, 3 and 5 pages at a time, and then stays 8 ahead.
func TestNumberOfRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rows, pageSize, requests int }{
		{rows: 0, pageSize: 100, requests: 1},
		{rows: 99, pageSize: 100, requests: 1},
		{rows: 100, pageSize: 100, requests: 2}, // the first page is full: the second shows that no rows follow
		{rows: 101, pageSize: 100, requests: 3},
		{rows: 250, pageSize: 100, requests: 3},
		{rows: 400, pageSize: 100, requests: 6}, // five pages, but three are requested after the first 1 + 2
		{rows: 1_000, pageSize: 100, requests: 11},
		{rows: 10_050, pageSize: 1, requests: 10_050 + 7}, // a page for each row, and 7 after the page with the last row
	} {
		list := newChangingList(test.rows)
		readAll(t, list, test.pageSize)
		if got := len(list.requests); got != test.requests {
			t.Errorf("%d rows, page size %d: got %d requests, want %d", test.rows, test.pageSize, got, test.requests)
		}
	}
}

// TestRequestsAtATime checks how many pages are requested together. All requests have the same
// latency, so each window of requests is sent when the window before it has ended.
func TestRequestsAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const roundTrip = 2 * time.Second
		list := newChangingList(10_000)
		list.latency = func(listRequest) (request, response time.Duration) { return roundTrip / 2, roundTrip / 2 }
		start := time.Now()
		readAll(t, list, 100)

		want := []int{1, 2, 3, 5, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 1} // page 101 is the last; page 100 lets one more be requested
		windows := make([]int, len(want))
		for _, request := range list.requests {
			window := request.at.Sub(start) / roundTrip
			windows[window]++
		}
		if !slices.Equal(windows, want) {
			t.Errorf("got windows of %v requests, want %v", windows, want)
		}
	})
}

// TestSlowPage checks that, while a page is slow, the pages after it are requested until pagesAhead
// requests are in flight.
func TestSlowPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const pagesBefore = 1 + 2 + 3 + 5 + 7 // four windows, and 7 of the 8 pages of the fifth
		const slowOffset = pagesBefore * 99   // each page begins 99 rows after the page before
		const delay = time.Minute
		list := newChangingList(10_000)
		list.latency = func(r listRequest) (request, response time.Duration) {
			if r.offset == slowOffset {
				return delay, 0
			}
			return time.Second, 0
		}
		start := time.Now()
		readAll(t, list, 100)

		meanwhile := 0
		for _, request := range list.requests {
			if request.offset > slowOffset && request.at.Before(start.Add(delay)) {
				meanwhile++
			}
		}
		if want := pagesAhead - 1; meanwhile != want { // all but the slow page
			t.Errorf("got %d requests for later pages before the slow response, want %d", meanwhile, want)
		}
	})
}

// TestRejectedCursor checks that a list is complete if the server rejects cursors that it didn't return.
// The pager gives up the first pass, and follows the server's own cursors in two more.
func TestRejectedCursor(t *testing.T) {
	t.Parallel()
	const pageSize, wantPasses = 10, 3
	for _, rows := range []int{10, 35} { // 10 fill one page, after which the pager requests another to see that nothing follows
		list := newChangingList(rows)
		list.fault = func(request listRequest) error {
			if request.offset%pageSize != 0 {
				return fmt.Errorf("no such page: %w", ErrCursor)
			}
			return nil
		}
		readAll(t, list, pageSize)
		if list.passes != wantPasses {
			t.Errorf("%d rows: got %d passes, want %d", rows, list.passes, wantPasses)
		}
	}
}

// TestFirstError checks that a read ends with the error of a page as soon as the pages before it are
// received, and doesn't wait for later pages, which take an hour. A page of two rows shares one with the
// page before, so a page begins at each offset. Pages are requested in windows: 0, 1–2, 3–5, 6–10 and 11–18.
func TestFirstError(t *testing.T) {
	t.Parallel()
	errInvalidKey := errors.New("no such key")
	for failedOffset, windows := range map[int]int{0: 1, 1: 2, 2: 2, 3: 3, 5: 3, 8: 4, 11: 5, 18: 5} {
		synctest.Test(t, func(t *testing.T) {
			list := newChangingList(100)
			list.latency = func(r listRequest) (request, response time.Duration) {
				if r.offset > failedOffset {
					return time.Hour, 0
				}
				return time.Second, 0
			}
			list.fault = func(request listRequest) error {
				if request.offset == failedOffset {
					return errInvalidKey
				}
				return nil
			}
			start := time.Now()
			rows, err := newPager(list.fetch, 2).all(t.Context())
			if took, want := time.Since(start), time.Duration(windows)*time.Second; took != want {
				t.Errorf("offset %d: took %v, want %v", failedOffset, took, want)
			}
			if inFlight := list.countInFlight(); inFlight > 0 {
				t.Errorf("offset %d: %d requests are in flight after the read", failedOffset, inFlight)
			}
			if incomplete := checkIncomplete(t, rows, err, errInvalidKey); incomplete.Change != nil {
				t.Errorf("offset %d: the error mentions a change: %v", failedOffset, incomplete.Change)
			}
		})
	}
}

// TestErrorBeyondEnd checks that a list is complete even if a request beyond its end fails. After
// the first page of 10 rows, the pages at offsets 9 and 18, which share a row with the page before,
// are requested together. The one at 18 fails at once, and the one at 9 returns the last rows a
// second later.
func TestErrorBeyondEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const rows, pageSize = 15, 10
		list := newChangingList(rows)
		failed := false
		list.latency = func(r listRequest) (request, response time.Duration) {
			if r.offset > rows {
				return 0, 0
			}
			return time.Second, 0
		}
		list.fault = func(request listRequest) error {
			if request.offset > rows {
				failed = true
				return errors.New("no such offset")
			}
			return nil
		}
		start := time.Now()
		readAll(t, list, pageSize)
		if took, want := time.Since(start), 2*time.Second; took != want {
			t.Errorf("took %v, want %v", took, want)
		}
		if !failed {
			t.Error("no request failed")
		}
	})
}

// TestCancel checks that canceling a read ends the read and all of its requests at once.
func TestCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const beforeCancel = 10*time.Second + 500*time.Millisecond // between two windows of requests, which are sent every second
		list := newChangingList(100)
		list.latency = func(listRequest) (request, response time.Duration) { return time.Second, 0 }
		errCanceled := errors.New("canceled")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(beforeCancel, func() {
			if got := list.countInFlight(); got != pagesAhead {
				t.Errorf("got %d requests in flight before the read is canceled, want %d", got, pagesAhead)
			}
			cancel(errCanceled)
		})
		start := time.Now()
		rows, err := newPager(list.fetch, 2).all(ctx)
		if took := time.Since(start); took != beforeCancel {
			t.Errorf("took %v, want %v", took, beforeCancel)
		}
		if inFlight := list.countInFlight(); inFlight > 0 {
			t.Errorf("%d requests are in flight after the read", inFlight)
		}
		if incomplete := checkIncomplete(t, rows, err, errCanceled); incomplete.Change != nil {
			t.Errorf("the error mentions a change: %v", incomplete.Change)
		}
	})
}
