package fakeapi_test

import (
	"net/http"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestStationKey checks that a station key sees only the procedures that its station is linked to, on
// every page and in searches, and that the key of an unlinked station sees none.
func TestStationKey(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(newProcedures("a", "b", "c", "d")...)
	s.AllowStation("station", "d", "b", "a", "later")
	s.AllowStation("unlinked")
	p := checkPage(t, s, "Bearer station", "limit=2", "a", "b")
	if got, want := string(p.Meta), `{"has_more":true,"next_cursor":2}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	p = checkPage(t, s, "Bearer station", "limit=2&cursor=2", "d")
	if got, want := string(p.Meta), `{"has_more":false,"next_cursor":null}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	checkPage(t, s, "Bearer station", "search_query=of+C") // finds only c, which the key can't see
	checkPage(t, s, "Bearer unlinked", "")
	s.Add(fakeapi.Procedure{ID: "later"})
	checkPage(t, s, "Bearer station", "", "a", "b", "d", "later")
}

// TestInvalidKey checks that the fake API rejects an invalid key before it checks the parameters.
func TestInvalidKey(t *testing.T) {
	t.Parallel()
	for _, authorization := range []string{fakeapi.Key, "Bearer" + fakeapi.Key, "Bearer wrong"} {
		if got := get(t, fakeapi.New(), authorization, "limit=0").Code; got != http.StatusUnauthorized {
			t.Errorf("%q: got status %d, want 401", authorization, got)
		}
	}
}
