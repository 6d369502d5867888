package fakeapi_test

import (
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

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
