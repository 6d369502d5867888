package tofupilot

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
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

// send starts requests of which each ends in this, or succeeds where it is nil.
func (c *crowd) send(t *testing.T, count int, end func(closings int)) {
	t.Helper()
	if end == nil {
		end = c.limiter.succeeded
	}
	for range count {
		c.all.Go(func() {
			closings, err := c.limiter.acquire(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.limiter.release()
			c.count(1)
			time.Sleep(time.Second)
			c.count(-1)
			end(closings)
		})
	}
}

// close closes it as a 429 does that asks for this long, or, where that is 0, for
// nothing.
func (c *crowd) close(retryAfter time.Duration) { _ = c.refuse(retryAfter) }

// refuse closes it and returns the error of the request that was refused.
func (c *crowd) refuse(retryAfter time.Duration) *Error {
	refused := &Error{Status: http.StatusTooManyRequests, RetryAfter: retryAfter}
	c.limiter.refused(c.limiter.closings, refused, 3)
	return refused
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
		c.close(10 * time.Second)
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
		c.close(time.Second)
		c.send(t, 5, func(int) {})
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
		c.close(10 * time.Second)
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
				c.close(pause)
			}
			c.send(t, 1, nil)
			c.all.Wait()
			if c.started[0] != 5*time.Second {
				t.Errorf("after closing for %s it opened after %s", pauses, c.started[0])
			}
		})
	}
}

// between holds a pause to be what it should be, or up to a quarter longer.
func between(t *testing.T, what string, pause, want time.Duration) {
	t.Helper()
	if pause < want || pause > want+want/4 {
		t.Errorf("%s: it is closed for %s, want %s to %s", what, pause, want, want+want/4)
	}
}

func TestPauseWithoutRetryAfterDoublesFromOneSecondToThirty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.limiter.succeeded(0)
		for _, seconds := range slices.Concat([]time.Duration{1, 2, 4, 8, 16}, slices.Repeat([]time.Duration{30}, 100)) {
			if refused := c.refuse(0); !refused.mayPass() {
				t.Fatal("it is given up, though a request succeeded")
			}
			between(t, "refused again", c.limiter.closedFor(), seconds*time.Second)
			time.Sleep(c.limiter.closedFor())
		}
		c.limiter.succeeded(c.limiter.closings)
		c.close(0)
		between(t, "refused after a success", c.limiter.closedFor(), time.Second)
	})
}

func TestRefusalsOfRequestsFromBeforeItClosedCountAsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		for range 8 {
			refused := &Error{Status: http.StatusTooManyRequests}
			c.limiter.refused(0, refused, 3)
			if !refused.mayPass() {
				t.Error("it is given up")
			}
		}
		between(t, "refused eight times at once", c.limiter.closedFor(), time.Second)
		time.Sleep(c.limiter.closedFor())
		c.limiter.refused(0, &Error{Status: http.StatusTooManyRequests}, 3) // an answer that took long
		if closed := c.limiter.closedFor(); closed > 0 {
			t.Errorf("a late answer closes it for %s", closed)
		}
		c.close(0)
		between(t, "refused again", c.limiter.closedFor(), 2*time.Second)
	})
}

// Nobody waits for a server that lets nothing through, whoever was refused.
func TestEveryoneGivesUpAfterSoManyClosingsWithoutASuccess(t *testing.T) {
	t.Parallel()
	for retries := range 5 {
		synctest.Test(t, func(t *testing.T) {
			l, refusals := newLimiter(), make(chan *Error, 20)
			begun, sent := time.Now(), new(atomic.Int64)
			for range 20 {
				go func() {
					for {
						closings, err := l.acquire(t.Context())
						if refused := new(Error); errors.As(err, &refused) {
							refusals <- refused
							return
						}
						sent.Add(1)
						refused := &Error{Status: http.StatusTooManyRequests}
						time.Sleep(time.Millisecond)
						l.refused(closings, refused, retries)
						l.release()
						if !refused.mayPass() {
							refusals <- refused
							return
						}
					}
				}()
			}
			for range 20 {
				if refused := <-refusals; refused.Status != http.StatusTooManyRequests || refused.mayPass() {
					t.Errorf("%d retries: %v", retries, refused)
				}
			}
			if want := int64(maxInFlight + retries); sent.Load() != want { // all at once, and then one after each pause
				t.Errorf("%d retries: %d requests were sent, want %d", retries, sent.Load(), want)
			}
			nominal := time.Duration(1<<retries-1)*time.Second + time.Duration(retries+1)*time.Millisecond
			if took := time.Since(begun); took < nominal || took > nominal+nominal/4 {
				t.Errorf("%d retries: it took %s, want %s to a quarter more", retries, took, nominal)
			}
		})
	}
}

func TestWhoCannotWaitAsLongAsTheServerAsksIsToldAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.close(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_, err := c.limiter.acquire(ctx)
		refused := new(Error)
		if !errors.As(err, &refused) || refused.RetryAfter != time.Hour || refused.TimeLeft != 5*time.Minute || refused.mayPass() {
			t.Errorf("it is told %+v", refused)
		}
		if took := time.Since(c.born); took > 0 {
			t.Errorf("it was told after %s", took)
		}
		longer, cancel := context.WithTimeout(t.Context(), 61*time.Minute)
		defer cancel()
		if _, err := c.limiter.acquire(longer); err != nil || time.Since(c.born) != time.Hour {
			t.Errorf("one that has the time: %v after %s", err, time.Since(c.born))
		}
	})
}

func TestWaitingEndsWithTheContextAndTakesNoPlace(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(*crowd){
		"closed": func(c *crowd) { c.close(0); c.limiter.closedUntil = time.Now().Add(time.Hour) },
		"full":   func(c *crowd) { c.limiter.inFlight = maxInFlight },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, cause := newCrowd(), errors.New("enough")
				fill(c)
				before := c.limiter.inFlight
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
				defer cancel()
				_, err := c.limiter.acquire(ctx)
				if !errors.Is(err, cause) || errors.As(err, new(*Error)) != (name == "closed") {
					t.Errorf("the error is %v", err)
				}
				if took := time.Since(c.born); took != time.Second || c.limiter.inFlight != before {
					t.Errorf("it took %s, and %d places", took, c.limiter.inFlight-before)
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
	if _, err := l.acquire(ctx); !errors.Is(err, context.Canceled) || l.inFlight != 0 {
		t.Errorf("%v, with %d in flight", err, l.inFlight)
	}
}
