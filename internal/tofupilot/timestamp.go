package tofupilot

import (
	"strconv"
	"time"
)

// Timestamp is an instant together with the text that the server sent for it.
type Timestamp struct {
	Text string
	Time time.Time
}

// TextOrNil is the text, nil where there is no timestamp.
func (t *Timestamp) TextOrNil() *string {
	if t == nil {
		return nil
	}
	return &t.Text
}

// Known tells whether there is an instant.
func (t *Timestamp) Known() bool { return t != nil && !t.Time.IsZero() }

// UnmarshalText takes RFC 3339.
func (t *Timestamp) UnmarshalText(text []byte) (err error) {
	t.Text = string(text)
	if t.Time, err = time.Parse(time.RFC3339, t.Text); err != nil {
		return &timeError{t.Text}
	}
	return nil
}

// timeError is a text that should have been a time.
type timeError struct{ text string }

func (e *timeError) Error() string { return strconv.Quote(e.text) + " isn't a time in RFC 3339" }

// compareTimes puts a missing instant last.
func compareTimes(a, b *Timestamp) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Time.Compare(b.Time)
}

// timeFormat is the one form that every known server takes (API.md, Dates).
const timeFormat = "2006-01-02T15:04:05.000Z"

// FormatAfter is a time as created_after takes it: in milliseconds, rounded down
// so that nothing asked for is cut.
func FormatAfter(at time.Time) string {
	return at.UTC().Truncate(time.Millisecond).Format(timeFormat)
}

// FormatBefore is a time as created_before takes it: in milliseconds, rounded up.
func FormatBefore(at time.Time) string {
	return FormatAfter(at.Add(time.Millisecond - time.Nanosecond))
}
