package tofupilot

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// quota is a server's rate limit: whether a request that comes at this time, since
// the first one, is let through. It is asked for one request after the other.
type quota func(at time.Duration) bool

// perWindow lets so many through in each period: the counter starts again when it
// is over.
func perWindow(count int, period time.Duration) quota {
	window, used := time.Duration(-1), 0
	return func(at time.Duration) bool {
		if at/period != window {
			window, used = at/period, 0
		}
		used++
		return used <= count
	}
}

// perLast lets so many through in any period, however it is cut. A server may
// count those that it refuses, too.
func perLast(count int, period time.Duration, countsRefused bool) quota {
	var came []time.Duration
	return func(at time.Duration) bool {
		came = slices.DeleteFunc(came, func(before time.Duration) bool { return at-before >= period })
		ok := len(came) < count
		if ok || countsRefused {
			came = append(came, at)
		}
		return ok
	}
}

// bucket holds a number of tokens at most, and gets one per interval.
func bucket(size int, interval time.Duration) quota {
	tokens, filled := float64(size), time.Duration(0)
	return func(at time.Duration) bool {
		tokens = min(float64(size), tokens+float64(at-filled)/float64(interval))
		filled = at
		if tokens < 1 {
			return false
		}
		tokens--
		return true
	}
}

// limited is a fake API behind a rate limit, over a network on which each answer
// takes a tenth of a second, and a refusal no time.
type limited struct {
	api   http.Handler
	allow quota
	after string // Retry-After of a 429; empty: none

	mu      sync.Mutex
	begun   time.Time
	through int // requests
	refused int
}

func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !l.asks() {
		fakeapi.Status(429, `{"message": "Too many requests"}`, "Retry-After", l.after).ServeHTTP(w, r)
		return
	}
	l.api.ServeHTTP(w, r)
	select {
	case <-time.After(100 * time.Millisecond):
	case <-r.Context().Done():
	}
}

func (l *limited) asks() (ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ok = l.allow(time.Since(l.begun))
	if ok {
		l.through++
	} else {
		l.refused++
	}
	return ok
}

func (b *testbed) limit(allow quota) *limited {
	l := &limited{api: b.api, allow: allow, begun: time.Now()}
	b.client.http.Transport = withoutSockets{l}
	return l
}

// With the retries of the default and within the five minutes of timeouts.read, a
// list is read to its end wherever the server's pace allows that.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		rows   int
		quota  func() quota
		within time.Duration
	}{
		// 2,500 rows take 26 pages, and 10,000 rows 102.
		{"20 per 10 s", 2_500, func() quota { return perWindow(20, 10*time.Second) }, 30 * time.Second},
		{"20 in any 10 s, those refused included", 2_500, func() quota { return perLast(20, 10*time.Second, true) }, 40 * time.Second},
		{"1 per s", 10_000, func() quota { return bucket(1, time.Second) }, 5 * time.Minute},
		{"30 per minute", 10_000, func() quota { return perWindow(30, time.Minute) }, 5 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onTestbed(t, func(b *testbed) {
				server := b.limit(c.quota())
				b.client.maxRetries = DefaultMaxRetries
				ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
				defer cancel()
				rows, err := b.client.Procedures(ctx, Filter{})
				took := time.Since(b.begun)
				if err != nil || len(rows) != c.rows || took > c.within {
					b.Errorf("%d rows after %s, %v", len(rows), took, err)
				}
				b.Logf("%s: %d requests let through, %d refused", took.Round(time.Second), server.through, server.refused)
			}, fakeapi.Generate(c.rows, fakeapi.WithRepository)...)
		})
	}
}

// Where the pace doesn't allow it, the error tells of the deadline and of the 429s.
func TestRateTooSlow(t *testing.T) {
	t.Parallel()
	for name, quota := range map[string]func() quota{
		"10 per minute": func() quota { return perWindow(10, time.Minute) }, // at most 60 of 102 pages
		"1 per 5 s":     func() quota { return bucket(1, 5*time.Second) },
		"only the first": func() quota {
			return func(at time.Duration) bool { return at == 0 }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onTestbed(t, func(b *testbed) {
				b.limit(quota())
				cause := errors.New("time is up")
				ctx, cancel := context.WithTimeoutCause(b.Context(), 5*time.Minute, cause)
				defer cancel()
				_, err := b.client.Procedures(ctx, Filter{})
				failed := new(Error)
				if !errors.Is(err, cause) || !errors.As(err, &failed) || failed.Kind != RateLimited || failed.Message != "Too many requests" && failed.Status != 0 {
					b.Error(err)
				}
				if took := time.Since(b.begun); took != 5*time.Minute {
					b.Errorf("it took %s", took)
				}
			}, fakeapi.Generate(10_000, fakeapi.WithRepository)...)
		})
	}
}
