package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// maxRetryAfter is the longest pause that a server may ask for.
const maxRetryAfter = time.Minute

// pauseAfter429 keeps everyone waiting when a 429 doesn't say for how long.
const pauseAfter429 = time.Second

// retry runs an attempt until it succeeds, fails for good, or has been made
// maxRetries times more than once. Pauses grow exponentially and are drawn
// between zero and twice the current interval, so that clients that failed
// together don't come back together; Retry-After replaces them where it comes.
func (c *Client) retry(ctx context.Context, attempt func(number int) error) error {
	pauses := &backoff.ExponentialBackOff{
		InitialInterval:     c.retryInterval,
		MaxInterval:         10 * time.Second,
		Multiplier:          2,
		RandomizationFactor: 1,
	}
	var (
		number int
		failed error // of the last attempt that the context didn't end
	)
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		number++
		err := attempt(number)
		if err == nil || ctx.Err() == nil {
			failed = err
		}
		return struct{}{}, verdict(ctx, err)
	},
		backoff.WithBackOff(pauses),
		backoff.WithMaxTries(uint(c.maxRetries)+1),
		backoff.WithMaxElapsedTime(0), // the context has the deadline
		backoff.WithNotify(func(_ error, pause time.Duration) {
			if refused := new(Error); errors.As(failed, &refused) {
				pause = max(pause, refused.RetryAfter)
			}
			c.log.WarnContext(ctx, "Trying a request again",
				"error", failed.Error(), "attempt", number, "pause", pause.String())
		}),
	)
	switch ended := context.Cause(ctx); {
	case err == nil || ended == nil:
		return failed
	case failed == nil:
		return ended
	default:
		return fmt.Errorf("%w; before that: %w", ended, failed)
	}
}

// verdict says in the backoff library's words what follows from an attempt.
func verdict(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	failed := new(Error)
	if ctx.Err() != nil || !errors.As(err, &failed) || !failed.mayPass() {
		return backoff.Permanent(err)
	}
	if failed.RetryAfter == 0 {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < failed.RetryAfter {
		failed.WaitTooLong = true // waiting would be in vain
		return backoff.Permanent(err)
	}
	if failed.Kind() == RateLimited {
		return &backoff.RetryAfterError{} // the limiter is closed that long, and there it waits in front
	}
	return &backoff.RetryAfterError{Duration: failed.RetryAfter}
}

// retryAfter reads the header of the same name: seconds or an HTTP date. The
// pause is between zero and maxRetryAfter, and zero where the header is missing
// or can't be read.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	// A number out of range is read as the largest.
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxRetryAfter)
}
