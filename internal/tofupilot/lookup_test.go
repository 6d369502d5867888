package tofupilot

import (
	"net/http"
	"net/http/httptest"
	"slices"
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
	api   *fakeapi.Server
	finds func(searched string) (instead string) // nil: as it was searched for

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

func nfd(text string) string { return norm.NFD.String(text) }

func TestNameIsFoundExactlyByOneRequest(t *testing.T) {
	t.Parallel()
	const emoji = "🔋"
	letters := strings.Repeat("0123456789", 10)
	for what, c := range map[string]struct {
		name     string // as stored and as asked for
		searched string // empty: the name
	}{
		"words":                    {"Battery Test Procedure", ""},
		"spaces at both ends":      {"  Battery  Test ", ""},
		"quotes":                   {`Say "when", 'now' or ` + "`never`", `Say "when", 'now' or `}, // U+1FEF is a backtick, too
		"backslash":                {`C:\Tests\new`, ""},
		"wildcards":                {"50% _load_ *?", ""},
		"plus":                     {"A+B + C", ""},
		"separators of a query":    {"a=1&b=2;c#d?e/f", "a=1&b=2"}, // and U+037E a semicolon
		"what looks encoded":       {"100%25 %2B %00", ""},
		"line break and tab":       {"two\nlines\tand a tab", ""},
		"control character":        {"bell \a", ""},
		"emoji":                    {emoji + " Pack", ""},
		"joined emoji":             {"👩‍🔧 at the bench 🇩🇪", ""},
		"right to left":            {"اختبار البطارية 24", ""},
		"right to left, marked":    {"\u200fבדיקת סוללה\u200e (EOL)", ""},
		"Chinese":                  {"电池测试", ""},
		"ohm and micro":            {"10 kΩ, 5 µA", ", 5 µA"},
		"Unicode's last character": {"\U0010FFFF", ""},

		"100 letters":               {letters, letters},
		"101 letters":               {letters + "!", letters},
		"50 emoji":                  {strings.Repeat(emoji, 50), ""},
		"60 emoji":                  {strings.Repeat(emoji, 60), strings.Repeat(emoji, 50)},
		"99 letters and an emoji":   {letters[1:] + emoji, letters[1:]},
		"a thousand letters":        {strings.Repeat(letters, 10), letters},
		"accents":                   {"Prüfung Übergang", "bergang"},
		"accents, stored as NFD":    {nfd("Prüfung Übergang"), "bergang"},
		"one accent in a long name": {"é" + letters + letters, letters},
		"Korean":                    {"배터리-시험", "-"},
		"nothing but accents":       {"éàü", whole},
		"the same, stored as NFD":   {nfd("éàü"), whole},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t, named(c.name+" ", "x"+c.name, c.name, strings.ToUpper(c.name)+"x", "Other")...)
			found, err := client.ProcedureByName(t.Context(), norm.NFC.String(c.name))
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

// Terraform normalizes what a configuration says, but whoever else asks may
// have either form.
func TestNameIsComparedUnderNFCWhicheverFormIsAskedFor(t *testing.T) {
	t.Parallel()
	const name = "Prüfstand Größe M"
	for _, stored := range []string{name, nfd(name)} {
		for _, asked := range []string{name, nfd(name)} {
			client, server := lookUpIn(t, named(stored, "Prufstand Grosse M")...)
			found, err := client.ProcedureByName(t.Context(), asked)
			if err != nil || found.ID != "p0" || *found.Name != stored {
				t.Errorf("%+q in place of %+q: got %v, %v", asked, stored, found, err)
			}
			server.expect(t, "fstand Gr")
		}
	}
}

func TestIDIsFoundExactly(t *testing.T) {
	t.Parallel()
	const uuid = "550e8400-e29b-41d4-a716-446655440000"
	for what, c := range map[string]struct{ id, searched string }{
		"UUID":                         {uuid, uuid},
		"six characters, searched for": {"FVT001", "FVT001"},
		"five characters":              {"FVT01", whole},
		"four characters":              {"FVT1", whole},
		"one character":                {"7", whole},
		"six with wildcards":           {"F_T%01", "F_T%01"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t,
				fakeapi.Procedure{ID: c.id, Name: "The one"},
				fakeapi.Procedure{ID: c.id + "-2", Name: c.id},
				fakeapi.Procedure{ID: "2-" + c.id, Name: "another " + c.id})
			found, err := client.ProcedureByID(t.Context(), c.id)
			if err != nil || found.ID != c.id || *found.Name != "The one" {
				t.Fatalf("got %v, %v", found, err)
			}
			server.expect(t, c.searched)
		})
	}
}
