package tofupilot

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// FuzzTimesAsSent checks that the API accepts the formatted times (API.md, Dates), and that FormatAfter
// rounds down and FormatBefore rounds up, each by less than a millisecond.
func FuzzTimesAsSent(f *testing.F) {
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Date(2024, 1, 15, 10, 30, 0, 999_999_999, time.UTC), time.Date(2024, 2, 29, 23, 59, 59, 1, time.UTC),
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 998_999_999, time.UTC),
	} {
		f.Add(at.Unix(), int64(at.Nanosecond()), 0)
		f.Add(at.Unix(), int64(at.Nanosecond()), -14*3600)
	}
	first := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC) // FormatBefore can't round up a later time
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

// TestInvalidTimes checks that parseTimestamp returns the variable never for a text that isn't a time
// in RFC 3339, and that a procedure's CreatedAt keeps such a text.
func TestInvalidTimes(t *testing.T) {
	t.Parallel()
	for _, invalid := range []string{"", "yesterday", "2024-01-15", "2024-01-15T10:30Z", "2024-01-15T10:30:00", "2024-01-15T10:30:00+0000", "2024-02-30T00:00:00Z"} {
		if got := parseTimestamp(&invalid); got != never {
			t.Errorf("%q is parsed as %s", invalid, got)
		}
	}
	procedures := readProcedures(t, `{"data": [{"id": "a", "created_at": "yesterday"}], "meta": {"has_more": false}}`)
	if got := *procedures[0].CreatedAt; got != "yesterday" {
		t.Errorf("got the time %q, want yesterday", got)
	}
}
