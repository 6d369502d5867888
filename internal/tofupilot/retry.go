package tofupilot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// retry runs an attempt until it succeeds, fails for good, or has failed more than
// maxRetries times. What was refused for its rate doesn't count here: the limiter
// decides on it, and has the next attempt wait.
//
// Pauses grow exponentially and are drawn between zero and twice the current
// interval, so that clients that failed together don't come back together;
// Retry-After replaces them where it comes. It is waited for however long it is, or, where
// the context ends before, not at all.
func (c *Client) retry(ctx context.Context, attempt func(number int) error) error {
	var before error // of the attempt before
	failures, interval := 0, c.retryInterval
	for number := 1; ; number++ {
		err := attempt(number)
		failed := new(Error)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil && errors.As(err, &failed):
			return ended(ctx, failed)
		case ctx.Err() != nil:
			return ended(ctx, before)
		case !errors.As(err, &failed) || !failed.mayPass():
			return err
		}
		limited := failed.Kind() == RateLimited
		if !limited {
			failures++
		}
		if failures > c.maxRetries {
			return err
		}
		if failed.TimeLeft = tooLong(ctx, failed.RetryAfter); failed.TimeLeft > 0 {
			return err
		}
		before = err
		pause := cmp.Or(failed.RetryAfter, rand.N(2*interval))
		if limited {
			pause = c.limiter.closedFor()
		}
		c.log.WarnContext(ctx, "Trying a request again", "error", failed.Error(), "attempt", number, "pause", pause.Round(time.Millisecond).String())
		if limited {
			continue // the limiter has it wait
		}
		interval = min(2*interval, lastInterval)
		if sleep(ctx, pause) != nil {
			return ended(ctx, before)
		}
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ended is why a context ended, and the failure that was being waited out, if any.
func ended(ctx context.Context, before error) error {
	if before == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w; before that: %w", context.Cause(ctx), before)
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
	return min(max(date.Sub(now), 0), MaxRetryAfter)
}
