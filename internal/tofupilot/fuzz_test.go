package tofupilot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// FuzzDecodePage checks that decodePage accepts only valid JSON without duplicate names, and that it
// returns the rows that encoding/json finds.
func FuzzDecodePage(f *testing.F) {
	const beginOfRow = `{"id":"a","name":"FVT","created_at":"2024-01-15T10:30:00.000Z","created_by_user":{"id":"u","name":null,"email":"e"}`
	for _, body := range []string{
		`{"data":[],"meta":{"has_more":false,"next_cursor":null}}`,
		`{"data":[` + beginOfRow + `,"linkedRepository":{"id":"r","name":"n","fullName":"o/n","provider":"github"}}],"meta":{"has_more":true,"next_cursor":100}}`,
		`{"data":[` + beginOfRow + `,"runs":[{"id":"r","outcome":"PASS","started_at":"2024-01-15T14:30:00Z","unit":{"id":"s"}}],"fpy":85.5}],"meta":{"has_more":true,"next_cursor":1.0}}`,
		`{"data":[{"id":"a","created_at":"yesterday"}],"meta":{"has_more":true,"next_cursor":"after a"}}`,
		`{"data":[{"id":7},{}],"meta":{"has_more":"yes","next_cursor":{}}}`, `{"data":null,"meta":null}`, `[]`, `null`, ``, ` `, "\uFEFF{}", "<html>", "{\"data\":[\x00]}",
		`{"data":[{"id":"a","runs":null,"fpy":1e400}],"meta":{"has_more":false,"next_cursor":-0.0}}`, strings.Repeat("[", 10_001),
		`{"data":[{"id":"right","ID":"wrong","x":[{"y":1,"\u0079":2}]}],"meta":{"has_more":true,"HAS_MORE":false}}`,
		`{"data":[{"id":"a"}],"data":[{}],"meta":{"has_more":true,"has_more":false},"Data":7}`,
		`{"data":[` + strings.Repeat(`{"id":"a"},`, maxPageRows) + `{"id":"b"}],"meta":{"has_more":false}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decodeIDs(string(body))
		if err != nil {
			if got.Rows != nil || err.Error() == "" {
				t.Errorf("page %v and error %q", got, err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("%q is decoded as a page", body)
		}
		if name, found := findDuplicateName(json.NewDecoder(bytes.NewReader(body))); found {
			t.Errorf("%q has the duplicate name %q", body, name)
		}
		checkRows(t, body, got.Rows)
	})
}

// checkRows checks that encoding/json finds the same rows in the body.
func checkRows(t *testing.T, body []byte, rows []Row) {
	t.Helper()
	// encoding/json ignores the case of a struct's names, but not of a map's.
	var page map[string]json.RawMessage
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	var items []map[string]json.RawMessage
	if err := json.Unmarshal(page["data"], &items); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if len(rows) != len(items) || len(rows) > maxPageRows {
		t.Fatalf("%d rows of %q, want %d and at most %d", len(rows), body, len(items), maxPageRows)
	}
	for i, row := range rows {
		var id string
		if err := json.Unmarshal(items[i]["id"], &id); err != nil || id == "" || row.ID != id {
			t.Errorf("row %d of %q has the ID %q, want %q (%v)", i, body, row.ID, id, err)
		}
	}
}

// findDuplicateName reads one valid JSON value. It returns a name that one of its objects contains
// twice, if there is such a name.
func findDuplicateName(decoder *json.Decoder) (name string, found bool) {
	begin, _ := decoder.Token()
	if begin != json.Delim('{') && begin != json.Delim('[') {
		return "", false
	}
	names := map[string]bool{}
	for decoder.More() {
		if begin == json.Delim('{') {
			token, _ := decoder.Token()
			name := fmt.Sprint(token)
			if names[name] {
				return name, true
			}
			names[name] = true
		}
		if name, found := findDuplicateName(decoder); found {
			return name, true
		}
	}
	_, _ = decoder.Token() // the end of the object or array
	return "", false
}

// FuzzTimesAsSent checks that the API accepts the times that FormatAfter and FormatBefore return
// (API.md, Dates), and that each is rounded by less than a millisecond, to the earlier or later time.
func FuzzTimesAsSent(f *testing.F) {
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Date(2024, 1, 15, 10, 30, 0, 999_999_999, time.UTC), time.Date(2024, 2, 29, 23, 59, 59, 1, time.UTC),
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 998_999_999, time.UTC),
	} {
		f.Add(at.Unix(), int64(at.Nanosecond()), 0)
		f.Add(at.Unix(), int64(at.Nanosecond()), -14*3600)
	}
	first := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
	api := fakeapi.New()
	f.Fuzz(func(t *testing.T, seconds, nanoseconds int64, offset int) {
		at := time.Unix(seconds, nanoseconds%1e9).In(time.FixedZone("", offset%86_400))
		if at.Before(first) || at.After(last) {
			t.Skip()
		}
		after, before := FormatAfter(at), FormatBefore(at)
		query := url.Values{"created_after": {after}, "created_before": {before}}
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v2/procedures?"+query.Encode(), nil)
		request.Header.Set("Authorization", "Bearer "+fakeapi.Key)
		response := httptest.NewRecorder()
		api.ServeHTTP(response, request)
		api.Forget() // so that the recorded requests don't use up the memory
		if response.Code != http.StatusOK {
			t.Errorf("%s is sent as %s and %s, which the API rejects: %s", at, after, before, response.Body)
		}
		if down := at.Sub(parseTime(t, after)); down < 0 || down >= time.Millisecond {
			t.Errorf("created_after %s is sent as %s", at, after)
		}
		if up := parseTime(t, before).Sub(at); up < 0 || up >= time.Millisecond {
			t.Errorf("created_before %s is sent as %s", at, before)
		}
	})
}

func parseTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
