package fakeapi_test

import (
	"context"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := fakeapi.New(named("a")...)
		s.Fail(fakeapi.Status(503, ""), 2)
		s.Delay(2 * time.Second)
		for _, key := range []string{fakeapi.Key, fakeapi.Key, "wrong"} {
			start := time.Now()
			getAs(t, s, "Bearer "+key, "")
			if took := time.Since(start); took != 2*time.Second {
				t.Errorf("took %s", took)
			}
		}
		s.Delay(0)
		start := time.Now()
		wantIDs(t, list(t, s, ""), "a")
		if took := time.Since(start); took != 0 {
			t.Errorf("without delay: took %s", took)
		}
	})
}

func TestDelayedAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := fakeapi.New(named("a", "b")...)
		s.Delay(time.Second)
		go func() {
			time.Sleep(time.Second / 2)
			s.Delete("a")
		}()
		wantIDs(t, list(t, s, ""), "a", "b")
		wantIDs(t, list(t, s, ""), "b")
	})
}

func TestDelayEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := fakeapi.New()
		s.Delay(20 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		s.ServeHTTP(httptest.NewRecorder(), request(t, "").WithContext(ctx))
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestChangesBetweenRequests(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("a", "b", "c", "d")...)
	s.Before(func(r fakeapi.Request) {
		switch r.Number {
		case 2:
			s.Delete("a")
		case 3:
			s.Add(fakeapi.Procedure{ID: "new", CreatedAt: time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)})
		}
	})
	wantIDs(t, list(t, s, "limit=2"), "a", "b")
	wantIDs(t, list(t, s, "limit=2&cursor=2"), "d") // c moved to the first page
	wantIDs(t, list(t, s, "limit=2&cursor=0"), "new", "b")
	s.Before(nil)
	wantIDs(t, list(t, s, ""), "new", "b", "c", "d")
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
