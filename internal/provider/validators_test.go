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

func TestParseTime(t *testing.T) {
	t.Parallel()
	const form, day, years = "isn't an RFC 3339 time", "is a day or a time that doesn't exist", "outside the years 0000 to 9999 in UTC"
	for value, want := range map[string]string{ // want is the time in UTC, or part of the error
		"2024-01-15T10:30:00Z":                "2024-01-15T10:30:00Z",
		"2024-01-15T10:30:00,5Z":              "2024-01-15T10:30:00.5Z",
		"2024-01-15T10:30:00.1234567899Z":     "2024-01-15T10:30:00.123456789Z",
		"2024-01-15T10:30:00+01:00":           "2024-01-15T09:30:00Z",
		"2024-01-15T10:30:00.123456789-05:30": "2024-01-15T16:00:00.123456789Z",
		"0000-01-01T00:00:00Z":                "0000-01-01T00:00:00Z",
		"9999-12-31T23:59:59.9999999Z":        "9999-12-31T23:59:59.9999999Z",

		"":                               form,
		"2024-01-15":                     form,
		"2024-01-15T10:30:00":            form,
		"2024-01-15t10:30:00z":           form,
		"2024-01-15T10:30:00Z\n":         form,
		"2024-01-15T10:30:00\u221201:00": form, // a minus sign, not a hyphen

		"2024-01-15T10:30:60Z": day, // a leap second, which the API doesn't take
		"2024-02-30T00:00:00Z": day,

		"0000-01-01T00:00:00+00:01": years,
		"9999-12-31T23:59:59-00:01": years,
	} {
		checkTime(t, value, want)
	}
}

func checkTime(t *testing.T, value, want string) {
	t.Helper()
	got, err := parseTime(value)
	wanted, invalid := time.Parse(time.RFC3339, want)
	switch {
	case invalid == nil && err != nil:
		t.Errorf("%q: %v, want %s", value, err, want)
	case invalid == nil && !got.Equal(wanted):
		t.Errorf("%q: %s, want %s", value, got.UTC().Format(time.RFC3339Nano), want)
	case invalid != nil && err == nil:
		t.Errorf("%q: %s, want an error: %s", value, got, want)
	case invalid != nil && !strings.Contains(err.Error(), want):
		t.Errorf("%q: %v, want an error: %s", value, err, want)
	}
}

// isAccepted reports whether the fake accepts the value of a parameter (API.md, Parameters).
func isAccepted(t *testing.T, api *fakeapi.Server, parameter, value string) bool {
	t.Helper()
	status := harness.RequestStatus(t, api, url.Values{parameter: {value}})
	api.Forget()
	return status == http.StatusOK
}

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
		if err != nil {
			if !parsed.IsZero() {
				t.Errorf("%q: got %s with an error", value, parsed)
			}
			// The provider accepts all times that the API accepts, except those whose year in
			// UTC doesn't have four digits.
			if outside := strings.Contains(err.Error(), "outside the years"); !outside && isAccepted(t, api, "created_after", value) {
				t.Errorf("%q is rejected, but the API accepts it: %v", value, err)
			}
			return
		}
		for _, sent := range []string{tofupilot.FormatAfter(parsed), tofupilot.FormatBefore(parsed)} {
			if !isAccepted(t, api, "created_after", sent) {
				t.Errorf("%q is sent as %q, which the API rejects", value, sent)
			}
		}
	})
}

func FuzzCheckSearchQuery(f *testing.F) {
	for _, value := range []string{"", "a", " ", "FVT", "🔋", strings.Repeat("a", 100), strings.Repeat("a", 101), strings.Repeat("🔋", 100), strings.Repeat("🔋", 101), "\x00", "\xff", "ä\u0308", "a&limit=1#+%"} {
		f.Add(value)
	}
	f.Add("\v\u0085\u00a0\u2028\u3000")
	api := fakeapi.New()
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			t.Skip() // Terraform's strings are valid UTF-8
		}
		server := harness.Connect(t, Server("test")())
		diagnostics := server.Validate(t, "tofupilot_procedures", harness.Values{"search_query": value})
		blank := strings.TrimSpace(value) == ""
		if (len(diagnostics) == 0) != (!blank && utf8.RuneCountInString(value) <= 100) || !blank && (len(diagnostics) == 0) != isAccepted(t, api, "search_query", value) {
			t.Errorf("%q: %s", value, harness.FormatDiagnostics(diagnostics))
		}
	})
}
