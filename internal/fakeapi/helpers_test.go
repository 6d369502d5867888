package fakeapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// page is a page of the list (API.md, Paging).
type page struct {
	Data []json.RawMessage `json:"data"`
	Meta json.RawMessage   `json:"meta"`
	next *int              // next_cursor
}

// get requests the list with the user key.
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
	var meta struct {
		HasMore    *bool `json:"has_more"`
		NextCursor *int  `json:"next_cursor"`
	}
	if err := json.Unmarshal(p.Meta, &meta); err != nil {
		t.Fatal(err)
	}
	if p.Data == nil || meta.HasMore == nil {
		t.Fatal("data or has_more is missing")
	}
	if *meta.HasMore != (meta.NextCursor != nil) {
		t.Errorf("has_more %t with next_cursor %v", *meta.HasMore, meta.NextCursor)
	}
	p.next = meta.NextCursor
	return p
}

func rowIDs(t *testing.T, rows []json.RawMessage) []string {
	t.Helper()
	ids := []string{}
	for _, raw := range rows {
		var row struct{ ID string }
		if err := json.Unmarshal(raw, &row); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, row.ID)
	}
	return ids
}

func wantIDs(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// newProcedures returns procedures with these IDs. The list has them in the same order.
func newProcedures(ids ...string) []fakeapi.Procedure {
	newest := time.Date(2024, time.June, 1, 0, 0, 0, 0, time.UTC)
	var procedures []fakeapi.Procedure
	for i, id := range ids {
		procedures = append(procedures, fakeapi.Procedure{ID: id, Name: "Name of " + id, CreatedAt: newest.AddDate(0, 0, -i)})
	}
	return procedures
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
