package tofupilot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// noSearch marks a request without a search_query.
const noSearch = "(no search)"

// sentSearches returns the search_query, or noSearch, of each request so far.
func sentSearches(api *fakeapi.Server) []string {
	var searches []string
	for _, request := range api.Requests() {
		search := noSearch
		if request.Query.Has("search_query") {
			search = request.Query.Get("search_query")
		}
		searches = append(searches, search)
	}
	return searches
}

// respondToSearches makes the fake API respond to every search with the response.
func respondToSearches(api *fakeapi.Server, response http.Handler) {
	api.Before(func(r fakeapi.Request) {
		if r.Query.Has("search_query") {
			api.Fail(response, r.Number)
		}
	})
}

// newFakeClient starts a fake API with these procedures. It returns a client of the API, and the API.
func newFakeClient(t *testing.T, procedures ...fakeapi.Procedure) (*Client, *fakeapi.Server) {
	t.Helper()
	api := fakeapi.New(procedures...)
	return newClient(t, newServer(t, api).String()), api
}

// lookUp looks up names or IDs in a new session.
func lookUp(ctx context.Context, client *Client, by By, texts ...string) (map[string]*Procedure, error) {
	session := client.NewSession()
	defer session.Close()
	return session.Lookup(ctx, by, texts)
}

// lookUpOne looks up one name or ID.
func lookUpOne(ctx context.Context, client *Client, by By, text string) (*Procedure, error) {
	procedures, err := lookUp(ctx, client, by, text)
	return procedures[text], err
}

// namedProcedures returns procedures with these names and the IDs p0, p1 …, created a day apart.
func namedProcedures(names ...string) []fakeapi.Procedure {
	procedures := make([]fakeapi.Procedure, len(names))
	for i, name := range names {
		procedures[i] = fakeapi.Procedure{ID: fmt.Sprint("p", i), Name: name, CreatedAt: time.Date(2024, time.May, 1+i, 0, 0, 0, 0, time.UTC)}
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

func procedureIDs(procedures []*Procedure) []string {
	var ids []string
	for _, procedure := range procedures {
		ids = append(ids, procedure.ID)
	}
	return ids
}

// checkAmbiguous checks that err is a *LookupError with one ambiguous text, whose matches have these
// IDs.
func checkAmbiguous(t *testing.T, err error, ids ...string) {
	t.Helper()
	failed := new(LookupError)
	if !errors.As(err, &failed) || len(failed.Ambiguous) != 1 {
		t.Fatalf("got %+v, want one ambiguous text", err)
	}
	if got := procedureIDs(failed.Ambiguous[0].Matches); !slices.Equal(got, ids) {
		t.Errorf("got the matches %q, want %q", got, ids)
	}
}

// onlyMissing returns the only name or ID that a *LookupError reports as missing.
func onlyMissing(t *testing.T, err error) Missing {
	t.Helper()
	failed := new(LookupError)
	if !errors.As(err, &failed) || len(failed.Missing) != 1 {
		t.Fatalf("got %+v, want one missing text", err)
	}
	return failed.Missing[0]
}

// TestLookupName checks that a lookup finds the procedure with exactly the name. The lookup searches
// for a part of the name that is the same in every Unicode form. If no such part has a letter or a
// digit, the lookup reads the list.
func TestLookupName(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ name, search string }{
		"spaces at both ends":    {"  Battery  Test ", "  Battery  Test "},
		"symbols":                {`50% "_load_" *? A+B & a=1#c?d/e 100%25`, `50% "_load_" *? A+B & a=1#c?d/e 100%25`},
		"emoji":                  {"🔋 Pack", " Pack"},
		"stored as NFD":          {norm.NFD.String("Prüfung Übergang"), "bergang"},
		"punctuation in Chinese": {"电池 - 测试", noSearch},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, api := newFakeClient(t, namedProcedures(c.name+" ", "x"+c.name, c.name, strings.ToUpper(c.name)+"x", "Other")...)
			found, err := lookUpOne(t.Context(), client, ByName, norm.NFC.String(c.name))
			if err != nil || found.ID != "p2" {
				t.Fatalf("got %v, %v", found, err)
			}
			if got := sentSearches(api); !slices.Equal(got, []string{c.search}) {
				t.Errorf("searched for %q, want %q", got, c.search)
			}
		})
	}
}

// TestLookupID checks that a lookup searches for an ID of at least six searchable characters, and reads
// the list for a shorter one. The é isn't searchable (TestSearchable).
func TestLookupID(t *testing.T) {
	t.Parallel()
	for id, search := range map[string]string{"FVT001": "FVT001", "FVT01": noSearch, "FVT01é": noSearch} {
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
			if got := sentSearches(api); !slices.Equal(got, []string{search}) {
				t.Errorf("searched for %q, want %q", got, search)
			}
		})
	}
}

// TestLookupNFC checks that names and IDs are compared under NFC, regardless of the forms in which
// the server stores them and the caller writes them.
func TestLookupNFC(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Prüfstand Größe M", "5 \u212a", "100 \u2126 Load", "a\u037eb", "\uf900 1", "q\u0307\u0323 test", "\u05d1\u05bc\u05b0דיקה",
	} {
		forms := []string{text, norm.NFC.String(text), norm.NFD.String(text)}
		for _, stored := range forms {
			client, _ := newFakeClient(t, fakeapi.Procedure{ID: stored + " id-1", Name: stored}, fakeapi.Procedure{ID: "other", Name: "M 5 100 ab test"})
			for _, written := range forms {
				if found, err := lookUpOne(t.Context(), client, ByName, written); err != nil || *found.Name != stored {
					t.Errorf("name %+q, stored as %+q: got %v, %v", written, stored, found, err)
				}
				if found, err := lookUpOne(t.Context(), client, ByID, written+" id-1"); err != nil || *found.Name != stored {
					t.Errorf("ID %+q, stored as %+q: got %v, %v", written+" id-1", stored+" id-1", found, err)
				}
			}
		}
	}
}

// TestLookupNFCKeys checks that a lookup returns a procedure for each name as the caller wrote it,
// even if some of the names are equal, or equal under NFC.
func TestLookupNFCKeys(t *testing.T) {
	t.Parallel()
	composed, decomposed := "Prüfung", norm.NFD.String("Prüfung")
	client, _ := newFakeClient(t, namedProcedures(decomposed, "Prufung")...)
	found, err := lookUp(t.Context(), client, ByName, composed, decomposed, composed)
	if err != nil || len(found) != 2 || found[composed].ID != "p0" || found[decomposed].ID != "p0" {
		t.Errorf("got %v, %v; want the procedure p0 for both names", found, err)
	}
}

// spreadNames returns count names of numberedProcedures(procedures), at equal distances. They don't
// include the first, which TestLookupRequests renames.
func spreadNames(count, procedures int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("Procedure %05d", i*procedures/count+1)
	}
	return names
}

// TestLookupRequests checks the number of requests that a lookup sends. A lookup of several names
// begins with one page of the list.
func TestLookupRequests(t *testing.T) {
	t.Parallel()
	const (
		missing   = "Nobody's"
		partOfAll = "Procedure" // the name of the first procedure, which all other names contain

		// The most requests for a list of 100, 1,000 or 10,000 procedures. Each page shares a row with the
		// next one, and up to 7 requests are beyond the end of a long list.
		pages100   = 2
		pages1000  = 11 + 7
		pages10000 = 102 + 7
	)
	for what, c := range map[string]struct {
		procedures int // in the list
		names      []string
		pages      int  // requests without a search
		searches   int  // requests with a search
		orFewer    bool // whether there may be fewer of each, because requests are sent in parallel
	}{
		"no names":                       {procedures: 90},
		"one name":                       {procedures: 10_000, names: spreadNames(1, 10_000), searches: 1},
		"a name that all others contain": {procedures: 1_000, names: []string{partOfAll}, pages: pages1000, searches: 1, orFewer: true},
		"a missing name":                 {procedures: 1_000, names: []string{missing}, pages: pages1000, searches: 1, orFewer: true},
		"90 names on one page":           {procedures: 98, names: spreadNames(90, 98), pages: 1},
		"a missing name on one page":     {procedures: 90, names: append(spreadNames(2, 90), missing), pages: 1},
		"three names on a full page":     {procedures: 100, names: spreadNames(3, 100), pages: 1, searches: 3},
		"eight names":                    {procedures: 10_000, names: spreadNames(8, 10_000), pages: 1, searches: 8},
		"nine names":                     {procedures: 10_000, names: spreadNames(9, 10_000), pages: 1 + pages10000, orFewer: true},
		"nine names on a full page":      {procedures: 100, names: spreadNames(9, 100), pages: 1 + pages100, orFewer: true},
		"one missing name of five":       {procedures: 1_000, names: append(spreadNames(4, 1_000), missing), pages: 1 + pages1000, searches: 5, orFewer: true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			procedures := numberedProcedures(c.procedures)
			procedures[0].Name = partOfAll
			client, api := newFakeClient(t, procedures...)
			found, err := lookUp(t.Context(), client, ByName, c.names...)
			if slices.Contains(c.names, missing) {
				if failed := new(LookupError); !errors.As(err, &failed) || failed.Seen != c.procedures {
					t.Errorf("got %+v, want a *LookupError after %d procedures", err, c.procedures)
				}
			} else if err != nil || len(found) != len(c.names) {
				t.Errorf("got %d procedures, %v; want %d", len(found), err, len(c.names))
			}
			pages, searches := 0, 0
			for _, search := range sentSearches(api) {
				if search == noSearch {
					pages++
				} else {
					searches++
				}
			}
			wrong := pages != c.pages || searches != c.searches
			if c.orFewer {
				wrong = pages > c.pages || searches > c.searches
			}
			if wrong {
				t.Errorf("got %d pages and %d searches, want %d and %d (or fewer: %t)", pages, searches, c.pages, c.searches, c.orFewer)
			}
		})
	}
}

// TestLookupAfterFailedSearch checks that a lookup reads the list if its search fails or finds
// nothing. A later lookup searches again, unless a firewall may have blocked the first search.
func TestLookupAfterFailedSearch(t *testing.T) {
	t.Parallel()
	const row = `{"id": "id-00003", "name": "Procedure 00003"}`
	for what, c := range map[string]struct {
		response    http.Handler // to each search
		searchAgain bool         // whether a later lookup searches
	}{
		"400":               {fakeapi.Status(400, `{"message": "no"}`), false},
		"403":               {fakeapi.Status(403, "<html>Blocked</html>"), false},
		"404":               {fakeapi.Status(404, `{"message": "no"}`), false},
		"409":               {fakeapi.Status(409, `{"message": "no"}`), false},
		"closed connection": {fakeapi.HangUp(), false},
		"redirect":          {http.RedirectHandler("https://firewall.example.com/blocked", http.StatusFound), false},
		"HTML":              {okResponse("<html>Blocked</html>"), false},
		"empty":             {okResponse(""), false},
		"no response":       {harness.NoResponse, false},
		"503":               {fakeapi.Status(503, `{"message": "no"}`), true},
		"nothing found":     {okResponse(`{"data": [], "meta": {"has_more": false}}`), true},
		"a row twice":       {okResponse(`{"data": [` + row + `, ` + row + `], "meta": {"has_more": false}}`), true},
	} {
		for _, names := range [][]string{{"Procedure 00003"}, {"Procedure 00003", "Procedure 00149"}} { // the two are searched for in parallel
			t.Run(fmt.Sprint(what, "/", len(names)), func(t *testing.T) {
				t.Parallel()
				api := fakeapi.New(numberedProcedures(150)...)
				respondToSearches(api, c.response)
				client := newClient(t, newServer(t, api).String(), withRetries(1), func(config *rest.Config) {
					config.RequestTimeout = time.Second // so that "no response" ends soon
				})
				if found, err := lookUp(t.Context(), client, ByName, names...); err != nil || found["Procedure 00003"].ID != "id-00003" {
					t.Errorf("got %v, %v", found, err)
				}
				if _, err := lookUpOne(t.Context(), client, ByName, "Procedure 00007"); err != nil {
					t.Error(err)
				}
				if got := slices.Contains(sentSearches(api), "Procedure 00007"); got != c.searchAgain {
					t.Errorf("the second lookup searches: %t, want %t", got, c.searchAgain)
				}
			})
		}
	}
}

// TestLookupEndsWithSearch checks that a lookup fails after its search if the API key is rejected or
// the rate limit is exceeded, because reading the list would fail, too.
func TestLookupEndsWithSearch(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusTooManyRequests} {
		client, api := newFakeClient(t, namedProcedures("Battery", "Motor")...)
		respondToSearches(api, fakeapi.Status(status, `{"message": "no"}`))
		_, err := lookUpOne(t.Context(), client, ByName, "Motor")
		if failed := new(rest.Error); !errors.As(err, &failed) || failed.Status != status {
			t.Errorf("got %v, want an error with the status %d", err, status)
		}
		if got := sentSearches(api); !slices.Equal(got, []string{"Motor"}) {
			t.Errorf("status %d: searched for %q, want %q only", status, got, "Motor")
		}
	}
}

// TestLookupUnreachable checks that a lookup whose search can't connect fails without reading the list.
func TestLookupUnreachable(t *testing.T) {
	t.Parallel()
	unreachable := newClient(t, "http://127.0.0.1:1") // no server listens on port 1
	if _, err := lookUpOne(t.Context(), unreachable, ByName, "Battery"); err == nil || !strings.Contains(err.Error(), "search_query") {
		t.Errorf("got %v, want the error of the search", err)
	}
}

// TestLookupListFails checks that a lookup whose search and list fail returns only the list's error.
func TestLookupListFails(t *testing.T) {
	t.Parallel()
	client, api := newFakeClient(t, namedProcedures("Battery")...)
	api.Fail(fakeapi.Status(500, `{"message": "the search fails"}`), 1) // the first request
	api.Fail(fakeapi.Status(403, `{"message": "the list fails"}`))      // all other requests
	_, err := lookUpOne(t.Context(), client, ByName, "Battery")
	if err == nil || !strings.Contains(err.Error(), "the list fails") || strings.Contains(err.Error(), "the search fails") {
		t.Errorf("got %v, want the error of the list", err)
	}
}

// TestLookupAmbiguous checks that a lookup finds all procedures whose names are equal under NFC,
// without reading more of the list than its first page.
func TestLookupAmbiguous(t *testing.T) {
	t.Parallel()
	client, api := newFakeClient(t, append(numberedProcedures(200), namedProcedures("Prüfung", norm.NFD.String("Prüfung"))...)...)
	_, err := lookUp(t.Context(), client, ByName, "Procedure 00007", "Prüfung")
	checkAmbiguous(t, err, "p0", "p1")
	if got := sentSearches(api); len(got) != 3 {
		t.Errorf("searched for %q, want one page and two searches", got)
	}
}

// TestLookupReportsAllNames checks that one error reports every name that is missing or ambiguous.
func TestLookupReportsAllNames(t *testing.T) {
	t.Parallel()
	client, _ := newFakeClient(t, append(numberedProcedures(200), namedProcedures("Battery", "Battery", "Motor Test")...)...)
	found, err := lookUp(t.Context(), client, ByName, "Procedure 00007", "Motor-Test", "Battery", "Nobody's", "p2") // p2 is the ID of Motor Test
	failed := new(LookupError)
	if !errors.As(err, &failed) || found != nil {
		t.Fatalf("got %v, %v", found, err)
	}
	checkAmbiguous(t, err, "p0", "p1")
	var missing []string // each text with the IDs of its near misses, and then its Other
	for _, m := range failed.Missing {
		missing = append(missing, fmt.Sprint(m.Text, procedureIDs(m.Near)))
		if m.Other != nil {
			missing = append(missing, "Other: "+m.Other.ID)
		}
	}
	if want := []string{"Motor-Test[p2]", "Nobody's[]", "p2[]", "Other: p2"}; !slices.Equal(missing, want) {
		t.Errorf("missing: %q, want %q", missing, want)
	}
}

// TestLookupOther checks that the error of a missing name has the procedure whose ID is the missing name,
// in any case and with any spaces around it, and that the error of a missing ID has the procedure whose
// name is the missing ID.
func TestLookupOther(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-446655440000"
	nameless := fakeapi.Procedure{ID: "x", JSON: `{"id": "x", "name": null}`} // a procedure without a name to compare
	client, _ := newFakeClient(t, append(numberedProcedures(20), fakeapi.Procedure{ID: id, Name: "Battery Test"}, nameless)...)
	for text, by := range map[string]By{id: ByName, strings.ToUpper(id): ByName, " " + id + "\n": ByName, "Battery Test": ByID} {
		_, err := lookUpOne(t.Context(), client, by, text)
		if other := onlyMissing(t, err).Other; other == nil || other.ID != id {
			t.Errorf("%q: got %+v, want the procedure %s", text, other, id)
		}
	}
}

// TestLookupNoOther checks that Other is nil for a missing ID if no name is exactly that ID, in the same
// case, or if several procedures have that name.
func TestLookupNoOther(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{{"rig-a"}, {"Rig A+", "RIG A"}, {"Rig A", "Rig A"}} {
		client, _ := newFakeClient(t, namedProcedures(names...)...)
		_, err := lookUpOne(t.Context(), client, ByID, "Rig A")
		if other := onlyMissing(t, err).Other; other != nil {
			t.Errorf("%q: got %+v, want none", names, other)
		}
	}
}

// TestLookupOnePage checks that a lookup ends after its search if the response has fewer rows than
// requested, has_more is false, and there is no next_cursor. Otherwise the lookup reads the list.
func TestLookupOnePage(t *testing.T) {
	t.Parallel()
	for meta, wantRequests := range map[string]int{
		`{"has_more": false, "next_cursor": null}`:    1,
		`{"has_more": false, "next_cursor": ""}`:      1,
		`{"has_more": false, "next_cursor": 1}`:       2,
		`{"has_more": false, "next_cursor": "token"}`: 2,
		`{"has_more": true, "next_cursor": 1}`:        2,
	} {
		client, api := newFakeClient(t, namedProcedures("Leak", "Other")...)
		respondToSearches(api, okResponse(`{"data": [{"id": "p0", "name": "Leak"}], "meta": `+meta+`}`))
		if found, err := lookUpOne(t.Context(), client, ByName, "Leak"); err != nil || found.ID != "p0" {
			t.Errorf("%s: got %v, %v", meta, found, err)
		}
		if got := len(api.Requests()); got != wantRequests {
			t.Errorf("%s: got %d requests, want %d", meta, got, wantRequests)
		}
	}
}

// TestLookupWithoutCertificate checks that a lookup fails after one TLS handshake, without reading
// the list, if the server requires a client certificate and none is configured.
func TestLookupWithoutCertificate(t *testing.T) {
	t.Parallel()
	var handshakes atomic.Int64
	countHandshakes := func(*tls.ClientHelloInfo) (*tls.Config, error) {
		handshakes.Add(1)
		return nil, nil //nolint:nilnil // For nil, crypto/tls keeps the server's configuration.
	}
	server := httptest.NewUnstartedServer(fakeapi.New(namedProcedures("Battery")...))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12, GetConfigForClient: countHandshakes}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // doesn't print errors of handshakes
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	client := newClient(t, server.URL, withTransport(rest.NewTransport(trusted)))
	if _, err := lookUpOne(t.Context(), client, ByName, "Battery"); kindOf(err) != rest.CertificateRejected {
		t.Errorf("got %v, want an error about the client certificate", err)
	}
	if got := handshakes.Load(); got != 1 {
		t.Errorf("got %d handshakes, want 1", got)
	}
}
