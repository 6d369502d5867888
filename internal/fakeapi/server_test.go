package fakeapi_test

import (
	"bytes"
	"encoding/json"
	"go/build"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// page is the answer as the documents describe it.
type page struct {
	Data []json.RawMessage `json:"data"`
	Meta struct {
		HasMore    *bool `json:"has_more"`
		NextCursor *int  `json:"next_cursor"`
	} `json:"meta"`
}

// get asks for the list with the user key.
func get(t *testing.T, s http.Handler, rawQuery string) *httptest.ResponseRecorder {
	t.Helper()
	return getAs(t, s, "Bearer "+fakeapi.Key, rawQuery)
}

func getAs(t *testing.T, s http.Handler, authorization, rawQuery string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v2/procedures?"+rawQuery, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func decodePage(t *testing.T, w *httptest.ResponseRecorder) page {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	var p page
	if err := decoder.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if p.Data == nil || p.Meta.HasMore == nil {
		t.Fatal("data and has_more are always there")
	}
	if *p.Meta.HasMore != (p.Meta.NextCursor != nil) {
		t.Errorf("has_more %t with next_cursor %v", *p.Meta.HasMore, p.Meta.NextCursor)
	}
	return p
}

func itemIDs(t *testing.T, items []json.RawMessage) []string {
	t.Helper()
	ids := []string{}
	for _, raw := range items {
		var item struct{ ID string }
		if err := json.Unmarshal(raw, &item); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, item.ID)
	}
	return ids
}

func list(t *testing.T, s http.Handler, rawQuery string) []string {
	t.Helper()
	return itemIDs(t, decodePage(t, get(t, s, rawQuery)).Data)
}

func wantIDs(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// wantRefusal checks an error answer's whole form, save the issues.
func wantRefusal(t *testing.T, w *httptest.ResponseRecorder, status int, code, message string) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
	var body struct {
		Message, Code string
		Issues        []json.RawMessage
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if body.Code != code || body.Message != message {
		t.Errorf("%q %q, want %q %q", body.Code, body.Message, code, message)
	}
	if body.Issues == nil {
		t.Error("no issues, not even an empty list")
	}
	if (len(body.Issues) > 0) != (status == http.StatusBadRequest) {
		t.Errorf("issues: %s", body.Issues)
	}
}

// named makes procedures of these IDs, the first the newest, so that they are
// listed in this order.
func named(ids ...string) []fakeapi.Procedure {
	newest := time.Date(2024, time.June, 1, 0, 0, 0, 0, time.UTC)
	var procedures []fakeapi.Procedure
	for i, id := range ids {
		procedures = append(procedures, fakeapi.Procedure{ID: id, Name: "Name of " + id, CreatedAt: newest.AddDate(0, 0, -i)})
	}
	return procedures
}

func numbered(n int) (ids []string) {
	for i := range n {
		ids = append(ids, "p"+strconv.Itoa(i))
	}
	return ids
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestUnknownRouteOrMethodIsNotFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, path string }{
		{http.MethodGet, "/"},
		{http.MethodGet, "/v2/procedures"},
		{http.MethodGet, "/api/v2/procedures/"},
		{http.MethodGet, "/api/v2/procedures/FVT1"},
		{http.MethodGet, "/api/api/v2/procedures"},
		{http.MethodGet, "/api//v2/procedures"},
		{http.MethodGet, "/api/v2/runs"},
		{http.MethodPost, "/api/v2/procedures"},
		{http.MethodPut, "/api/v2/procedures"},
		{http.MethodDelete, "/api/v2/procedures"},
		{http.MethodHead, "/api/v2/procedures"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil)
			r.Header.Set("Authorization", "Bearer "+fakeapi.Key)
			w := httptest.NewRecorder()
			fakeapi.New().ServeHTTP(w, r)
			wantRefusal(t, w, http.StatusNotFound, "NOT_FOUND", "Not found")
		})
	}
}

func TestMissingOrWrongKeyIsUnauthorized(t *testing.T) {
	t.Parallel()
	for _, authorization := range []string{
		"", "Bearer", "Bearer ", "Bearer wrong", fakeapi.Key, "Basic " + fakeapi.Key, "Bearer" + fakeapi.Key,
		"Bearer  " + fakeapi.Key, "Bearer " + fakeapi.Key + "x", "Bearer " + strings.ToUpper(fakeapi.Key),
	} {
		w := getAs(t, fakeapi.New(), authorization, "")
		wantRefusal(t, w, http.StatusUnauthorized, "UNAUTHORIZED", "Unauthorized")
		const printed = `{
  "message": "Unauthorized",
  "code": "UNAUTHORIZED",
  "issues": []
}`
		if got := w.Body.String(); got != compact(t, printed) {
			t.Errorf("%q: got %s, the 2026 document has %s", authorization, got, printed)
		}
	}
}

func TestKeyIsCheckedBeforeParameters(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	s.ForbidStation("station")
	wantRefusal(t, getAs(t, s, "", "limit=0"), http.StatusUnauthorized, "UNAUTHORIZED", "Unauthorized")
	wantRefusal(t, getAs(t, s, "Bearer station", "limit=0"), http.StatusForbidden, "FORBIDDEN", "Forbidden")
}

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
	if first.Meta.NextCursor == nil || *first.Meta.NextCursor != 2 {
		t.Fatalf("next_cursor %v", first.Meta.NextCursor)
	}
	wantIDs(t, itemIDs(t, decodePage(t, getAs(t, s, "Bearer station", "limit=2&cursor=2")).Data), "d")
	wantIDs(t, itemIDs(t, decodePage(t, getAs(t, s, "Bearer station", "search_query=of+C")).Data))
	wantIDs(t, itemIDs(t, decodePage(t, getAs(t, s, "Bearer unlinked", "")).Data))

	s.Add(fakeapi.Procedure{ID: "later"})
	wantIDs(t, itemIDs(t, decodePage(t, getAs(t, s, "Bearer station", "")).Data), "a", "b", "d", "later")
}

func TestForbiddenStationIsTold403(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("a")...)
	s.ForbidStation("station")
	wantRefusal(t, getAs(t, s, "Bearer station", ""), http.StatusForbidden, "FORBIDDEN", "Forbidden")
	wantIDs(t, list(t, s, ""), "a")
}

func TestNewestComeFirstAndThenByID(t *testing.T) {
	t.Parallel()
	old := time.Date(2023, time.May, 1, 0, 0, 0, 0, time.UTC)
	s := fakeapi.New(
		fakeapi.Procedure{ID: "b", CreatedAt: old},
		fakeapi.Procedure{ID: "c", CreatedAt: old},
		fakeapi.Procedure{ID: "new", CreatedAt: old.AddDate(1, 0, 0)},
		fakeapi.Procedure{ID: "a", CreatedAt: old},
	)
	wantIDs(t, list(t, s, ""), "new", "a", "b", "c")
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

func TestServedBelowAFurtherPath(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.StripPrefix("/tofupilot", fakeapi.New()))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/tofupilot/api/v2/procedures", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+fakeapi.Key)
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %d", answer.StatusCode)
	}
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

func TestNothingOfTestsOrOfThisModuleIsImported(t *testing.T) {
	t.Parallel()
	this, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range this.Imports {
		if path == "testing" || path == "net/http/httptest" || strings.Contains(path, ".") {
			t.Errorf("imports %s", path)
		}
	}
}
