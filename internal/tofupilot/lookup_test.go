package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// searcher stands between a client and the fake, keeps what was searched for,
// and can make the server's search another.
type searcher struct {
	api     *fakeapi.Server
	finds   func(searched string) (instead string) // nil: as it was searched for
	refuses http.Handler                           // of every search; nil: it doesn't

	mu       sync.Mutex
	searched []string // of each request; whole where it had no search_query
}

const whole = "(the whole list)"

func (s *searcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	searched := whole
	if query.Has("search_query") {
		searched = query.Get("search_query")
		if s.finds != nil {
			query.Set("search_query", s.finds(searched))
		}
	}
	s.mu.Lock()
	s.searched = append(s.searched, searched)
	s.mu.Unlock()
	if searched != whole && s.refuses != nil {
		s.refuses.ServeHTTP(w, r)
		return
	}
	other := r.Clone(r.Context())
	other.URL.RawQuery = query.Encode()
	s.api.ServeHTTP(w, other)
}

// expect holds the requests made so far to these, in this order, and starts again from none.
func (s *searcher) expect(t *testing.T, searched ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.searched, searched) {
		t.Errorf("searched for %q, want %q", s.searched, searched)
	}
	s.searched = nil
}

// asked tells how many requests were for the whole list, and how many searched.
func (s *searcher) asked() (list, searches int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, searched := range s.searched {
		if searched == whole {
			list++
		} else {
			searches++
		}
	}
	return list, searches
}

// tooWide is a search that finds everything, as wildcards in a name may do.
func tooWide(string) string { return "" }

// blind is a search that finds nothing.
func blind(string) string { return "found in no name" }

// lookUpIn makes a client of a server that holds these procedures.
func lookUpIn(t *testing.T, procedures ...fakeapi.Procedure) (*Client, *searcher) {
	t.Helper()
	server := &searcher{api: fakeapi.New(procedures...)}
	return clientOf(t, server, fakeapi.Key), server
}

func clientOf(t *testing.T, handler http.Handler, key string) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	base, err := ParseBaseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{BaseURL: base, APIKey: key, RequestTimeout: time.Minute})
}

func lookUpOne(ctx context.Context, client *Client, by By, text string) (*Procedure, error) {
	procedures, err := client.Lookup(ctx, by, []string{text})
	return procedures[text], err
}

// lookUpIDs looks names up and gives their IDs.
func lookUpIDs(ctx context.Context, client *Client, names []string) (map[string]string, error) {
	procedures, err := client.Lookup(ctx, ByName, names)
	if procedures == nil {
		return nil, err
	}
	ids := map[string]string{}
	for name, procedure := range procedures {
		ids[name] = procedure.ID
	}
	return ids, err
}

// named makes procedures p0, p1 … of these names, each a day younger than the one before.
func named(names ...string) []fakeapi.Procedure {
	procedures := make([]fakeapi.Procedure, len(names))
	for i, name := range names {
		procedures[i] = fakeapi.Procedure{
			ID: "p" + string(rune('0'+i)), Name: name, CreatedAt: time.Date(2024, time.May, 1+i, 0, 0, 0, 0, time.UTC),
		}
	}
	return procedures
}

// numberedProcedures makes procedures "Procedure 00000" and so on, of which the IDs are
// "id-00000" and so on.
func numberedProcedures(count int) []fakeapi.Procedure {
	procedures := make([]fakeapi.Procedure, count)
	for i := range procedures {
		procedures[i] = fakeapi.Procedure{ID: fmt.Sprintf("id-%05d", i), Name: fmt.Sprintf("Procedure %05d", i), CreatedAt: createdAt(i)}
	}
	return procedures
}

// someNames are the names of so many of them, spread over all.
func someNames(count, of int) (names []string, ids map[string]string) {
	ids = map[string]string{}
	for i := range count {
		at := i * of / count
		name := fmt.Sprintf("Procedure %05d", at)
		names = append(names, name)
		ids[name] = fmt.Sprintf("id-%05d", at)
	}
	return names, ids
}

func nfd(text string) string { return norm.NFD.String(text) }

func expectSeveral(t *testing.T, err error, ids ...string) {
	t.Helper()
	failed := new(LookupError)
	if !errors.As(err, &failed) || len(failed.Several) != 1 || !slices.Equal(procedureIDs(failed.Several[0].Matches), ids) {
		t.Errorf("got %+v, want several: %q", err, ids)
	}
}

func TestLookupName(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		name     string // as stored and as asked for
		searched string // empty: the name
	}{
		"words":                 {"Battery Test Procedure", ""},
		"spaces at both ends":   {"  Battery  Test ", ""},
		"quotes and backslash":  {`Say "when", 'now' or C:\Tests\new`, ""},
		"wildcards":             {"50% _load_ *?", ""},
		"plus":                  {"A+B + C", ""},
		"separators of a query": {"a=1&b=2#c?d/e", ""},
		"what looks encoded":    {"100%25 %2B %00", ""},
		"control characters":    {"two\nlines,\ta tab and a bell \a", ""},
		"emoji":                 {"🔋 Pack", " Pack"},
		"stored as NFD":         {nfd("Prüfung Übergang"), "bergang"},
		"nothing but accents":   {"éàü", whole},
		"Chinese":               {"电池测试", whole},
		"signs in Chinese":      {"电池 - 测试", whole},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t, named(c.name+" ", "x"+c.name, c.name, strings.ToUpper(c.name)+"x", "Other")...)
			found, err := lookUpOne(t.Context(), client, ByName, norm.NFC.String(c.name))
			if err != nil || found.ID != "p2" {
				t.Fatalf("got %v, %v", found, err)
			}
			if c.searched == "" {
				c.searched = c.name
			}
			server.expect(t, c.searched)
		})
	}
}

func TestLookupID(t *testing.T) {
	t.Parallel()
	const uuid = "550e8400-e29b-41d4-a716-446655440000"
	for what, c := range map[string]struct{ id, searched string }{
		"UUID":                         {uuid, uuid},
		"six characters, searched for": {"FVT001", "FVT001"},
		"five characters":              {"FVT01", whole},
		"six, of which five are ASCII": {"FVT01é", whole},
		"six with wildcards":           {"F_T%01", "F_T%01"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t,
				fakeapi.Procedure{ID: c.id, Name: "The one"},
				fakeapi.Procedure{ID: c.id + "-2", Name: c.id},
				fakeapi.Procedure{ID: "2-" + c.id, Name: "another " + c.id})
			found, err := lookUpOne(t.Context(), client, ByID, c.id)
			if err != nil || found.ID != c.id || *found.Name != "The one" {
				t.Fatalf("got %v, %v", found, err)
			}
			server.expect(t, c.searched)
		})
	}
}

// Terraform normalizes what a configuration says, but servers and whoever else asks may
// have either form.
func TestLookupNFC(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Prüfstand Größe M", "5 \u212a", "100 \u2126 Load", "a\u037eb", "\u8c48 1", "q\u0307\u0323 test", "\u05d1\u05bc\u05b0דיקה"} {
		for _, stored := range []string{text, norm.NFC.String(text), nfd(text)} {
			for _, asked := range []string{text, norm.NFC.String(text), nfd(text)} {
				client, _ := lookUpIn(t, fakeapi.Procedure{ID: stored + " id-1", Name: stored}, fakeapi.Procedure{ID: "other", Name: "M 5 100 ab test"})
				for by, asked := range map[By]string{ByName: asked, ByID: asked + " id-1"} {
					if found, err := lookUpOne(t.Context(), client, by, asked); err != nil || *found.Name != stored {
						t.Errorf("%+q in place of %+q: got %v, %v", asked, stored, found, err)
					}
				}
			}
		}
		client, _ := lookUpIn(t, named(text, nfd(text), "other")...)
		_, err := lookUpOne(t.Context(), client, ByName, text)
		expectSeveral(t, err, "p0", "p1")
	}
	asked := []string{"Prüfung", nfd("Prüfung"), "Prüfung"}
	client, _ := lookUpIn(t, named(nfd("Prüfung"), "Prufung")...)
	if ids, err := lookUpIDs(t.Context(), client, asked); err != nil || !maps.Equal(ids, map[string]string{asked[0]: "p0", asked[1]: "p0"}) {
		t.Errorf("keys aren't the texts as they are given: %v, %v", ids, err)
	}
}

// A lookup never costs more than the list, one first page, and one page for each text.
func TestLookupRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		names, procedures int
		finds             func(string) string
		missing           bool // one of the names
		list, searches    int  // requests at most; exactly, where the list isn't read on
	}{
		{names: 0, procedures: 90},
		{names: 1, procedures: 90, searches: 1},
		{names: 1, procedures: 10_000, searches: 1},
		{names: 1, procedures: 1_000, finds: tooWide, list: 11 + 7, searches: 1},
		{names: 1, procedures: 1_000, missing: true, list: 11 + 7, searches: 1},
		{names: 3, procedures: 90, list: 1},
		{names: 90, procedures: 90, list: 1},
		{names: 3, procedures: 99, list: 1},
		{names: 9, procedures: 100, list: 1 + 2},
		{names: 5, procedures: 10_000, list: 1, searches: 5},
		{names: 8, procedures: 10_000, list: 1, searches: 8},
		{names: 9, procedures: 10_000, list: 1 + 102 + 7},
		{names: 3, procedures: 90, missing: true, list: 1},
		{names: 5, procedures: 10_000, missing: true, list: 1 + 102 + 7, searches: 5},
		{names: 5, procedures: 1_000, finds: blind, list: 1 + 11 + 7, searches: 5},
		{names: 4, procedures: 3_000, finds: tooWide, list: 1 + 31 + 7, searches: 4},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.names, c.procedures), func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t, numberedProcedures(c.procedures)...)
			server.finds = c.finds
			names, want := someNames(c.names, c.procedures)
			if c.missing {
				names[0] = "Nobody's"
			}
			ids, err := lookUpIDs(t.Context(), client, names)
			if c.missing {
				failed := new(LookupError)
				if !errors.As(err, &failed) || len(failed.Missing) != 1 || failed.Missing[0].Text != "Nobody's" || failed.Seen != c.procedures || ids != nil {
					t.Errorf("got %v, %v", ids, err)
				}
			} else if err != nil || !maps.Equal(ids, want) {
				t.Errorf("got %v, %v; want %v", ids, err, want)
			}
			list, searches := server.asked()
			if list > c.list || searches > c.searches || list <= 2 && (list != c.list || searches != c.searches) {
				t.Errorf("%d requests for the list and %d searches; want %d and %d", list, searches, c.list, c.searches)
			}
			t.Logf("%d names of %d procedures: %d requests for the list, %d searches", c.names, c.procedures, list, searches)
		})
	}
}

// Whatever a search is answered with, by the server or by what stands before it, the
// list may still be read. Two answers are about more than the search.
func TestLookupSearchRefused(t *testing.T) {
	t.Parallel()
	reset := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	elsewhere := http.RedirectHandler("https://firewall.example.com/blocked", http.StatusFound)
	refusals := map[string]http.Handler{"reset": reset, "redirect": elsewhere, "HTML": fakeapi.Status(200, "<html>Blocked</html>"), "empty": fakeapi.Status(200, "")}
	row := `{"id": "id-00003", "name": "Procedure 00003"}`
	refusals["a row twice"] = fakeapi.Status(200, `{"data": [`+row+`, `+row+`], "meta": {"has_more": false, "next_cursor": null}}`)
	refusals["silence"] = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for _, status := range []int{400, 403, 404, 405, 406, 413, 414, 422, 500, 502, 503} {
		refusals[strconv.Itoa(status)] = fakeapi.Status(status, `{"message": "no"}`)
	}
	for what, refusal := range refusals {
		for _, names := range [][]string{{"Procedure 00003"}, {"Procedure 00003", "Procedure 00149"}} {
			client, server := lookUpIn(t, numberedProcedures(150)...)
			client.retryInterval = time.Millisecond
			if what == "silence" {
				client.requestTimeout = 300 * time.Millisecond
			}
			server.refuses = refusal
			if ids, err := lookUpIDs(t.Context(), client, names); err != nil || ids["Procedure 00003"] != "id-00003" {
				t.Errorf("%s: got %v, %v", what, ids, err)
			}
		}
	}
	for _, status := range []int{401, 429} {
		client, server := lookUpIn(t, named("Battery", "Motor")...)
		server.refuses = fakeapi.Status(status, `{"message": "no"}`)
		_, err := lookUpOne(t.Context(), client, ByName, "Motor")
		if failed := new(Error); !errors.As(err, &failed) || failed.Status != status {
			t.Errorf("status %d: %v", status, err)
		}
		server.expect(t, "Motor")
	}
	client, server := lookUpIn(t, named("Battery")...)
	server.refuses = fakeapi.Status(500, `{"message": "the search"}`)
	server.api.Fail(fakeapi.Status(403, `{"message": "the list"}`))
	if _, err := lookUpOne(t.Context(), client, ByName, "Battery"); err == nil || !strings.Contains(err.Error(), "the list") || strings.Contains(err.Error(), "the search") {
		t.Errorf("of two failures the list's is told, not %v", err)
	}
	base, _ := ParseBaseURL("http://127.0.0.1:1")
	unreachable := New(Config{BaseURL: base, APIKey: fakeapi.Key, RequestTimeout: time.Minute})
	if _, err := lookUpOne(t.Context(), unreachable, ByName, "Battery"); err == nil || !strings.Contains(err.Error(), "search_query") {
		t.Errorf("a server that can't be reached is asked twice: %v", err)
	}
}

func TestLookupMissing(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		by       By
		wanted   string
		searched []string
	}{
		"name":                        {ByName, "Battery", []string{"Battery", whole}},
		"name that isn't searched":    {ByName, "éà", []string{whole}},
		"ID":                          {ByID, "p00000", []string{"p00000", whole}},
		"ID that is too short for it": {ByID, "p", []string{whole}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t, named("Battery Test", "A Battery", "Motor")...)
			_, err := lookUpOne(t.Context(), client, c.by, c.wanted)
			none := new(LookupError)
			if !errors.As(err, &none) || none.Seen != 3 || len(none.Missing) != 1 || len(none.Missing[0].Near) != 3 { // so few are all shown
				t.Errorf("got %+v", err)
			}
			server.expect(t, c.searched...)
		})
	}
	api := fakeapi.New(named("One", "Two", "Three")...)
	api.AllowStation("station", "p0", "p2")
	_, err := lookUpOne(t.Context(), clientOf(t, api, "station"), ByName, "Two")
	if none := new(LookupError); !errors.As(err, &none) || none.Seen != 2 {
		t.Errorf("what the key can't see is counted: %+v", err)
	}
}

func TestLookupSeveral(t *testing.T) {
	t.Parallel()
	const name = "Prüfung"
	for what, c := range map[string]struct {
		stored   []string
		finds    func(string) string
		searched []string
		want     []string
	}{
		"two, oldest first":          {[]string{name, "Other", name}, nil, []string{"fung"}, []string{"p0", "p2"}},
		"twins in NFC and NFD":       {[]string{nfd(name), name, "Prufung"}, nil, []string{"fung"}, []string{"p0", "p1"}},
		"three, the search too wide": {[]string{name, name, "prüfung", nfd(name)}, tooWide, []string{"fung"}, []string{"p0", "p1", "p3"}},
		"two, the search blind":      {[]string{"prüfung", name, nfd(name)}, blind, []string{"fung", whole}, []string{"p1", "p2"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t, named(c.stored...)...)
			server.finds = c.finds
			_, err := lookUpOne(t.Context(), client, ByName, name)
			expectSeveral(t, err, c.want...)
			server.expect(t, c.searched...)
		})
	}
	client, server := lookUpIn(t, append(numberedProcedures(200), named("Battery", "Battery")...)...)
	_, err := lookUpIDs(t.Context(), client, []string{"Procedure 00007", "Battery"})
	expectSeveral(t, err, "p0", "p1")
	if list, searches := server.asked(); list != 1 || searches != 2 {
		t.Errorf("%d requests for the list and %d searches", list, searches)
	}
}

func TestLookupAllWrong(t *testing.T) {
	t.Parallel()
	client, _ := lookUpIn(t, append(numberedProcedures(200), named("Battery", "Battery", "Motor Test")...)...)
	ids, err := lookUpIDs(t.Context(), client, []string{"Procedure 00007", "Motor-Test", "Battery", "Nobody's", "p2"})
	failed := new(LookupError)
	if !errors.As(err, &failed) || ids != nil {
		t.Fatalf("got %v, %v", ids, err)
	}
	if len(failed.Several) != 1 || failed.Several[0].Text != "Battery" || !slices.Equal(procedureIDs(failed.Several[0].Matches), []string{"p0", "p1"}) {
		t.Errorf("several: %+v", failed.Several)
	}
	missing := map[string][]string{}
	for _, m := range failed.Missing {
		missing[m.Text] = procedureIDs(m.Near)
		if m.Other != nil {
			missing[m.Text] = []string{"other", m.Other.ID}
		}
	}
	if want := map[string][]string{"Motor-Test": {"p2"}, "Nobody's": nil, "p2": {"other", "p2"}}; !maps.EqualFunc(missing, want, slices.Equal) {
		t.Errorf("missing: %q, want %q", missing, want)
	}
}

func TestLookupIDAsName(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-446655440000"
	client, _ := lookUpIn(t, append(numberedProcedures(20), fakeapi.Procedure{ID: id, Name: "Battery Test"}, fakeapi.Procedure{ID: "x", JSON: `{"id": "x", "name": null}`})...)
	for _, c := range []struct {
		by   By
		text string
	}{{ByName, id}, {ByName, strings.ToUpper(id)}, {ByName, " " + id + "\n"}, {ByID, "Battery Test"}} {
		_, err := lookUpOne(t.Context(), client, c.by, c.text)
		if failed := new(LookupError); !errors.As(err, &failed) || failed.Missing[0].Other == nil || failed.Missing[0].Other.ID != id {
			t.Errorf("%q: %+v", c.text, err)
		}
	}
	for _, stored := range [][]string{{"rig-a"}, {"Rig A+", "RIG A"}, {"Rig A", "Rig A"}} { // no such name, or several
		client, _ := lookUpIn(t, named(stored...)...)
		_, err := lookUpOne(t.Context(), client, ByID, "Rig A")
		if failed := new(LookupError); !errors.As(err, &failed) || failed.Missing[0].Other != nil {
			t.Errorf("in %q: %+v", stored, err)
		}
	}
	_, err := lookUpOne(t.Context(), client, ByID, strings.ToUpper(id)+" ")
	if failed := new(LookupError); !errors.As(err, &failed) || failed.Missing[0].Other != nil || !slices.Equal(procedureIDs(failed.Missing[0].Near), []string{id}) {
		t.Errorf("in capitals: %+v", err)
	}
}

// A page with fewer rows than asked for and has_more false is the whole, whatever cursor it gives.
func TestLookupOnePage(t *testing.T) {
	t.Parallel()
	for _, cursor := range []string{"null", "1", `"token"`} {
		client, server := lookUpIn(t, named("Leak", "Other")...)
		server.refuses = fakeapi.Status(200, `{"data": [{"id": "p0", "name": "Leak"}], "meta": {"has_more": false, "next_cursor": `+cursor+`}}`)
		if found, err := lookUpOne(t.Context(), client, ByName, "Leak"); err != nil || found.ID != "p0" {
			t.Errorf("next_cursor %s: %v, %v", cursor, found, err)
		}
		server.expect(t, "Leak")
	}
}
