package fakeapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func request(tb testing.TB, rawQuery string) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/api/v2/procedures?"+rawQuery, nil)
	r.Header.Set("Authorization", "Bearer "+fakeapi.Key)
	return r
}

// discard is a http.ResponseWriter for those who don't look at the answer.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// statuses sends n requests, one after the other.
func statuses(t *testing.T, s http.Handler, n int) string {
	t.Helper()
	var got []string
	for range n {
		got = append(got, strconv.Itoa(get(t, s, "").Code))
	}
	return strings.Join(got, " ")
}

func TestFailAnswersTheRequestsNamed(t *testing.T) {
	t.Parallel()
	busy, gone := fakeapi.Status(503, ""), fakeapi.Status(410, "")
	for name, c := range map[string]struct {
		set  func(*fakeapi.Server)
		want string
	}{
		"none":             {func(*fakeapi.Server) {}, "200 200 200 200"},
		"some":             {func(s *fakeapi.Server) { s.Fail(busy, 1, 3) }, "503 200 503 200"},
		"all":              {func(s *fakeapi.Server) { s.Fail(busy) }, "503 503 503 503"},
		"two faults":       {func(s *fakeapi.Server) { s.Fail(busy, 2); s.Fail(gone, 3) }, "200 503 410 200"},
		"the later counts": {func(s *fakeapi.Server) { s.Fail(busy, 2); s.Fail(gone, 2) }, "200 410 200 200"},
		"number goes first": {
			func(s *fakeapi.Server) { s.Fail(busy, 2); s.Fail(gone) }, "410 503 410 410",
		},
		"all but one": {func(s *fakeapi.Server) { s.Fail(busy); s.Fail(nil, 2) }, "503 200 503 503"},
		"ended":       {func(s *fakeapi.Server) { s.Fail(busy); s.Fail(gone, 2); s.Fail(nil) }, "200 200 200 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fakeapi.New()
			c.set(s)
			if got := statuses(t, s, 4); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestFailCountsFromForget(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	statuses(t, s, 5)
	s.Fail(fakeapi.Status(503, ""), 2)
	s.Forget()
	if got := statuses(t, s, 3); got != "200 503 200" {
		t.Errorf("got %s", got)
	}
}

func TestFaultGoesBeforeRouteAndKey(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	s.Fail(fakeapi.Status(503, ""))
	if w := getAs(t, s, "", "limit=0"); w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
	if len(s.Requests()) != 1 {
		t.Error("a request answered by a fault isn't recorded")
	}
}

func TestStatusIsAnsweredAsGiven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body, contentType string
		header            []string
	}{
		{`{"message":"x"}`, "application/json", nil},
		{"<html>Bad Gateway</html>", "text/html", nil},
		{"", "text/html", []string{"Retry-After", "2", "X-A", "b"}},
		{"{", "text/plain", []string{"content-type", "text/plain"}},
	} {
		s := fakeapi.New()
		s.Fail(fakeapi.Status(429, c.body, c.header...))
		w := get(t, s, "")
		if w.Code != 429 || w.Body.String() != c.body || w.Header().Get("Content-Type") != c.contentType {
			t.Errorf("%q: got %d %q %v", c.body, w.Code, w.Body, w.Header())
		}
		for i := 0; i < len(c.header); i += 2 {
			if got := w.Header().Get(c.header[i]); got != c.header[i+1] {
				t.Errorf("%s: %q", c.header[i], got)
			}
		}
	}
}

func TestStatusNeedsHeaderInPairs(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a key without a value was accepted")
		}
	}()
	fakeapi.Status(429, "", "Retry-After") //nolint:staticcheck // the mistake is what is tested
}

func TestHangUpClosesTheConnection(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	s.Fail(fakeapi.HangUp(), 1)
	server := httptest.NewServer(s)
	defer server.Close()
	for i, wantAnswer := range []bool{false, true} {
		r := request(t, "").Clone(t.Context())
		r.RequestURI = ""
		r.URL.Scheme, r.URL.Host = "http", server.Listener.Addr().String()
		answer, err := server.Client().Do(r)
		if (err == nil) != wantAnswer {
			t.Fatalf("request %d: error %v", i+1, err)
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		}
	}
}

func TestEveryAnswerIsDelayed(t *testing.T) {
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

func TestDelayedAnswerIsWhatWasThereWhenAsked(t *testing.T) {
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

func TestDelayEndsWhenTheClientGoes(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	s.Delay(20 * time.Second)
	answered := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(answered)
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	s.Before(func(fakeapi.Request) { cancel() })
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v2/procedures", nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := server.Client().Do(r); err == nil {
		_ = answer.Body.Close()
		t.Error("there was an answer")
	}
	select {
	case <-answered:
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting though the client has gone")
	}
}

func TestProceduresComeAndGoBetweenTwoRequests(t *testing.T) {
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

func TestBeforeMayFailItsOwnRequest(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	s.Before(func(r fakeapi.Request) {
		if r.Query.Has("cursor") {
			s.Fail(fakeapi.Status(500, ""), r.Number)
		}
	})
	if got := get(t, s, "").Code; got != 200 {
		t.Errorf("status %d", got)
	}
	if got := get(t, s, "cursor=0").Code; got != 500 {
		t.Errorf("status %d", got)
	}
}

func TestBeforeMayBlockWhileOthersAreServed(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("a")...)
	arrived, release := make(chan struct{}), make(chan struct{})
	s.Before(func(r fakeapi.Request) {
		if r.Number == 1 {
			close(arrived)
			<-release
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ServeHTTP(httptest.NewRecorder(), request(t, ""))
	}()
	<-arrived
	wantIDs(t, list(t, s, ""), "a")
	close(release)
	<-done
}

func TestServerIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(fakeapi.Generate(200, fakeapi.Gen2026)...)
	s.AllowStation("station", fakeapi.Generate(1, fakeapi.Gen2026)[0].ID)
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
	if len(p.Data) != 100 || p.Meta.NextCursor != nil {
		t.Errorf("%d rows, next_cursor %v, want the second half of 200", len(p.Data), p.Meta.NextCursor)
	}
}
