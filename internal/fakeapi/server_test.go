package fakeapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

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

func TestOrder(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("b", "a", "c")...)
	s.Order(func(a, b fakeapi.Procedure) int { return strings.Compare(b.ID, a.ID) })
	wantIDs(t, list(t, s), "c", "b", "a")
	s.Add(fakeapi.Procedure{ID: "bb"})
	wantIDs(t, list(t, s), "c", "bb", "b", "a")
	s.Order(func(_, _ fakeapi.Procedure) int { return 0 })
	s.Add(fakeapi.Procedure{ID: "z"})
	wantIDs(t, list(t, s), "c", "bb", "b", "a", "z")
}

func TestIDsAreUnique(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(fakeapi.Procedure{ID: "a", Name: "Same"}, fakeapi.Procedure{ID: "b", Name: "Same"})
	wantIDs(t, list(t, s), "a", "b")
	defer func() {
		if recover() == nil {
			t.Error("a second procedure of the same ID was accepted")
		}
		wantIDs(t, list(t, s), "a", "b")
	}()
	s.Add(fakeapi.Procedure{ID: "a"})
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
