package fakeapi_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// A name that is misspelt in the fake is ignored there, as the API ignores names
// that it doesn't know. Only a second value of a known one is refused.
func TestParameters(t *testing.T) { //nolint:paralleltest // Its errors stand before those of what follows from them.
	for _, name := range []string{"limit", "cursor", "search_query", "created_after", "created_before"} {
		if w := get(t, fakeapi.New(), name+"=1&"+name+"=2"); w.Code != http.StatusBadRequest {
			t.Errorf("the fake doesn't know the parameter %s: given twice, it isn't refused but answered with %d", name, w.Code)
		}
	}
}

func TestStationKey(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("a", "b", "c", "d")...)
	s.AllowStation("station", "d", "b", "a", "later")
	s.AllowStation("unlinked")
	first := decodePage(t, getAs(t, s, "Bearer station", "limit=2"))
	wantIDs(t, itemIDs(t, first.Data), "a", "b")
	if first.next == nil || *first.next != 2 {
		t.Fatalf("next_cursor %v", first.next)
	}
	wantIDs(t, itemIDs(t, decodePage(t, getAs(t, s, "Bearer station", "limit=2&cursor=2")).Data), "d")
	wantIDs(t, itemIDs(t, decodePage(t, getAs(t, s, "Bearer station", "search_query=of+C")).Data))
	wantIDs(t, itemIDs(t, decodePage(t, getAs(t, s, "Bearer unlinked", "")).Data))

	s.Add(fakeapi.Procedure{ID: "later"})
	wantIDs(t, itemIDs(t, decodePage(t, getAs(t, s, "Bearer station", "")).Data), "a", "b", "d", "later")
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(fakeapi.Generate(200, fakeapi.WithRepository)...)
	s.AllowStation("station", fakeapi.Generate(1, fakeapi.WithRepository)[0].ID)
	s.Before(func(r fakeapi.Request) {
		id := "before" + strconv.Itoa(r.Number)
		s.Add(fakeapi.Procedure{ID: id, Name: id})
		s.Delete(id)
	})
	newestLast := func(a, b fakeapi.Procedure) int { return a.CreatedAt.Compare(b.CreatedAt) }

	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			for i := range 25 {
				id := strconv.Itoa(worker) + "/" + strconv.Itoa(i)
				s.Add(fakeapi.Procedure{ID: id, Name: "Worker"})
				s.ServeHTTP(httptest.NewRecorder(), request(t, "limit=100&cursor="+strconv.Itoa(i)))
				s.ServeHTTP(httptest.NewRecorder(), request(t, "search_query=worker"))
				s.Fail(fakeapi.Status(503, ""), i)
				s.Order(newestLast)
				s.Delay(time.Duration(i%2) * time.Microsecond)
				s.AllowKey(id)
				s.Requests()
				s.Delete(id)
			}
		})
	}
	wait.Wait()

	requests := s.Requests()
	if len(requests) != 8*25*2 {
		t.Errorf("%d requests recorded", len(requests))
	}
	for i, r := range requests {
		if r.Number != i+1 {
			t.Fatalf("request %d has the number %d", i+1, r.Number)
		}
	}
	s.Before(nil)
	s.Fail(nil)
	p := decodePage(t, get(t, s, "limit=100&cursor=100"))
	if len(p.Data) != 100 || p.next != nil {
		t.Errorf("%d rows, next_cursor %v, want the second half of 200", len(p.Data), p.next)
	}
}

// What the recorded answers don't say of keys.
func TestKey(t *testing.T) {
	t.Parallel()
	for _, authorization := range []string{fakeapi.Key, "Bearer" + fakeapi.Key, "Bearer wrong"} {
		if got := getAs(t, fakeapi.New(), authorization, "limit=0").Code; got != http.StatusUnauthorized {
			t.Errorf("%q: status %d", authorization, got)
		}
	}
}
