package fakeapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// A name that is misspelt in the fake is ignored there, as the API ignores names
// that it doesn't know. Only a second value of a known one is refused.
func TestTheFakeKnowsEveryParameter(t *testing.T) { //nolint:paralleltest // Its errors stand before those of what follows from them.
	for _, name := range []string{"limit", "cursor", "search_query", "created_after", "created_before"} {
		if w := get(t, fakeapi.New(), name+"=1&"+name+"=2"); w.Code != http.StatusBadRequest {
			t.Errorf("the fake doesn't know the parameter %s: given twice, it isn't refused but answered with %d", name, w.Code)
		}
	}
}

// The recorded answers say most of what is refused, and what isn't. This is the rest.
func TestWrongParametersAreRefused(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"limit":        {"99999999999999999999", "3000000000"},
		"cursor":       {"-1", "1.5", "-0.5", "NaN", "Infinity", "1 0", "3000000000"},
		"search_query": {strings.Repeat("é", 101), strings.Repeat("\xff", 101)},
	} {
		for _, value := range values {
			t.Run(name+"="+value, func(t *testing.T) {
				t.Parallel()
				wantRefused(t, url.Values{name: {value}}, name)
			})
		}
	}
}

func wantRefused(t *testing.T, query url.Values, path string) {
	t.Helper()
	w := get(t, fakeapi.New(), query.Encode())
	var answer recordedAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusBadRequest || answer.paths(t) != path {
		t.Errorf("%s: got %d %s, want one at %q", query.Encode(), w.Code, w.Body, path)
	}
}

func TestWrongTimesAreRefused(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{
		"2024-01-01",               // a date alone
		"2024-01-01T00:00+02:00",   // no seconds
		"2024-01-01T00:00:00.Z",    // no digit after the point
		"2024-01-01T00:00:00,5Z",   // a comma
		"2024-01-01T0:00:00Z",      // one digit
		"2024-01-01T00:00:00+0200", // no colon
		"1900-02-29T00:00:00Z",     // no such day
		"2024-04-31T00:00:00Z",     // no such day
		"2024-13-01T00:00:00Z",     // no such month
		"24-01-01T00:00:00Z",       // two digits
		"+002024-01-01T00:00:00Z",  // six digits
		"2024-01-01T00:00:00Z\n",   // more after it
		" 2024-01-01T00:00:00Z",    // more before it
		"Mon, 01 Jan 2024 00:00Z",  // another format
	} {
		for _, name := range []string{"created_after", "created_before"} {
			wantRefused(t, url.Values{name: {wrong}}, name)
		}
	}
	for _, name := range []string{"created_after", "created_before"} {
		wantRefused(t, url.Values{name: {"2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"}}, name)
	}
}

func TestRightTimesAreTaken(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	for _, raw := range []string{
		"created_after=2024-02-29T23:59:59.999999999999Z", "created_before=2000-02-29T00:00:00.5Z",
		"created_after=0000-02-29T00:00:00Z", "created_before=2024-01-01T00:00:00-23:59",
	} {
		if w := get(t, s, raw); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", raw, w.Code, w.Body)
		}
	}
}

func TestPageIsFiftyUnlessAsked(t *testing.T) {
	t.Parallel()
	ids := numbered(150)
	s := fakeapi.New(named(ids...)...)
	wantIDs(t, list(t, s, ""), ids[:50]...)
	wantIDs(t, list(t, s, "limit=100"), ids[:100]...)
	wantIDs(t, list(t, s, "limit=1&cursor=149"), "p149")
}

// Every page size, with and without a filter: the two are found in different ways.
func TestPagesMakeUpTheList(t *testing.T) {
	t.Parallel()
	ids := numbered(23)
	s := fakeapi.New(named(ids...)...)
	for _, filter := range []string{"", "&search_query=name", "&created_after=2000-01-01T00:00:00Z"} {
		for limit := 1; limit <= 25; limit++ {
			var got []string
			cursor := 0
			for {
				p := decodePage(t, get(t, s, fmt.Sprintf("limit=%d&cursor=%d%s", limit, cursor, filter)))
				got = append(got, itemIDs(t, p.Data)...)
				if p.next == nil {
					break
				}
				if *p.next != cursor+len(p.Data) || len(p.Data) != limit {
					t.Fatalf("limit %d%s: %d rows, next_cursor %d", limit, filter, len(p.Data), *p.next)
				}
				cursor = *p.next
			}
			wantIDs(t, got, ids...)
		}
	}
}

func TestCursorPastTheEndIsAnEmptyPage(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("a", "b", "c")...)
	for _, cursor := range []string{"3", "4", "1000000"} {
		for _, filter := range []string{"", "&search_query=name"} {
			wantIDs(t, list(t, s, "cursor="+cursor+filter))
		}
	}
}

func TestSearchFindsPartsOfNames(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(
		fakeapi.Procedure{ID: "550e8400-E29B-41d4", Name: "Battery Test Procedure"},
		fakeapi.Procedure{ID: "661f9511-f3ac-52e5", Name: "Überspannung 100%"},
		fakeapi.Procedure{ID: "7d3b9f52-6c1e-4a08", Name: "battery"},
	)
	const first, second, third = "550e8400-E29B-41d4", "661f9511-f3ac-52e5", "7d3b9f52-6c1e-4a08"
	for _, c := range []struct {
		search string
		want   []string
	}{
		{"battery", []string{first, third}},
		{"test battery", nil},
		{"ÜBERSP", []string{second}},
		{"%", []string{second}},
		{"550e84", []string{first}},
		{"8400-e29b", []string{first}},
		{"F3AC-5", []string{second}},
		{"7d3b", nil}, // part of an ID, but four characters
	} {
		t.Run(c.search, func(t *testing.T) {
			t.Parallel()
			wantIDs(t, list(t, s, url.Values{"search_query": {c.search}}.Encode()), c.want...)
		})
	}
}

func TestCreatedAfterAndBeforeAreStrict(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.January, 15, 10, 30, 0, 0, time.UTC)
	s := fakeapi.New(
		fakeapi.Procedure{ID: "after", CreatedAt: at.Add(time.Millisecond)},
		fakeapi.Procedure{ID: "at", CreatedAt: at},
		fakeapi.Procedure{ID: "before", CreatedAt: at.Add(-time.Millisecond)},
	)
	for raw, want := range map[string][]string{
		"created_after=2024-01-15T10:30:00.000Z":                                         {"after"},
		"created_before=2024-01-15T10:30:00.000Z":                                        {"before"},
		"created_after=2024-01-15T10:29:59.999Z&created_before=2024-01-15T10:30:00.001Z": {"at"},
		"created_after=0000-01-01T00:00:00Z":                                             {"after", "at", "before"},
	} {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			wantIDs(t, list(t, s, raw), want...)
		})
	}
}

func BenchmarkPageOf100000(b *testing.B) {
	s := fakeapi.New(fakeapi.Generate(100_000, fakeapi.WithRunsAndFPY)...)
	for _, rawQuery := range []string{"limit=100&cursor=99900", "limit=100&cursor=99900&created_after=2000-01-01T00:00:00Z"} {
		b.Run(rawQuery, func(b *testing.B) {
			for b.Loop() {
				s.ServeHTTP(discard{http.Header{}}, request(b, rawQuery))
			}
		})
	}
}
