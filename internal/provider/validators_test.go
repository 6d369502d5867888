package provider

import (
	"strings"
	"testing"
	"time"
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
