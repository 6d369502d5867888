package fakeapi_test

import (
	"net/http"
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

func TestFail(t *testing.T) {
	t.Parallel()
	busy, gone := fakeapi.Status(503, ""), fakeapi.Status(410, "")
	for name, c := range map[string]struct {
		set  func(*fakeapi.Server)
		want string
	}{
		"some":             {func(s *fakeapi.Server) { s.Fail(busy, 1, 3) }, "503 200 503 200"},
		"all":              {func(s *fakeapi.Server) { s.Fail(busy) }, "503 503 503 503"},
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

func TestFailAfterForget(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	statuses(t, s, 5)
	s.Fail(fakeapi.Status(503, ""), 2)
	s.Forget()
	if got := statuses(t, s, 3); got != "200 503 200" {
		t.Errorf("got %s", got)
	}
}

func TestFaultBeforeKey(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	s.Fail(fakeapi.Status(503, ""))
	if w := getAs(t, s, "", "limit=0"); w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
	if requests := s.Requests(); len(requests) != 1 || requests[0].RawQuery != "limit=0" {
		t.Errorf("recorded of a request that is answered by a fault: %+v", requests)
	}
}

func TestHangUp(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	s.Fail(fakeapi.HangUp(), 1)
	defer func() {
		if aborts := recover(); aborts != http.ErrAbortHandler { //nolint:errorlint // a value that was panicked with
			t.Errorf("it panics with %v", aborts)
		}
	}()
	get(t, s, "")
}
