package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxRetryAfter is the longest Retry-After: longer ones count as this.
const MaxRetryAfter = 365 * 24 * time.Hour

// lastInterval bounds the pauses between attempts, where the server doesn't ask for
// another: they are up to twice as long.
const lastInterval = 10 * time.Second

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// waitedOut is why a context ended and, if there is one, the failure that was waited out.
func waitedOut(ended error, failed *Error) error {
	if failed == nil {
		return ended
	}
	return fmt.Errorf("%w; before that: %w", ended, failed)
}

// retryAfter reads the header of the same name: seconds or an HTTP date. The
// pause is between zero and MaxRetryAfter, and zero where the header is missing
// or can't be read.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	// A number out of range is read as the largest.
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(MaxRetryAfter/time.Second))) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now.Truncate(time.Second)), 0), MaxRetryAfter) // rounded up to a second, to be read by people
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
