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

// restless is a list to which every answer finds a row added at the front, so
// that no seam ever holds.
func restless() *changingList {
	list := newChangingList(25, listChange{after: 1, create: true})
	list.forever = true
	return list
}

// pauses are those between the passes of a read whose requests take no time.
func pauses(list *changingList) []time.Duration {
	var pauses []time.Duration
	var before time.Time
	for _, request := range list.asked {
		if request.cursor != "" {
			continue
		}
		if !before.IsZero() {
			pauses = append(pauses, request.at.Sub(before))
		}
		before = request.at
	}
	return pauses
}

func TestNeverStopsChanging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const deadline = 5 * time.Minute
		began, list := time.Now(), restless()
		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), deadline, enough)
		defer cancel()
		rows, err := newTestPager(list, 10).all(ctx)

		failed := new(IncompleteError)
		if rows != nil || !errors.As(err, &failed) || !errors.Is(err, enough) {
			t.Fatalf("got %d rows, %v", len(rows), err)
		}
		if spent := time.Since(began); spent != deadline {
			t.Errorf("ended after %v, want %v", spent, deadline)
		}
		if failed.Passes != list.begins || failed.Passes < 60 {
			t.Errorf("says %d passes; they were %d", failed.Passes, list.begins)
		}
		if !errors.As(failed.Change, new(*ChangedError)) {
			t.Errorf("doesn't say how the list changed, but %v", failed.Change)
		}
		for _, words := range []string{"the list changed while it was read", fmt.Sprintf("read from the start %d times", list.begins)} {
			if strings.Count(err.Error(), words) != 1 {
				t.Errorf("%q doesn't say %q, or not once", err, words)
			}
		}
	})
}

func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		firsts := map[time.Duration]bool{}
		for range 10 {
			list := restless()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, err := newTestPager(list, 10).all(ctx)
			cancel()
			if err == nil {
				t.Fatal("a list that never stops changing was read")
			}
			most, seen := 200*time.Millisecond, pauses(list)
			for i, pause := range seen {
				if pause < most/2 || pause > most {
					t.Errorf("pause %d is %v, want between %v and %v", i+1, pause, most/2, most)
				}
				most = min(2*most, 5*time.Second)
			}
			if len(seen) < 10 {
				t.Errorf("only %d pauses in a minute", len(seen))
			}
			firsts[seen[0]] = true
		}
		if len(firsts) == 1 {
			t.Error("all reads pause equally long")
		}
	})
}

//nolint:paralleltest // Other tests' goroutines would look like leaks.
func TestCancelRequests(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for after, inFlight := range []int{1, 2, 3, 5, 8, 8} { // after so many seconds
		synctest.Test(t, func(t *testing.T) {
			list := stillList(100)
			list.travel = func(listRequest) (there, back time.Duration) { return time.Second, 0 }
			enough := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			wait := time.Duration(after)*time.Second + 500*time.Millisecond
			time.AfterFunc(wait, func() {
				if list.underWay() != inFlight {
					t.Errorf("after %d s: %d requests in flight, want %d", after, list.underWay(), inFlight)
				}
				cancel(enough)
			})
			began := time.Now()
			rows, err := newTestPager(list, 2).all(ctx)
			if rows != nil || !errors.As(err, new(*IncompleteError)) || !errors.Is(err, enough) {
				t.Errorf("after %d s: got %d rows, %v", after, len(rows), err)
			}
			if spent := time.Since(began); spent != wait || list.underWay() > 0 {
				t.Errorf("after %d s: ended after %v with %d requests in flight", after, spent, list.underWay())
			}
		})
	}
}

//nolint:paralleltest // Other tests' goroutines would look like leaks.
func TestFirstError(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	refused := errors.New("no such key")
	for offset, before := range map[int]int{0: 0, 1: 1, 2: 1, 3: 2, 5: 2, 8: 3, 11: 4, 18: 4} {
		synctest.Test(t, func(t *testing.T) {
			list := stillList(100)
			list.travel = func(request listRequest) (there, back time.Duration) {
				if request.offset > offset {
					return time.Hour, 0
				}
				return time.Second, 0
			}
			list.fault = func(request listRequest) error {
				if request.offset == offset {
					return refused
				}
				return nil
			}
			began := time.Now()
			rows, err := newTestPager(list, 2).all(t.Context())
			if rows != nil || !errors.As(err, new(*IncompleteError)) || !errors.Is(err, refused) {
				t.Errorf("offset %d: got %d rows, %v", offset, len(rows), err)
			}
			want := time.Duration(before+1) * time.Second
			if spent := time.Since(began); spent != want || list.underWay() > 0 {
				t.Errorf("offset %d: ended after %v, want %v, with %d requests in flight", offset, spent, want, list.underWay())
			}
			if strings.Contains(err.Error(), "changed") {
				t.Errorf("offset %d: blames a change: %v", offset, err)
			}
		})
	}
}

// Offsets 9 and 18 are asked for together, and the list ends before the latter.
func TestErrorBeyondEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := stillList(15)
		list.travel = func(request listRequest) (there, back time.Duration) {
			if request.offset > 15 {
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
		began := time.Now()
		readStill(t, list, 10)
		if spent := time.Since(began); spent != 2*time.Second || list.underWay() > 0 {
			t.Errorf("ended after %v with %d requests in flight", spent, list.underWay())
		}
		if offsets := []int{list.asked[1].offset, list.asked[2].offset}; !slices.Contains(offsets, 18) {
			t.Errorf("asked for offsets %v", offsets)
		}
	})
}
