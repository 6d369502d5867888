package fakeapi_test

import (
	"net/http"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestParameters finds parameters that are misspelt in the fake. It sends each twice, because
// the fake ignores unknown parameters and rejects known ones that are repeated.
func TestParameters(t *testing.T) { //nolint:paralleltest // Its errors must come before those that they cause in other tests.
	for _, name := range []string{"limit", "cursor", "search_query", "created_after", "created_before"} {
		if w := get(t, fakeapi.New(), name+"=1&"+name+"=2"); w.Code != http.StatusBadRequest {
			t.Errorf("the fake doesn't know the parameter %s: got %d for a request that repeats it, want 400", name, w.Code)
		}
	}
}

func TestStationKey(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(newProcedures("a", "b", "c", "d")...)
	s.AllowStation("station", "d", "b", "a", "later")
	s.AllowStation("unlinked")
	first := decodePage(t, getAs(t, s, "Bearer station", "limit=2"))
	wantIDs(t, rowIDs(t, first.Data), "a", "b")
	if first.next == nil || *first.next != 2 {
		t.Fatalf("next_cursor %v", first.next)
	}
	wantIDs(t, rowIDs(t, decodePage(t, getAs(t, s, "Bearer station", "limit=2&cursor=2")).Data), "d")
	wantIDs(t, rowIDs(t, decodePage(t, getAs(t, s, "Bearer station", "search_query=of+C")).Data))
	wantIDs(t, rowIDs(t, decodePage(t, getAs(t, s, "Bearer unlinked", "")).Data))

	s.Add(fakeapi.Procedure{ID: "later"})
	wantIDs(t, rowIDs(t, decodePage(t, getAs(t, s, "Bearer station", "")).Data), "a", "b", "d", "later")
}

// TestKey sends invalid keys that aren't among the recorded requests.
func TestKey(t *testing.T) {
	t.Parallel()
	for _, authorization := range []string{fakeapi.Key, "Bearer" + fakeapi.Key, "Bearer wrong"} {
		if got := getAs(t, fakeapi.New(), authorization, "limit=0").Code; got != http.StatusUnauthorized {
			t.Errorf("%q: status %d", authorization, got)
		}
	}
}
