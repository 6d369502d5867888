package fakeapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

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
