package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// slowly makes a client whose requests to the fake take a second.
func slowly(t *testing.T, api *fakeapi.Server) *Client {
	t.Helper()
	api.Delay(time.Second)
	return clientAt(t, "https://tofupilot.invalid", overTransport(withoutSockets{api}), withRetries(2))
}

// ideographs are names that no search is made for, from 一 on.
func ideographs(count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = string(rune('一' + i))
	}
	return names
}

func storedIdeographs(count int) []fakeapi.Procedure {
	procedures := numberedProcedures(count)
	for i, name := range ideographs(count) {
		procedures[i].Name = name
	}
	return procedures
}

func TestLookupsShareReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(storedIdeographs(1_000)...)
		client := slowly(t, api)
		if _, err := lookUpOne(t.Context(), client, ByName, "一"); err != nil {
			t.Fatal(err)
		}
		alone := len(api.Requests())
		var found atomic.Int64
		for _, name := range ideographs(50) {
			go func() {
				if p, err := lookUpOne(t.Context(), client, ByName, name); err == nil && *p.Name == name {
					found.Add(1)
				}
			}()
		}
		time.Sleep(time.Hour)
		if found.Load() != 50 {
			t.Errorf("%d of 50 were found", found.Load())
		}
		if requests := len(api.Requests()) - alone; requests > 3*alone {
			t.Errorf("50 lookups took %d requests, and one alone %d", requests, alone)
		}
	})
}

func TestLookupSharesNoEarlierRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(storedIdeographs(300)...)
		client := slowly(t, api)
		go func() { _, _ = lookUpOne(t.Context(), client, ByName, "一") }()
		time.Sleep(1500 * time.Millisecond) // the first page is read
		api.Delete("id-00000", "id-00001")
		api.Add(fakeapi.Procedure{ID: "new", Name: "新"})
		if p, err := lookUpOne(t.Context(), client, ByName, "新"); err != nil || p.ID != "new" {
			t.Errorf("got %v, %v", p, err)
		}
		if _, err := lookUpOne(t.Context(), client, ByName, "一"); !errors.As(err, new(*LookupError)) {
			t.Errorf("got %v", err)
		}
	})
}

// Rows are counted until the last lookup that uses them is done: here one that read alone,
// and two that share a read.
func TestLookupRowsCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, done := slowly(t, fakeapi.New(storedIdeographs(300)...)), make([]func(), 3)
		var lookups sync.WaitGroup
		for i := range done {
			lookups.Go(func() {
				var err error
				if _, done[i], err = client.find(t.Context(), ByName, map[string]bool{"無": true}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		lookups.Wait()
		for i, readsLeft := range []int64{2, 1, 1, 0} {
			if i > 0 {
				done[i-1]()
			}
			if held, least := client.memory.Used(), readsLeft*300*heldPerRow; held < least || held > 2*least {
				t.Errorf("with %d done, %d bytes are counted, want %d or a little more", i, held, least)
			}
		}
	})
	for _, stored := range []int{2, 150} { // one page, and searches
		client, _ := lookUpIn(t, numberedProcedures(stored)...)
		_, done, err := client.find(t.Context(), ByName, map[string]bool{"Procedure 00000": true, "Procedure 00001": true})
		if err != nil || client.memory.Used() < 2*heldPerRow {
			t.Fatalf("of %d: %d bytes are counted, %v", stored, client.memory.Used(), err)
		}
		if done(); client.memory.Used() != 0 {
			t.Errorf("of %d: %d bytes are counted after the lookup", stored, client.memory.Used())
		}
	}
}

// Who shares a read shares its failures, but not the time that the one who reads has.
func TestSharedReadEnds(t *testing.T) {
	t.Parallel()
	lookUpAll := func(t *testing.T, client *Client, timeouts ...time.Duration) []error {
		t.Helper()
		errs := make([]error, len(timeouts))
		var lookups sync.WaitGroup
		for i, timeout := range timeouts {
			lookups.Go(func() {
				ctx, cancel := context.WithTimeoutCause(t.Context(), timeout, errors.New("its time is up"))
				defer cancel()
				_, errs[i] = lookUpOne(ctx, client, ByName, ideographs(10)[i])
			})
			synctest.Wait()
		}
		lookups.Wait()
		return errs
	}
	synctest.Test(t, func(t *testing.T) {
		// The first reads alone, the second for all others; it ends while it reads, the third while it waits.
		errs := lookUpAll(t, slowly(t, fakeapi.New(storedIdeographs(1_000)...)), time.Hour, 6*time.Second, 2*time.Second, time.Hour, time.Hour)
		for i, ended := range []bool{false, true, true, false, false} {
			if (errs[i] != nil) != ended {
				t.Errorf("lookup %d: %v", i, errs[i])
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(storedIdeographs(300)...)
		api.Fail(fakeapi.Status(http.StatusForbidden, `{"message": "no"}`))
		for i, err := range lookUpAll(t, slowly(t, api), time.Hour, time.Hour, time.Hour, time.Hour) {
			if failed := new(rest.Error); !errors.As(err, &failed) || failed.Status != http.StatusForbidden {
				t.Errorf("lookup %d: %v", i, err)
			}
		}
		if requests := len(api.Requests()); requests != 2 {
			t.Errorf("%d requests", requests)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(storedIdeographs(300)...)
		wait := fakeapi.Status(http.StatusTooManyRequests, `{"message": "no"}`)
		api.Fail(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "600")
			wait.ServeHTTP(w, r)
		}), 3)
		errs := lookUpAll(t, slowly(t, api), time.Hour, time.Minute, time.Hour)
		for i, fails := range []bool{false, true, false} {
			if (errs[i] != nil) != fails {
				t.Errorf("lookup %d: %v", i, errs[i])
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api, moves := fakeapi.New(storedIdeographs(300)...), atomic.Int64{}
		api.Before(func(fakeapi.Request) { // a list that keeps changing
			api.Add(fakeapi.Procedure{ID: fmt.Sprint("new-", moves.Add(1)), CreatedAt: time.Now()})
		})
		for i, err := range lookUpAll(t, slowly(t, api), 30*time.Second, time.Minute, 61*time.Second) {
			if list := new(ListError); !errors.As(err, &list) || list.Change == nil {
				t.Errorf("lookup %d isn't told why: %v", i, err)
			}
		}
	})
}
