package tofupilot

import (
	"fmt"
	"strings"
	"time"
)

// Timestamp is the text that the server sent for an instant, and the instant, if
// the text is RFC 3339. Others are passed on all the same: times only sort.
type Timestamp struct {
	Text string
	Time time.Time

	unreadable bool
}

// Known reports whether there is an instant.
func (t *Timestamp) Known() bool { return t != nil && !t.unreadable }

// TextOrNil is the text, nil where there is no timestamp.
func (t *Timestamp) TextOrNil() *string {
	if t == nil {
		return nil
	}
	return &t.Text
}

// size is how many bytes the text takes.
func (t *Timestamp) size() int { return len(deref(t.TextOrNil())) }

// UnmarshalText takes any text.
func (t *Timestamp) UnmarshalText(text []byte) error {
	parsed, err := time.Parse(time.RFC3339, string(text))
	*t = Timestamp{Text: string(text), Time: parsed, unreadable: err != nil}
	return nil
}

// unreadable says which time of a row can't be read; nil: none.
func unreadable(field string, t *Timestamp) error {
	if t == nil || t.Known() {
		return nil
	}
	return fmt.Errorf("%s isn't a time in RFC 3339, and sorts last", field)
}

// instant is the time of a Timestamp without its text, which may be long.
type instant struct {
	time  time.Time
	known bool
}

func (t *Timestamp) instant() instant {
	if !t.Known() {
		return instant{}
	}
	return instant{t.Time, true}
}

// compare puts an instant that isn't known last.
func (i instant) compare(other instant) int {
	switch {
	case !i.known && !other.known:
		return 0
	case !i.known:
		return 1
	case !other.known:
		return -1
	}
	return i.time.Compare(other.time)
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

// FormatDuration is a duration as people write it: 5m rather than 5m0s.
func FormatDuration(duration time.Duration) string {
	text := duration.String()
	for _, unit := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, unit) {
			text = text[:len(text)-2]
		}
	}
	return text
}
