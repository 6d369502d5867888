package tofupilot

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// namesCase is one lookup of several names, in a list that changes meanwhile.
type namesCase struct {
	procedures []fakeapi.Procedure
	asked      []string
	changes    []namesChange
	byActivity bool                // the list's order; else by creation
	finds      func(string) string // what the server searches for in place of what was asked
	refuses    bool                // every search
	travels    []time.Duration     // of requests and answers, by turns
}

// namesChange happens before one of the answers.
type namesChange struct {
	answer int
	kind   string // create, delete, move
	id     string // of the procedure that is created, or else that there is
	name   string // of the one that is created
}

func drawNamesCase(rt *rapid.T) *namesCase {
	c := &namesCase{byActivity: rapid.Bool().Draw(rt, "by activity"), refuses: rapid.IntRange(0, 7).Draw(rt, "7 refuses") == 7}
	c.finds = rapid.SampledFrom([]func(string) string{nil, nil, nil, tooWide, blind}).Draw(rt, "search")
	rows := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(90, 110), rapid.IntRange(101, 450)).Draw(rt, "rows")
	for i := range rows {
		name := i
		if rapid.IntRange(0, 63).Draw(rt, "63 has the name of another") == 63 {
			name = rapid.IntRange(0, i).Draw(rt, "of")
		}
		c.procedures = append(c.procedures, fakeapi.Procedure{ID: fmt.Sprint("id-", i), Name: fmt.Sprint("Name ", name), CreatedAt: createdAt(i)})
	}
	stored := rapid.Bool().Draw(rt, "all names are stored") && rows > 0
	for range rapid.IntRange(1, 12).Draw(rt, "names") {
		if stored {
			c.asked = append(c.asked, rapid.SampledFrom(c.procedures).Draw(rt, "stored name").Name)
			continue
		}
		c.asked = append(c.asked, fmt.Sprint("Name ", rapid.IntRange(0, rows+rows/8+1).Draw(rt, "name")))
	}
	for i := range rapid.IntRange(0, 12).Draw(rt, "changes") {
		change := namesChange{
			answer: rapid.IntRange(1, 10).Draw(rt, "before answer"),
			kind:   rapid.SampledFrom([]string{"create", "delete", "move"}).Draw(rt, "kind"),
			id:     fmt.Sprint("id-", rapid.IntRange(0, rows).Draw(rt, "row")),
		}
		if change.kind == "create" {
			change.id = fmt.Sprint("new-", i)
			change.name = rapid.OneOf(rapid.Just("Another"), rapid.SampledFrom(c.asked)).Draw(rt, "new name")
		}
		c.changes = append(c.changes, change)
	}
	for _, tens := range rapid.SliceOfN(rapid.IntRange(1, 9), 1, 8).Draw(rt, "travels in 10 ms") {
		c.travels = append(c.travels, time.Duration(tens)*10*time.Millisecond)
	}
	return c
}

// stood gives the IDs of the procedures of a name, and whether the same ones stood
// there all the time, under any schedule.
func (c *namesCase) stood(name string) (ids []string, throughout bool) {
	throughout = true
	for _, p := range c.procedures {
		if p.Name != name {
			continue
		}
		ids = append(ids, p.ID)
		throughout = throughout && !slices.ContainsFunc(c.changes, func(change namesChange) bool { return change.kind == "delete" && change.id == p.ID })
	}
	return ids, throughout && !slices.ContainsFunc(c.changes, func(change namesChange) bool { return change.kind == "create" && change.name == name })
}

// changingAPI is a server without a network: its answers take the case's time,
// and the case's changes come before them.
type changingAPI struct {
	*namesCase

	mu      sync.Mutex
	api     *fakeapi.Server
	active  map[string]int // by ID: the greater, the later
	asked   int
	answers int
}

func newChangingAPI(c *namesCase) *changingAPI {
	a := &changingAPI{namesCase: c, api: fakeapi.New(c.procedures...), active: map[string]int{}}
	a.order()
	return a
}

func (a *changingAPI) order() {
	if a.byActivity {
		a.api.Order(func(p, q fakeapi.Procedure) int {
			return cmp.Or(cmp.Compare(a.active[q.ID], a.active[p.ID]), cmp.Compare(p.Name, q.Name), cmp.Compare(p.ID, q.ID))
		})
	}
}

func (a *changingAPI) RoundTrip(request *http.Request) (*http.Response, error) {
	a.mu.Lock()
	turn := a.asked
	a.asked++
	a.mu.Unlock()
	if err := sleep(request.Context(), a.travels[turn%len(a.travels)]+time.Duration(turn)); err != nil {
		return nil, err
	}
	answer := a.answer(request)
	if err := sleep(request.Context(), a.travels[(turn*3+1)%len(a.travels)]); err != nil {
		return nil, err
	}
	return answer, nil
}

func (a *changingAPI) answer(request *http.Request) *http.Response {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers++
	for _, change := range a.changes {
		if change.answer != a.answers {
			continue
		}
		switch change.kind {
		case "create":
			a.api.Add(fakeapi.Procedure{ID: change.id, Name: change.name, CreatedAt: createdAt(1000 + a.answers)})
		case "delete":
			a.api.Delete(change.id)
		}
		a.active[change.id] = a.answers
		a.order()
	}
	recorder := httptest.NewRecorder()
	query := request.URL.Query()
	if query.Has("search_query") && a.refuses {
		recorder.WriteHeader(http.StatusBadRequest)
		return recorder.Result()
	}
	if query.Has("search_query") && a.finds != nil {
		query.Set("search_query", a.finds(query.Get("search_query")))
	}
	seen := request.Clone(request.Context())
	seen.URL.RawQuery = query.Encode()
	a.api.ServeHTTP(recorder, seen)
	return recorder.Result()
}

// fallacy says what is wrong with the outcome of a lookup; empty: nothing.
func (c *namesCase) fallacy(ids map[string]string, err error) string {
	failed := new(LookupError)
	if err != nil && !errors.As(err, &failed) {
		if strings.HasSuffix(err.Error(), "each time that the list is read") && len(c.changes) > 1 {
			return "" // nobody could tell it from a server that counts in its own way
		}
		return err.Error()
	}
	if err != nil && ids != nil {
		return "a part of the map came with an error"
	}
	for _, name := range c.asked {
		found, throughout := c.stood(name)
		missing := slices.ContainsFunc(failed.Missing, func(m Missing) bool { return m.Text == name })
		several := slices.ContainsFunc(failed.Several, func(s Several) bool { return s.Text == name })
		switch {
		case err == nil && ids[name] == "":
			return fmt.Sprintf("%q isn't in the map", name)
		case !throughout:
		case missing != (err != nil && len(found) == 0):
			return fmt.Sprintf("%q is said to be missing: %t; it has %q", name, missing, found)
		case several != (err != nil && len(found) > 1):
			return fmt.Sprintf("%q is said to be there several times: %t; it has %q", name, several, found)
		case err == nil && (len(found) != 1 || ids[name] != found[0]):
			return fmt.Sprintf("%q is %q, instead of %q", name, ids[name], found)
		}
	}
	return ""
}

// A case that fails is printed whole; no file of it belongs in the tree.
func init() { _ = flag.Set("rapid.nofailfile", "true") }

func TestLookupProperty(t *testing.T) {
	t.Parallel()
	outcomes := map[string]int{}
	property := func(rt *rapid.T) {
		c := drawNamesCase(rt)
		var failure string
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
			defer cancel()
			api := newChangingAPI(c)
			client := New(Config{BaseURL: &url.URL{Scheme: "http", Host: "test", Path: "/api"}, APIKey: fakeapi.Key, RequestTimeout: time.Minute})
			client.http.Transport = api
			ids, err := lookUpIDs(ctx, client, c.asked)
			failure = c.fallacy(ids, err)
			outcomes[fmt.Sprintf("%T", err)]++
			if api.answers > 0 && ctx.Err() != nil {
				failure = "the list settled, and was not read"
			}
		})
		if failure != "" {
			rt.Fatal(failure)
		}
	}
	for range 5 {
		rapid.Check(t, property)
	}
	t.Logf("%v", outcomes)
	for _, often := range []string{"<nil>", "*tofupilot.LookupError"} {
		if outcomes[often] < 100 && outcomes["<nil>"]+outcomes["*tofupilot.LookupError"] >= 500 {
			t.Errorf("only %d cases ended in %s", outcomes[often], often)
		}
	}
}

// createdAt is a time so many seconds after the first.
func createdAt(second int) time.Time {
	return time.Date(2024, time.January, 1, 0, 0, second, 0, time.UTC)
}
