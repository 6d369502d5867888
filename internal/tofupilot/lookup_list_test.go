package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// newSlowClient returns a client of the fake, which takes a second for each response.
func newSlowClient(t *testing.T, api *fakeapi.Server) *Client {
	t.Helper()
	api.Delay(time.Second)
	return newClient(t, "https://tofupilot.invalid", withTransport(handlerTransport{api}), withRetries(2))
}

// ideographs returns names from 一 on. The client doesn't search for them, because they have no
// ASCII letter or digit; it reads the list.
func ideographs(count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = string(rune('一' + i))
	}
	return names
}

func ideographProcedures(count int) []fakeapi.Procedure {
	procedures := numberedProcedures(count)
	for i, name := range ideographs(count) {
		procedures[i].Name = name
	}
	return procedures
}

func TestConcurrentListReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(ideographProcedures(1_000)...)
		client := newSlowClient(t, api)
		start := time.Now()
		if _, err := lookUpOne(t.Context(), client, ByName, "一"); err != nil {
			t.Fatal(err)
		}
		alone, took := len(api.Requests()), time.Since(start)
		start = time.Now()
		var lookups sync.WaitGroup
		for _, name := range ideographs(50) {
			lookups.Go(func() {
				if found, err := lookUpOne(t.Context(), client, ByName, name); err != nil || *found.Name != name {
					t.Errorf("%s: %v, %v", name, found, err)
				}
			})
		}
		lookups.Wait()
		if requests, all := len(api.Requests())-alone, time.Since(start); requests != 50*alone || all != 50*took {
			t.Errorf("50 lookups took %d requests and %s, and a single one %d and %s", requests, all, alone, took)
		}
	})
}

func TestLookupDeadlineWhileAnotherReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(ideographProcedures(1_000)...)
		client := newSlowClient(t, api)
		go func() { _, _ = lookUpOne(t.Context(), client, ByName, "一") }()
		synctest.Wait()
		cause := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, cause)
		defer cancel()
		if _, err := lookUpOne(ctx, client, ByName, "丁"); !errors.Is(err, cause) {
			t.Error(err)
		}
	})
}

func TestSessionMemory(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		stored []fakeapi.Procedure
		name   string
		rows   int64 // that the lookup keeps
	}{
		"the list":   {ideographProcedures(300), "無", 300},
		"first page": {numberedProcedures(2), "Procedure 00000", 2},
		"searches":   {numberedProcedures(150), "Procedure 00000", 2},
	} {
		client, _ := newFakeClient(t, c.stored...)
		session := client.NewSession()
		_, err := session.Lookup(t.Context(), ByName, []string{c.name, "Procedure 00001"})
		if err != nil && !errors.As(err, new(*LookupError)) {
			t.Fatal(err)
		}
		if used := client.memory.Used(); used < c.rows*rowOverhead {
			t.Errorf("%s: %d bytes are reserved for %d rows", what, used, c.rows)
		}
		session.Close()
		if used := client.memory.Used(); used != 0 {
			t.Errorf("%s: %d bytes are reserved after the session", what, used)
		}
	}
}

// TestLookupsAfterAFailedSearch checks that after a search that was dropped or rejected, as by a
// firewall, the next lookup reads the list at once. After a 503, it searches again.
func TestLookupsAfterAFailedSearch(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		response http.Handler
		searches int // that two lookups send
	}{
		"no response":       {noResponse, 1},
		"closed connection": {fakeapi.HangUp(), 1},
		"HTML":              {okResponse("<html>Blocked</html>"), 1},
		"403":               {fakeapi.Status(403, "<html>Blocked</html>"), 1},
		"503":               {fakeapi.Status(503, `{"message": "no"}`), 2},
		"nothing found":     {okResponse(`{"data": [], "meta": {"has_more": false}}`), 2},
	} {
		api := fakeapi.New(numberedProcedures(150)...)
		client := newClient(t, newServer(t, api).String(), withRetries(1), func(config *rest.Config) { config.RequestTimeout = time.Second })
		failSearches(api, c.response)
		for _, name := range []string{"Procedure 00003", "Procedure 00149"} {
			if _, err := lookUpOne(t.Context(), client, ByName, name); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		searches := slices.DeleteFunc(listSearches(api), func(query string) bool { return !strings.HasPrefix(query, "Procedure") })
		if len(searches) != c.searches {
			t.Errorf("%s: searched for %q", what, searches)
		}
	}
}

// TestDroppedSearches checks that the first lookup takes ten seconds longer if a firewall drops
// searches, and that the others don't.
func TestDroppedSearches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(numberedProcedures(1_000)...)
		failSearches(api, noResponse)
		client := newClient(t, "https://tofupilot.invalid", withTransport(handlerTransport{api}), withRetries(3))
		for i, want := range []time.Duration{10 * time.Second, 0, 0} {
			start, name := time.Now(), fmt.Sprintf("Procedure %05d", i)
			found, err := lookUpOne(t.Context(), client, ByName, name)
			if took := time.Since(start); err != nil || *found.Name != name || took != want {
				t.Errorf("lookup %d: %v, %v after %s", i, found, err, took)
			}
		}
	})
}
