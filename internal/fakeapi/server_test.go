package fakeapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestFurtherUserKeySeesEverything(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("a", "b")...)
	s.AllowKey("second")
	for _, key := range []string{"second", fakeapi.Key} {
		wantIDs(t, itemIDs(t, decodePage(t, getAs(t, s, "Bearer "+key, "")).Data), "a", "b")
	}
}

func TestStationKeyListsItsOwnSubset(t *testing.T) {
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

func TestOrderHoldsForWhatIsThereAndWhatComes(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("b", "a", "c")...)
	s.Order(func(a, b fakeapi.Procedure) int { return strings.Compare(b.ID, a.ID) })
	wantIDs(t, list(t, s, ""), "c", "b", "a")
	s.Add(fakeapi.Procedure{ID: "bb"})
	wantIDs(t, list(t, s, ""), "c", "bb", "b", "a")
	s.Order(func(_, _ fakeapi.Procedure) int { return 0 })
	s.Add(fakeapi.Procedure{ID: "z"})
	wantIDs(t, list(t, s, ""), "c", "bb", "b", "a", "z")
}

func TestDeletedProcedureMayComeAgain(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("a", "b", "c")...)
	s.Delete("b", "unknown", "a")
	wantIDs(t, list(t, s, ""), "c")
	s.Add(fakeapi.Procedure{ID: "a"})
	wantIDs(t, list(t, s, ""), "c", "a")
}

func TestIDsAreUniqueAndNamesAreNot(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(fakeapi.Procedure{ID: "a", Name: "Same"}, fakeapi.Procedure{ID: "b", Name: "Same"})
	wantIDs(t, list(t, s, ""), "a", "b")
	defer func() {
		if recover() == nil {
			t.Error("a second procedure of the same ID was accepted")
		}
		wantIDs(t, list(t, s, ""), "a", "b")
	}()
	s.Add(fakeapi.Procedure{ID: "a"})
}

func TestRequestsAreRecordedWhateverTheAnswer(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	get(t, s, "limit=0&x=%2B1")
	getAs(t, s, "", "")
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/elsewhere", nil))

	requests := s.Requests()
	if len(requests) != 3 {
		t.Fatalf("%d requests", len(requests))
	}
	first := requests[0]
	if first.Number != 1 || first.Method != http.MethodGet || first.Path != "/api/v2/procedures" || first.RawQuery != "limit=0&x=%2B1" {
		t.Errorf("first: %+v", first)
	}
	if got := first.Query.Encode(); got != (url.Values{"limit": {"0"}, "x": {"+1"}}).Encode() {
		t.Errorf("query %s", got)
	}
	if got := first.Header.Get("Authorization"); got != "Bearer "+fakeapi.Key {
		t.Errorf("Authorization %q", got)
	}
	if last := requests[2]; last.Number != 3 || last.Method != http.MethodPost || last.Path != "/elsewhere" {
		t.Errorf("last: %+v", last)
	}

	requests[0].Number = 99
	if s.Requests()[0].Number != 1 {
		t.Error("Requests isn't a copy")
	}
	s.Forget()
	if len(s.Requests()) != 0 {
		t.Error("requests are left after Forget")
	}
	get(t, s, "")
	if got := s.Requests()[0].Number; got != 1 {
		t.Errorf("number %d after Forget", got)
	}
}
