package tofupilot

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// crowd sends requests through a limiter that take a second each.
type crowd struct {
	limiter *limiter
	all     sync.WaitGroup

	mu             sync.Mutex
	inFlight, most int
	started        []time.Duration // since the crowd was made
	born           time.Time
}

func newCrowd() *crowd { return &crowd{limiter: newLimiter(), born: time.Now()} }

// send starts requests that end the way done says; nil is success.
func (c *crowd) send(t *testing.T, count int, done func(*limiter)) {
	t.Helper()
	for range count {
		c.all.Go(func() {
			if err := c.limiter.acquire(t.Context(), 1); err != nil {
				t.Error(err)
				return
			}
			defer c.limiter.release()
			c.count(1)
			time.Sleep(time.Second)
			c.count(-1)
			if done == nil {
				c.limiter.succeeded()
			} else {
				done(c.limiter)
			}
		})
	}
}

func (c *crowd) count(change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight += change
	c.most = max(c.most, c.inFlight)
	if change > 0 {
		c.started = append(c.started, time.Since(c.born))
	}
}

// startedBy is how many requests had started that long after the beginning.
func (c *crowd) startedBy(after time.Duration) (count int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, started := range c.started {
		if started <= after {
			count++
		}
	}
	return count
}

func TestEightRequestsAreInFlightWhateverTheNumberOfReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.send(t, 50, nil)
		c.all.Wait()
		if c.most != 8 {
			t.Errorf("%d requests were in flight", c.most)
		}
		if took := time.Since(c.born); took != 7*time.Second { // 50 by 8
			t.Errorf("it took %s: places stood empty", took)
		}
	})
}

func TestClosedLimiterHoldsEveryoneAndOpensWithOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.limiter.close(10 * time.Second)
		c.send(t, 40, nil)
		c.all.Wait()
		// Each success lets one more in: 1, 2, 4 and then 8 a second.
		for _, at := range []struct {
			seconds time.Duration
			started int
		}{{9, 0}, {10, 1}, {11, 3}, {12, 7}, {13, 15}, {14, 23}, {15, 31}, {16, 39}, {17, 40}} {
			if got := c.startedBy(at.seconds * time.Second); got != at.started {
				t.Errorf("%d requests had started after %d s, want %d", got, at.seconds, at.started)
			}
		}
		if c.most != 8 {
			t.Errorf("%d requests were in flight at most", c.most)
		}
	})
}

func TestFailuresDoNotOpenTheLimiterFurther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.limiter.close(time.Second)
		c.send(t, 5, func(*limiter) {})
		c.all.Wait()
		if took := time.Since(c.born); c.most != 1 || took != 6*time.Second {
			t.Errorf("%d in flight, over after %s", c.most, took)
		}
	})
}

func TestSuccessFromBeforeItClosedDoesNotOpenIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.send(t, 8, nil) // under way for a second
		time.Sleep(time.Second / 2)
		c.limiter.close(10 * time.Second)
		time.Sleep(time.Second)
		c.send(t, 8, nil)
		time.Sleep(9*time.Second + time.Second/4)
		if got := c.startedBy(time.Hour); got != 8+1 {
			t.Errorf("%d instead of one started when it opened", got-8)
		}
		c.all.Wait()
	})
}

func TestLimiterClosedTwiceOpensAfterTheLongerPause(t *testing.T) {
	t.Parallel()
	for _, pauses := range [][]time.Duration{{5 * time.Second, time.Second}, {time.Second, 5 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd()
			for _, pause := range pauses {
				c.limiter.close(pause)
			}
			c.send(t, 1, nil)
			c.all.Wait()
			if c.started[0] != 5*time.Second {
				t.Errorf("after closing for %s it opened after %s", pauses, c.started[0])
			}
		})
	}
}

func TestWaitingEndsWithTheContextAndTakesNoPlace(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(*limiter){
		"closed": func(l *limiter) { l.close(time.Hour) },
		"full":   func(l *limiter) { l.inFlight = maxInFlight },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, cause := newLimiter(), errors.New("enough")
				fill(l)
				before := l.inFlight
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
				defer cancel()
				begun := time.Now()
				if err := l.acquire(ctx, 1); !errors.Is(err, cause) {
					t.Errorf("the error is %v", err)
				}
				if took := time.Since(begun); took != time.Second || l.inFlight != before {
					t.Errorf("it took %s, and %d places", took, l.inFlight-before)
				}
			})
		})
	}
}

func TestEndedContextIsTurnedAwayThoughThereIsAPlace(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := newLimiter()
	if err := l.acquire(ctx, 1); !errors.Is(err, context.Canceled) || l.inFlight != 0 {
		t.Errorf("%v, with %d in flight", err, l.inFlight)
	}
}
