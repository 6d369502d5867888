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

// slowly returns a client whose requests to the fake take a second.
func slowly(t *testing.T, api *fakeapi.Server) *Client {
	t.Helper()
	api.Delay(time.Second)
	return clientAt(t, "https://tofupilot.invalid", overTransport(withoutSockets{api}), withRetries(2))
}

// ideographs returns names from 一 on, which can't be searched for.
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

func TestLookupsReadTheListOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(storedIdeographs(1_000)...)
		client := slowly(t, api)
		begun := time.Now()
		if _, err := lookUpOne(t.Context(), client, ByName, "一"); err != nil {
			t.Fatal(err)
		}
		alone, took := len(api.Requests()), time.Since(begun)
		begun = time.Now()
		var lookups sync.WaitGroup
		for _, name := range ideographs(50) {
			lookups.Go(func() {
				if found, err := lookUpOne(t.Context(), client, ByName, name); err != nil || *found.Name != name {
					t.Errorf("%s: %v, %v", name, found, err)
				}
			})
		}
		lookups.Wait()
		if requests, all := len(api.Requests())-alone, time.Since(begun); requests != 50*alone || all != 50*took {
			t.Errorf("50 lookups took %d requests and %s, and one alone %d and %s", requests, all, alone, took)
		}
	})
}

func TestLookupEndsWhileAnotherReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(storedIdeographs(1_000)...)
		client := slowly(t, api)
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
		"the list":   {storedIdeographs(300), "無", 300},
		"first page": {numberedProcedures(2), "Procedure 00000", 2},
		"searches":   {numberedProcedures(150), "Procedure 00000", 2},
	} {
		client, _ := lookUpIn(t, c.stored...)
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

// A firewall that drops or refuses searches refuses the next one, too. A server that fails
// or limits requests may answer it.
func TestLookupsAfterAFailedSearch(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		response http.Handler
		searches int // of two lookups
	}{
		"silence":       {silence, 1},
		"reset":         {fakeapi.HangUp(), 1},
		"HTML":          {body("<html>Blocked</html>"), 1},
		"403":           {fakeapi.Status(403, "<html>Blocked</html>"), 1},
		"503":           {fakeapi.Status(503, `{"message": "no"}`), 2},
		"nothing found": {body(`{"data": [], "meta": {"has_more": false}}`), 2},
	} {
		api := fakeapi.New(numberedProcedures(150)...)
		client := clientAt(t, listen(t, api).String(), withRetries(1), func(config *rest.Config) { config.RequestTimeout = time.Second })
		refuseSearches(api, c.response)
		for _, name := range []string{"Procedure 00003", "Procedure 00149"} {
			if _, err := lookUpOne(t.Context(), client, ByName, name); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		searches := slices.DeleteFunc(searched(api), func(query string) bool { return !strings.HasPrefix(query, "Procedure") })
		if len(searches) != c.searches {
			t.Errorf("%s: searched for %q", what, searches)
		}
	}
}

// A firewall that drops searches costs the first lookup ten seconds, and the others nothing.
func TestSearchesAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(numberedProcedures(1_000)...)
		refuseSearches(api, silence)
		client := clientAt(t, "https://tofupilot.invalid", overTransport(withoutSockets{api}), withRetries(3))
		for i, want := range []time.Duration{10 * time.Second, 0, 0} {
			begun, name := time.Now(), fmt.Sprintf("Procedure %05d", i)
			found, err := lookUpOne(t.Context(), client, ByName, name)
			if took := time.Since(begun); err != nil || *found.Name != name || took != want {
				t.Errorf("lookup %d: %v, %v after %s", i, found, err, took)
			}
		}
	})
}
