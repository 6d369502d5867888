package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// newSlowClient makes the fake API take a second for each response, and returns a client of it.
func newSlowClient(t *testing.T, api *fakeapi.Server) *Client {
	t.Helper()
	api.Delay(time.Second)
	return newClient(t, "https://tofupilot.invalid", withTransport(harness.HandlerTransport{Handler: api}))
}

// unsearchableProcedures returns procedures with the names 一, 丁 and so on. A lookup of such a name
// reads the list, because a name without ASCII letters and digits can't be searched for.
func unsearchableProcedures(count int) []fakeapi.Procedure {
	procedures := numberedProcedures(count)
	for i := range procedures {
		procedures[i].Name = string(rune('一' + i))
	}
	return procedures
}

// TestLookupsReadListInTurn checks that concurrent lookups of a client read the list one after the
// other, and that each of them reads the whole list.
func TestLookupsReadListInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		procedures := unsearchableProcedures(1_000)
		api := fakeapi.New(procedures...)
		client := newSlowClient(t, api)
		lookUpFirst := func(count int) (requests int, duration time.Duration) {
			api.Forget()
			start := time.Now()
			var lookups sync.WaitGroup
			for _, procedure := range procedures[:count] {
				lookups.Go(func() {
					if found, err := lookUpOne(t.Context(), client, ByName, procedure.Name); err != nil || found.ID != procedure.ID {
						t.Errorf("%s: %v, %v", procedure.Name, found, err)
					}
				})
			}
			lookups.Wait()
			return len(api.Requests()), time.Since(start)
		}
		requestsOfOne, durationOfOne := lookUpFirst(1)
		requests, duration := lookUpFirst(50)
		if requests != 50*requestsOfOne || duration != 50*durationOfOne {
			t.Errorf("50 lookups took %d requests and %s, want 50 times the %d requests and %s of one", requests, duration, requestsOfOne, durationOfOne)
		}
	})
}

// TestDeadlineWhileWaitingForList checks that a lookup ends at its deadline, even while it waits for
// another lookup to finish reading the list.
func TestDeadlineWhileWaitingForList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newSlowClient(t, fakeapi.New(unsearchableProcedures(1_000)...))
		go func() { _, _ = lookUpOne(t.Context(), client, ByName, "一") }()
		synctest.Wait() // until the lookup above has requested its first page
		cause := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, cause) // the list takes more than two seconds
		defer cancel()
		start := time.Now()
		if _, err := lookUpOne(ctx, client, ByName, "丁"); !errors.Is(err, cause) || time.Since(start) != 2*time.Second {
			t.Errorf("got %v after %s, want %v after 2s", err, time.Since(start), cause)
		}
	})
}

// TestSessionMemory checks that a lookup reserves memory for the rows that it keeps, until the session
// is closed.
func TestSessionMemory(t *testing.T) {
	t.Parallel()
	names := []string{"Procedure 00000", "Procedure 00001"}
	for what, c := range map[string]struct {
		procedures []fakeapi.Procedure
		keptRows   int64 // at least
	}{
		"whole list, for missing names": {unsearchableProcedures(300), 300},
		"first page":                    {numberedProcedures(2), 2},
		"searches":                      {numberedProcedures(150), 2},
	} {
		client, _ := newFakeClient(t, c.procedures...)
		session := client.NewSession()
		_, err := session.Lookup(t.Context(), ByName, names)
		if err != nil && !errors.As(err, new(*LookupError)) {
			t.Fatal(err)
		}
		if used := client.memory.Used(); used < c.keptRows*rowOverhead {
			t.Errorf("%s: %d bytes are reserved for %d rows", what, used, c.keptRows)
		}
		session.Close()
		if used := client.memory.Used(); used != 0 {
			t.Errorf("%s: %d bytes are reserved after the session", what, used)
		}
	}
}

// TestDroppedSearches checks that only the first lookup of a client waits ten seconds for its search
// if a firewall drops searches.
func TestDroppedSearches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(numberedProcedures(1_000)...)
		respondToSearches(api, harness.NoResponse)
		// Even with retries, a search isn't sent again after a timeout.
		client := newClient(t, "https://tofupilot.invalid", withTransport(harness.HandlerTransport{Handler: api}), withRetries(3))
		for i, want := range []time.Duration{10 * time.Second, 0, 0} {
			name := fmt.Sprintf("Procedure %05d", i)
			start := time.Now()
			if found, err := lookUpOne(t.Context(), client, ByName, name); err != nil || *found.Name != name {
				t.Errorf("lookup %d: got %v, %v", i, found, err)
			}
			if took := time.Since(start); took != want {
				t.Errorf("lookup %d took %s, want %s", i, took, want)
			}
		}
	})
}
