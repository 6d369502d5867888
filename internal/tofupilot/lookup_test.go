package tofupilot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

const wholeList = "(the whole list)"

// listSearches returns the search query of each request so far, or wholeList.
func listSearches(api *fakeapi.Server) []string {
	var all []string
	for _, request := range api.Requests() {
		query := wholeList
		if request.Query.Has("search_query") {
			query = request.Query.Get("search_query")
		}
		all = append(all, query)
	}
	return all
}

// newFakeClient returns a client of a new fake with these procedures, and the fake.
func newFakeClient(t *testing.T, procedures ...fakeapi.Procedure) (*Client, *fakeapi.Server) {
	t.Helper()
	api := fakeapi.New(procedures...)
	return newClient(t, newServer(t, api).String()), api
}

// lookUp looks texts up in a new session.
func lookUp(ctx context.Context, client *Client, by By, texts ...string) (map[string]*Procedure, error) {
	session := client.NewSession()
	defer session.Close()
	return session.Lookup(ctx, by, texts)
}

func procedureIDs(procedures []*Procedure) []string {
	var ids []string
	for _, procedure := range procedures {
		ids = append(ids, procedure.ID)
	}
	return ids
}

func lookUpOne(ctx context.Context, client *Client, by By, text string) (*Procedure, error) {
	procedures, err := lookUp(ctx, client, by, text)
	return procedures[text], err
}

// lookUpIDs looks names up and returns their IDs.
func lookUpIDs(ctx context.Context, client *Client, names []string) (map[string]string, error) {
	procedures, err := lookUp(ctx, client, ByName, names...)
	if procedures == nil {
		return nil, err
	}
	ids := map[string]string{}
	for name, procedure := range procedures {
		ids[name] = procedure.ID
	}
	return ids, err
}

// namedProcedures returns procedures with these names and the IDs p0, p1 …, created a day apart.
func namedProcedures(names ...string) []fakeapi.Procedure {
	procedures := make([]fakeapi.Procedure, len(names))
	for i, name := range names {
		procedures[i] = fakeapi.Procedure{
			ID: "p" + string(rune('0'+i)), Name: name, CreatedAt: time.Date(2024, time.May, 1+i, 0, 0, 0, 0, time.UTC),
		}
	}
	return procedures
}

// numberedProcedures returns procedures with the names "Procedure 00000" and so on, and the IDs
// "id-00000" and so on.
func numberedProcedures(count int) []fakeapi.Procedure {
	procedures := make([]fakeapi.Procedure, count)
	for i := range procedures {
		procedures[i] = fakeapi.Procedure{ID: fmt.Sprintf("id-%05d", i), Name: fmt.Sprintf("Procedure %05d", i), CreatedAt: time.Date(2024, time.January, 1, 0, 0, i, 0, time.UTC)}
	}
	return procedures
}

func nfd(text string) string { return norm.NFD.String(text) }

func checkAmbiguous(t *testing.T, err error, ids ...string) {
	t.Helper()
	failed := new(LookupError)
	if !errors.As(err, &failed) || len(failed.Ambiguous) != 1 || !slices.Equal(procedureIDs(failed.Ambiguous[0].Matches), ids) {
		t.Errorf("got %+v, want the matches %q", err, ids)
	}
}

func TestLookupName(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		name     string // of the procedure, and looked up
		searched string // the query; empty: the name
	}{
		"spaces at both ends":    {"  Battery  Test ", ""},
		"symbols":                {`50% "_load_" *? A+B & a=1#c?d/e 100%25`, ""},
		"emoji":                  {"🔋 Pack", " Pack"},
		"stored as NFD":          {nfd("Prüfung Übergang"), "bergang"},
		"punctuation in Chinese": {"电池 - 测试", wholeList},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, api := newFakeClient(t, namedProcedures(c.name+" ", "x"+c.name, c.name, strings.ToUpper(c.name)+"x", "Other")...)
			found, err := lookUpOne(t.Context(), client, ByName, norm.NFC.String(c.name))
			if err != nil || found.ID != "p2" {
				t.Fatalf("got %v, %v", found, err)
			}
			if got := listSearches(api); !slices.Equal(got, []string{cmp.Or(c.searched, c.name)}) {
				t.Errorf("searched for %q", got)
			}
		})
	}
}

func TestLookupID(t *testing.T) {
	t.Parallel()
	for id, query := range map[string]string{"FVT001": "FVT001", "FVT01": wholeList, "FVT01é": wholeList} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			client, api := newFakeClient(t,
				fakeapi.Procedure{ID: id, Name: "The one"},
				fakeapi.Procedure{ID: id + "-2", Name: id},
				fakeapi.Procedure{ID: "2-" + id, Name: "another " + id})
			found, err := lookUpOne(t.Context(), client, ByID, id)
			if err != nil || found.ID != id || *found.Name != "The one" {
				t.Fatalf("got %v, %v", found, err)
			}
			if got := listSearches(api); !slices.Equal(got, []string{query}) {
				t.Errorf("searched for %q", got)
			}
		})
	}
}

// TestLookupNFC compares texts under NFC, in any form of the server and the caller.
func TestLookupNFC(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Prüfstand Größe M", "5 \u212a", "100 \u2126 Load", "a\u037eb", "\u8c48 1", "q\u0307\u0323 test", "\u05d1\u05bc\u05b0דיקה"} {
		for _, stored := range []string{text, norm.NFC.String(text), nfd(text)} {
			for _, name := range []string{text, norm.NFC.String(text), nfd(text)} {
				client, _ := newFakeClient(t, fakeapi.Procedure{ID: stored + " id-1", Name: stored}, fakeapi.Procedure{ID: "other", Name: "M 5 100 ab test"})
				for by, wanted := range map[By]string{ByName: name, ByID: name + " id-1"} {
					if found, err := lookUpOne(t.Context(), client, by, wanted); err != nil || *found.Name != stored {
						t.Errorf("%+q, stored as %+q: got %v, %v", wanted, stored, found, err)
					}
				}
			}
		}
		client, _ := newFakeClient(t, namedProcedures(text, nfd(text), "other")...)
		_, err := lookUpOne(t.Context(), client, ByName, text)
		checkAmbiguous(t, err, "p0", "p1")
	}
	names := []string{"Prüfung", nfd("Prüfung"), "Prüfung"}
	client, _ := newFakeClient(t, namedProcedures(nfd("Prüfung"), "Prufung")...)
	if ids, err := lookUpIDs(t.Context(), client, names); err != nil || !maps.Equal(ids, map[string]string{names[0]: "p0", names[1]: "p0"}) {
		t.Errorf("the keys aren't the given texts: %v, %v", ids, err)
	}
}

// TestLookupRequests checks that a lookup never sends more requests than the list has pages, one
// more first page, and one search for each text.
func TestLookupRequests(t *testing.T) {
	t.Parallel()
	const list100, list1000, list10000 = 2, 11 + 7, 102 + 7 // requests: the pages, and those sent in parallel after the last one
	for what, c := range map[string]struct {
		names          int
		procedures     int
		other          string // replaces the first name
		missing        bool   // whether no procedure has the other name
		list, searches int    // requests; the maximum if the whole list is read
	}{
		"no name":                       {procedures: 90},
		"one name":                      {names: 1, procedures: 10_000, searches: 1},
		"one that is part of all names": {names: 1, procedures: 1_000, other: "Procedure", list: list1000, searches: 1},
		"one that is missing":           {names: 1, procedures: 1_000, other: "Nobody's", missing: true, list: list1000, searches: 1},
		"several on one page":           {names: 90, procedures: 98, list: 1},
		"missing on one page":           {names: 3, procedures: 90, other: "Nobody's", missing: true, list: 1},
		"several on a full page":        {names: 3, procedures: 100, list: 1, searches: 3},
		"eight names":                   {names: 8, procedures: 10_000, list: 1, searches: 8},
		"nine names":                    {names: 9, procedures: 10_000, list: 1 + list10000},
		"nine on a full page":           {names: 9, procedures: 100, list: 1 + list100},
		"one of several is missing":     {names: 5, procedures: 1_000, other: "Nobody's", missing: true, list: 1 + list1000, searches: 5},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			procedures := numberedProcedures(c.procedures)
			var names []string
			want := map[string]string{}
			for i := range c.names {
				at := i * c.procedures / c.names
				if i == 0 && c.other != "" && !c.missing {
					procedures[at].Name = c.other
				}
				names = append(names, procedures[at].Name)
				want[procedures[at].Name] = procedures[at].ID
			}
			if c.missing {
				names[0] = c.other
			}
			client, api := newFakeClient(t, procedures...)
			ids, err := lookUpIDs(t.Context(), client, names)
			if c.missing {
				failed := new(LookupError)
				if !errors.As(err, &failed) || len(failed.Missing) != 1 || failed.Missing[0].Text != c.other || failed.Seen != c.procedures || ids != nil {
					t.Errorf("got %v, %v", ids, err)
				}
			} else if err != nil || !maps.Equal(ids, want) {
				t.Errorf("got %v, %v; want %v", ids, err, want)
			}
			requests := listSearches(api)
			all := len(requests)
			list := len(slices.DeleteFunc(requests, func(query string) bool { return query != wholeList }))
			if searches := all - list; list > c.list || searches > c.searches || list <= 2 && (list != c.list || searches != c.searches) {
				t.Errorf("%d requests for the list and %d searches; want %d and %d", list, searches, c.list, c.searches)
			}
		})
	}
}

func failSearches(api *fakeapi.Server, response http.Handler) {
	api.Before(func(r fakeapi.Request) {
		if r.Query.Has("search_query") {
			api.Fail(response, r.Number)
		}
	})
}

// TestLookupSearchFails checks that the list is read if a search fails. A 401 and a 429 fail the
// lookup, because they concern every request.
func TestLookupSearchFails(t *testing.T) {
	t.Parallel()
	row := `{"id": "id-00003", "name": "Procedure 00003"}`
	responses := map[string]http.Handler{
		"closed connection": fakeapi.HangUp(),
		"redirect":          http.RedirectHandler("https://firewall.example.com/blocked", http.StatusFound),
		"HTML":              okResponse("<html>Blocked</html>"),
		"empty":             okResponse(""),
		"nothing found":     okResponse(`{"data": [], "meta": {"has_more": false}}`),
		"a row twice":       okResponse(`{"data": [` + row + `, ` + row + `], "meta": {"has_more": false}}`),
		"no response":       noResponse,
	}
	for _, status := range []int{400, 403, 404, 409, 503} {
		responses[strconv.Itoa(status)] = fakeapi.Status(status, `{"message": "no"}`)
	}
	for what, response := range responses {
		for _, names := range [][]string{{"Procedure 00003"}, {"Procedure 00003", "Procedure 00149"}} {
			api := fakeapi.New(numberedProcedures(150)...)
			client := newClient(t, newServer(t, api).String(), withRetries(1), func(config *rest.Config) {
				if what == "no response" {
					config.RequestTimeout = 300 * time.Millisecond
				}
			})
			failSearches(api, response)
			if ids, err := lookUpIDs(t.Context(), client, names); err != nil || ids["Procedure 00003"] != "id-00003" {
				t.Errorf("%s: got %v, %v", what, ids, err)
			}
		}
	}
	for _, status := range []int{401, 429} {
		client, api := newFakeClient(t, namedProcedures("Battery", "Motor")...)
		failSearches(api, fakeapi.Status(status, `{"message": "no"}`))
		_, err := lookUpOne(t.Context(), client, ByName, "Motor")
		if failed := new(rest.Error); !errors.As(err, &failed) || failed.Status != status || len(api.Requests()) != 1 {
			t.Errorf("status %d: %v", status, err)
		}
	}
	client, api := newFakeClient(t, namedProcedures("Battery")...)
	api.Fail(fakeapi.Status(500, `{"message": "the search"}`), 1)
	api.Fail(fakeapi.Status(403, `{"message": "the list"}`))
	if _, err := lookUpOne(t.Context(), client, ByName, "Battery"); err == nil || !strings.Contains(err.Error(), "the list") || strings.Contains(err.Error(), "the search") {
		t.Errorf("got %v, want the error of the list", err)
	}
	unreachable := newClient(t, "http://127.0.0.1:1")
	if _, err := lookUpOne(t.Context(), unreachable, ByName, "Battery"); err == nil || !strings.Contains(err.Error(), "search_query") {
		t.Errorf("after a search that can't connect: %v", err)
	}
}

func TestLookupAmbiguous(t *testing.T) {
	t.Parallel()
	client, api := newFakeClient(t, append(numberedProcedures(200), namedProcedures("Battery", "Battery")...)...)
	_, err := lookUpIDs(t.Context(), client, []string{"Procedure 00007", "Battery"})
	checkAmbiguous(t, err, "p0", "p1")
	if got := listSearches(api); len(got) != 3 {
		t.Errorf("searched for %q", got)
	}
}

func TestLookupReportsAllNames(t *testing.T) {
	t.Parallel()
	client, _ := newFakeClient(t, append(numberedProcedures(200), namedProcedures("Battery", "Battery", "Motor Test")...)...)
	ids, err := lookUpIDs(t.Context(), client, []string{"Procedure 00007", "Motor-Test", "Battery", "Nobody's", "p2"})
	failed := new(LookupError)
	if !errors.As(err, &failed) || ids != nil {
		t.Fatalf("got %v, %v", ids, err)
	}
	if len(failed.Ambiguous) != 1 || failed.Ambiguous[0].Text != "Battery" || !slices.Equal(procedureIDs(failed.Ambiguous[0].Matches), []string{"p0", "p1"}) {
		t.Errorf("ambiguous: %+v", failed.Ambiguous)
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
	client, _ := newFakeClient(t, append(numberedProcedures(20), fakeapi.Procedure{ID: id, Name: "Battery Test"}, fakeapi.Procedure{ID: "x", JSON: `{"id": "x", "name": null}`})...)
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
		client, _ := newFakeClient(t, namedProcedures(stored...)...)
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

// TestLookupOnePage checks that a lookup needs only the first page of a search if that page has
// fewer rows than requested, has_more is false and there is no cursor.
func TestLookupOnePage(t *testing.T) {
	t.Parallel()
	for cursor, suffices := range map[string]bool{"null": true, `""`: true, "1": false, `"token"`: false} {
		client, api := newFakeClient(t, namedProcedures("Leak", "Other")...)
		failSearches(api, okResponse(`{"data": [{"id": "p0", "name": "Leak"}], "meta": {"has_more": false, "next_cursor": `+cursor+`}}`))
		if found, err := lookUpOne(t.Context(), client, ByName, "Leak"); err != nil || found.ID != "p0" || (len(api.Requests()) == 1) != suffices {
			t.Errorf("next_cursor %s: %v, %v", cursor, found, err)
		}
	}
	client, api := newFakeClient(t, namedProcedures("Leak", "Leak")...)
	failSearches(api, okResponse(`{"data": [{"id": "p0", "name": "Leak"}], "meta": {"has_more": true, "next_cursor": 1}}`))
	_, err := lookUpOne(t.Context(), client, ByName, "Leak")
	checkAmbiguous(t, err, "p0", "p1")
}
