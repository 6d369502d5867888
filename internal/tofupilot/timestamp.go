package tofupilot

import "time"

// never replaces a missing timestamp. It is later than any in RFC 3339, so that rows without a
// timestamp sort last.
var never = time.Date(10_001, time.January, 1, 0, 0, 0, 0, time.UTC)

// parseTimestamp parses a server's timestamp. It returns never if it can't be parsed.
func parseTimestamp(text *string) time.Time {
	if text == nil {
		return never
	}
	at, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return never
	}
	return at
}

// timeFormat is the only format that every known server accepts (API.md, Dates).
const timeFormat = "2006-01-02T15:04:05.000Z"

// FormatAfter formats a time for created_after: in UTC with milliseconds, rounded down so that
// the filter doesn't exclude too much.
func FormatAfter(at time.Time) string {
	return at.UTC().Truncate(time.Millisecond).Format(timeFormat)
}

// FormatBefore formats a time for created_before: in UTC with milliseconds, rounded up, but
// not into the year 10000, which has too many digits.
func FormatBefore(at time.Time) string {
	up := at.Add(time.Millisecond - time.Nanosecond)
	if up.UTC().Year() > 9999 {
		up = at
	}
	return FormatAfter(up)
}
