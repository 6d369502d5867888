package provider

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// TestParseTime checks that parseTime accepts RFC 3339 times, even with a comma before the fraction of
// the second, and keeps their digits up to nanoseconds.
func TestParseTime(t *testing.T) {
	t.Parallel()
	for value, wantUTC := range map[string]string{
		"2024-01-15T10:30:00Z":                "2024-01-15T10:30:00Z",
		"2024-01-15T10:30:00,5Z":              "2024-01-15T10:30:00.5Z",
		"2024-01-15T10:30:00.1234567899Z":     "2024-01-15T10:30:00.123456789Z",
		"2024-01-15T10:30:00+01:00":           "2024-01-15T09:30:00Z",
		"2024-01-15T10:30:00.123456789-05:30": "2024-01-15T16:00:00.123456789Z",
		"0000-01-01T00:00:00Z":                "0000-01-01T00:00:00Z",
		"9999-12-31T23:59:59.9999999Z":        "9999-12-31T23:59:59.9999999Z",
	} {
		got, err := parseTime(value)
		if err != nil {
			t.Errorf("%q: got error %v, want %s", value, err, wantUTC)
		} else if gotUTC := got.UTC().Format(time.RFC3339Nano); gotUTC != wantUTC {
			t.Errorf("%q: got %s, want %s", value, gotUTC, wantUTC)
		}
	}
}

// TestParseInvalidTime checks that the error of an invalid time says what is wrong with the time.
func TestParseInvalidTime(t *testing.T) {
	t.Parallel()
	const (
		wrongForm     = "isn't an RFC 3339 time"
		doesNotExist  = "is a day or a time that doesn't exist"
		wrongUTCYears = "outside the years 0000 to 9999 in UTC"
	)
	for value, wantErr := range map[string]string{
		"":                               wrongForm,
		"2024-01-15":                     wrongForm,
		"2024-01-15T10:30:00":            wrongForm,
		"2024-01-15t10:30:00z":           wrongForm,
		"2024-01-15T10:30:00Z\n":         wrongForm,
		"2024-01-15T10:30:00\u221201:00": wrongForm, // U+2212 is a minus sign, not a hyphen

		"2024-01-15T10:30:60Z": doesNotExist, // a leap second, which the API doesn't accept
		"2024-02-30T00:00:00Z": doesNotExist,

		"0000-01-01T00:00:00+00:01": wrongUTCYears,
		"9999-12-31T23:59:59-00:01": wrongUTCYears,
	} {
		if got, err := parseTime(value); err == nil || !strings.Contains(err.Error(), wantErr) {
			t.Errorf("%q: got %s, %v; want error %q", value, got, err, wantErr)
		}
	}
}

// FuzzParseTime compares parseTime with the fake API. parseTime must accept every time that the API
// accepts and whose year in UTC has four digits. A time that parseTime accepts must be
// sent in a form that the API accepts.
func FuzzParseTime(f *testing.F) {
	for _, value := range []string{
		"2024-01-15T10:30:00Z", "2024-01-15t10:30:00.5z", "2024-01-15T11:30:00.123456789+01:00", "2024-01-15T10:30:00.9999999999-14:00", "2024-02-29T23:59:59Z",
		"2023-02-29T00:00:00Z", "2024-01-15", "2024-01-15 10:30:00Z", "2024-01-15T10:30:00,5Z", "2024-01-15T1:30:00Z", "2024-01-15T10:30Z", "2024-01-15T24:00:00Z",
		"2024-01-15T10:30:60Z", "2024-01-15T10:30:00+24:00", "2024-01-15T10:30:00-00:00", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59.9995Z", "10000-01-01T00:00:00Z", "",
		"2024-01-15T10:30:00.Z", "٢٠٢٤-01-15T10:30:00Z", "2024-01-15T10:30:00.0000000000000000000000000000001Z", "2024-01-15T10:30:00Z\n",
	} {
		f.Add(value)
	}
	api := fakeapi.New()
	f.Fuzz(func(t *testing.T, value string) {
		parsed, err := parseTime(value)
		if err == nil {
			for _, sent := range []string{tofupilot.FormatAfter(parsed), tofupilot.FormatBefore(parsed)} {
				if !isAccepted(t, api, "created_after", sent) {
					t.Errorf("%q is sent as %q, which the API rejects", value, sent)
				}
			}
			return
		}
		if !parsed.IsZero() {
			t.Errorf("%q: got %s with an error", value, parsed)
		}
		if strings.Contains(err.Error(), "outside the years") {
			return
		}
		if isAccepted(t, api, "created_after", value) {
			t.Errorf("%q is rejected, but the API accepts it: %v", value, err)
		}
	})
}

// isAccepted reports whether the fake API accepts the value of a parameter (API.md, Parameters).
func isAccepted(t *testing.T, api *fakeapi.Server, parameter, value string) bool {
	t.Helper()
	status := harness.Get(t, api, "/api/v2/procedures", url.Values{parameter: {value}}).Code
	api.Forget() // the recorded request: fuzzing sends many
	return status == http.StatusOK
}

// FuzzCheckSearchQuery checks that the provider accepts a search query of 1 to 100 characters that
// isn't only white space. The fake API must agree, except on blank queries, which it accepts.
func FuzzCheckSearchQuery(f *testing.F) {
	for _, value := range []string{
		"", "a", " ", "FVT", "🔋", "\x00", "\xff", "ä\u0308", "a&limit=1#+%", "\v\u0085\u00a0\u2028\u3000",
		strings.Repeat("a", 100), strings.Repeat("a", 101), strings.Repeat("🔋", 100), strings.Repeat("🔋", 101),
	} {
		f.Add(value)
	}
	api := fakeapi.New()
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			t.Skip() // Terraform's strings are valid UTF-8
		}
		server := harness.Connect(t, Server("test")())
		diagnostics := server.Validate(t, "tofupilot_procedures", harness.Values{"search_query": value})
		accepted := len(diagnostics) == 0
		isBlank := strings.TrimSpace(value) == "" // also if it is empty
		want := !isBlank && utf8.RuneCountInString(value) <= 100
		if accepted != want {
			t.Errorf("%q: accepted %t, want %t: %s", value, accepted, want, harness.FormatDiagnostics(diagnostics))
		}
		if isBlank {
			return // the API accepts blank queries
		}
		if byAPI := isAccepted(t, api, "search_query", value); byAPI != want {
			t.Errorf("%q: accepted by the API %t, want %t", value, byAPI, want)
		}
	})
}
