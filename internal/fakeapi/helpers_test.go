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

// userHeader is the value of the Authorization header with the user's key.
const userHeader = "Bearer " + fakeapi.Key

// get requests a page with this value of the Authorization header.
func get(t *testing.T, s http.Handler, authorization, rawQuery string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v2/procedures?"+rawQuery, nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// page is a page of the list (API.md, Paging).
type page struct {
	Data []json.RawMessage `json:"data"`
	Meta json.RawMessage   `json:"meta"`
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
	if p.Data == nil {
		t.Fatal("the page has no data")
	}
	return p
}

func (p page) ids(t *testing.T) []string {
	t.Helper()
	ids := []string{}
	for _, raw := range p.Data {
		var row struct{ ID string }
		if err := json.Unmarshal(raw, &row); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, row.ID)
	}
	return ids
}

// checkPage requests a page and checks the IDs of its rows.
func checkPage(t *testing.T, s http.Handler, authorization, rawQuery string, ids ...string) page {
	t.Helper()
	p := decodePage(t, get(t, s, authorization, rawQuery))
	if got := p.ids(t); !slices.Equal(got, ids) {
		t.Errorf("%s: got %q, want %q", rawQuery, got, ids)
	}
	return p
}

// newProcedures returns procedures with these IDs. The server lists them in the same order.
func newProcedures(ids ...string) []fakeapi.Procedure {
	newest := time.Date(2024, time.June, 1, 0, 0, 0, 0, time.UTC)
	var procedures []fakeapi.Procedure
	for i, id := range ids {
		procedures = append(procedures, fakeapi.Procedure{ID: id, Name: "Name of " + id, CreatedAt: newest.AddDate(0, 0, -i)})
	}
	return procedures
}

// compact removes white space from JSON.
func compact(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
