package tofupilot

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

const fuzzKey = "tp_0123456789abcdef"

func FuzzDecodePage(f *testing.F) {
	const item = `{"id":"a","name":"FVT","created_at":"2024-01-15T10:30:00.000Z","created_by_user":{"id":"u","name":null,"email":"e"}`
	for _, body := range []string{
		`{"data":[],"meta":{"has_more":false,"next_cursor":null}}`,
		`{"data":[` + item + `,"linkedRepository":{"id":"r","name":"n","fullName":"o/n","provider":"github"}}],"meta":{"has_more":true,"next_cursor":100}}`,
		`{"data":[` + item + `,"runs":[{"id":"r","outcome":"PASS","started_at":"2024-01-15T14:30:00Z","unit":{"id":"s"}}],"fpy":85.5}],"meta":{"has_more":true,"next_cursor":1.0}}`,
		`{"data":[{"id":"` + fuzzKey + `","created_at":"` + fuzzKey + `"}],"meta":{"has_more":true,"next_cursor":"` + fuzzKey + `"}}`,
		`{"data":[{"id":7},{}],"meta":{"has_more":"yes","next_cursor":{}}}`, `{"data":null,"meta":null}`, `[]`, `null`, ``, ` `, "\uFEFF{}", "<html>", "{\"data\":[\x00]}",
		`{"data":[{"id":"a","runs":null,"fpy":1e400}],"meta":{"has_more":false,"next_cursor":-0.0}}`, strings.Repeat("[", 10_001),
		`{"data":[{"id":"right","ID":"wrong","x":[{"y":1,"\u0079":2}]}],"meta":{"has_more":true,"HAS_MORE":false}}`,
		`{"data":[{"id":"a"}],"data":[{}],"meta":{"has_more":true,"has_more":false},"Data":7}`,
		`{"data":[` + strings.Repeat(`{"id":"a"},`, maxPageRows) + `{"id":"b"}],"meta":{"has_more":false}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decodePage(t.Context(), body, func(p *Procedure) (Row, int) {
			if created := p.CreatedAt; parseTimestamp(created) != never && !rfc3339Like.MatchString(*created) {
				t.Errorf("%q is parsed as a time", *created)
			}
			return Row{ID: p.ID}, 0
		}, new(rest.Budget).Share())
		if err != nil {
			if got.Rows != nil || err.Error() == "" {
				t.Errorf("page %v and error %q", got, err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Errorf("%q is decoded as a page", body)
		}
		if name, ok := duplicateName(json.NewDecoder(bytes.NewReader(body))); ok {
			t.Errorf("%q has the duplicate name %q", body, name)
		}
		// Unlike a struct, a map has the names in their exact case.
		var exact map[string]json.RawMessage
		var items []map[string]json.RawMessage
		if json.Unmarshal(body, &exact) != nil || json.Unmarshal(exact["data"], &items) != nil || len(items) != len(got.Rows) || len(items) > maxPageRows {
			t.Fatalf("%d rows of %q", len(got.Rows), body)
		}
		for i, row := range got.Rows {
			var id string
			if err := json.Unmarshal(items[i]["id"], &id); err != nil || id == "" || row.ID != id {
				t.Errorf("row %d of %q has the ID %q", i, body, row.ID)
			}
		}
		var again cursor
		if _, err := strconv.Atoi(got.Next); err == nil && len(got.Next) < 16 {
			if err := again.UnmarshalJSON([]byte(strconv.Quote(got.Next))); err != nil || string(again) != got.Next {
				t.Errorf("cursor %q is decoded as %q, %v", got.Next, again, err)
			}
		}
	})
}

// duplicateName returns a name that an object of a valid JSON text has twice.
func duplicateName(text *json.Decoder) (string, bool) {
	type level struct {
		object, afterName bool // whether it is an object, and whether the last token was a name of it
		names             map[string]bool
	}
	levels := []level{{}}
	for {
		token, err := text.Token()
		if err != nil {
			return "", false
		}
		top := &levels[len(levels)-1]
		switch name, isText := token.(string); {
		case token == json.Delim('}') || token == json.Delim(']'):
			levels = levels[:len(levels)-1]
			continue
		case top.object && !top.afterName && isText:
			if top.names[name] {
				return name, true
			}
			top.names[name], top.afterName = true, true
			continue
		}
		top.afterName = false
		if token == json.Delim('{') || token == json.Delim('[') {
			levels = append(levels, level{object: token == json.Delim('{'), names: map[string]bool{}})
		}
	}
}

var rfc3339Like = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d?:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)$`)

// FuzzTimesAsSent checks that the API accepts the formatted times (API.md, Dates), and that
// rounding extends the range by less than a millisecond.
func FuzzTimesAsSent(f *testing.F) {
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Date(2024, 1, 15, 10, 30, 0, 999_999_999, time.UTC), time.Date(2024, 2, 29, 23, 59, 59, 1, time.UTC),
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 998_999_999, time.UTC),
	} {
		f.Add(at.Unix(), int64(at.Nanosecond()), 0)
		f.Add(at.Unix(), int64(at.Nanosecond()), -14*3600)
	}
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
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
		api.Forget()
		if response.Code != http.StatusOK {
			t.Errorf("%s is sent as %s and %s, which the API rejects: %s", at, after, before, response.Body)
		}
		for text, rounded := range map[string]func(time.Time) time.Duration{
			after:  at.Sub,
			before: func(sent time.Time) time.Duration { return sent.Sub(at) },
		} {
			sent, err := time.Parse(time.RFC3339, text)
			if by := rounded(sent); err != nil || by < 0 || by >= time.Millisecond {
				t.Errorf("%s is sent as %s: %v", at, text, err)
			}
		}
	})
}
