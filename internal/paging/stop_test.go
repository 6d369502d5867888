package paging

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// newGrowingList returns a list that adds a row at the front before every response, so that the
// pages of a pass never share the expected row.
func newGrowingList() *changingList {
	list := newChangingList(25, listChange{after: 1, create: true})
	list.repeat = true
	return list
}

// pausesBetween returns the pauses between the passes of a read without latency.
func pausesBetween(list *changingList) []time.Duration {
	var pauses []time.Duration
	var previous time.Time
	for _, request := range list.requests {
		if request.cursor != "" {
			continue
		}
		if !previous.IsZero() {
			pauses = append(pauses, request.at.Sub(previous))
		}
		previous = request.at
	}
	return pauses
}

func TestNeverStopsChanging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const deadline = 5 * time.Minute
		start, list := time.Now(), newGrowingList()
		errDeadline := errors.New("deadline")
		ctx, cancel := context.WithTimeoutCause(t.Context(), deadline, errDeadline)
		defer cancel()
		rows, err := newPager(list.fetch, 10).all(ctx)

		incomplete := new(IncompleteError)
		if rows != nil || !errors.As(err, &incomplete) || !errors.Is(err, errDeadline) {
			t.Fatalf("got %d rows, %v", len(rows), err)
		}
		if took := time.Since(start); took != deadline {
			t.Errorf("took %v, want %v", took, deadline)
		}
		if incomplete.Passes != list.passes || incomplete.Passes < 60 {
			t.Errorf("the error has %d passes, the server %d; want 60 or more", incomplete.Passes, list.passes)
		}
		if !errors.As(incomplete.Change, new(*ChangedError)) {
			t.Errorf("got change %v", incomplete.Change)
		}
		for _, words := range []string{"the list changed while it was read", fmt.Sprintf("read from the start %d times", list.passes)} {
			if strings.Count(err.Error(), words) != 1 {
				t.Errorf("got error %q, want %q in it once", err, words)
			}
		}
	})
}

// TestPauses checks that pauses double from 200 ms to 5 s, with jitter.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		firstPauses := map[time.Duration]bool{}
		for range 10 {
			list := newGrowingList()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, err := newPager(list.fetch, 10).all(ctx)
			cancel()
			if err == nil {
				t.Fatal("no error")
			}
			longest, pauses := 200*time.Millisecond, pausesBetween(list)
			for i, pause := range pauses {
				if pause < longest/2 || pause > longest {
					t.Errorf("pause %d is %v, want between %v and %v", i+1, pause, longest/2, longest)
				}
				longest = min(2*longest, 5*time.Second)
			}
			if len(pauses) < 10 {
				t.Errorf("only %d pauses in a minute", len(pauses))
			}
			firstPauses[pauses[0]] = true
		}
		if len(firstPauses) == 1 {
			t.Error("all reads have the same first pause")
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
