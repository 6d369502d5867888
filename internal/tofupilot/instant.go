package tofupilot

import (
	"fmt"
	"strings"
	"time"
)

// instant is when a time of a server is. Times are passed on as the server writes them,
// and only sort by their instants: one that isn't RFC 3339 isn't known.
type instant struct {
	time  time.Time
	known bool
}

func instantOf(text *string) instant {
	if text == nil {
		return instant{}
	}
	parsed, err := time.Parse(time.RFC3339, *text)
	return instant{parsed, err == nil}
}

// unreadable says that the time of a row can't be read; nil: it can, or there is none.
func unreadable(field string, text *string) error {
	if text == nil || instantOf(text).known {
		return nil
	}
	return fmt.Errorf("%s isn't a time in RFC 3339, and sorts last", field)
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
