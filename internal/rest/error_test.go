package rest

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestErrorPeriod checks that the period at the end of a Windows error is removed, because more text
// follows it.
func TestErrorPeriod(t *testing.T) {
	t.Parallel()
	failed := &Error{Err: errors.New("the target machine actively refused it."), Attempts: 3}
	if got := failed.Error(); !strings.HasSuffix(got, "actively refused it (after 3 attempts)") {
		t.Errorf("got %q", got)
	}
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	for duration, want := range map[time.Duration]string{
		0: "0s", 200 * time.Millisecond: "200ms", 30 * time.Second: "30s", 5 * time.Minute: "5m", 70 * time.Second: "1m10s",
		time.Hour: "1h", 10*time.Hour + 10*time.Minute: "10h10m", time.Hour + time.Second: "1h0m1s", 24 * time.Hour: "24h",
	} {
		if got := FormatDuration(duration); got != want {
			t.Errorf("%s: got %s, want %s", duration, got, want)
		}
	}
}
