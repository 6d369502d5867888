package tofupilot

import (
	"time"
)

// never is the instant of a row without a time that can be read. It is later than all that
// RFC 3339 can write, so such rows sort last.
var never = time.Date(10_001, time.January, 1, 0, 0, 0, 0, time.UTC)

// instantOf is when a time of a server is. Times are passed on as the server writes them,
// and only sort by their instants.
func instantOf(text *string) time.Time {
	if text == nil {
		return never
	}
	at, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return never
	}
	return at
}

// timeFormat is the one form that every known server takes (API.md, Dates).
const timeFormat = "2006-01-02T15:04:05.000Z"

// FormatAfter is a time as created_after takes it: in milliseconds, rounded down
// so that nothing asked for is cut.
func FormatAfter(at time.Time) string {
	return at.UTC().Truncate(time.Millisecond).Format(timeFormat)
}

// FormatBefore is a time as created_before takes it: in milliseconds, rounded up, but not
// into the year 10000, which has too many digits.
func FormatBefore(at time.Time) string {
	up := at.Add(time.Millisecond - time.Nanosecond)
	if up.UTC().Year() > 9999 {
		up = at
	}
	return FormatAfter(up)
}
