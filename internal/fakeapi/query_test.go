package fakeapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// issuePaths checks that the request is refused as invalid and returns which
// parameters the issues name.
func issuePaths(t *testing.T, rawQuery string) []string {
	t.Helper()
	w := get(t, fakeapi.New(named("a")...), rawQuery)
	wantRefusal(t, w, http.StatusBadRequest, "BAD_REQUEST", "Input validation failed")
	var body struct {
		Issues []struct {
			Code, Message string
			Path          []string
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, issue := range body.Issues {
		if issue.Code == "" || issue.Message == "" || len(issue.Path) != 1 {
			t.Errorf("issue %+v", issue)
			continue
		}
		paths = append(paths, issue.Path[0])
	}
	return paths
}

func TestWrongParametersAreRefused(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"limit":  {"0", "101", "abc", "1.5", "-1", "", " 1", "1e2", "99999999999999999999"},
		"cursor": {"-1", "1.5", "abc", "", "-0.5", "NaN", "Infinity", "100.5", "1 0", "null"},
		"search_query": {
			strings.Repeat("a", 101),
			strings.Repeat("é", 101),
			strings.Repeat("🔋", 101),
		},
	} {
		for _, value := range values {
			t.Run(name+"="+value, func(t *testing.T) {
				t.Parallel()
				wantIDs(t, issuePaths(t, url.Values{name: {value}}.Encode()), name)
			})
		}
	}
}

func TestWrongTimesAreRefused(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"",
		"2024-01-01",                      // a date alone
		"2024-01-01T00:00:00+02:00",       // a raw plus is a space
		"2024-01-01T00:00:00z",            // a lower-case z
		"2024-01-01t00:00:00Z",            // a lower-case t
		"2024-01-01T00:00Z",               // no seconds
		"2024-01-01T00:00%2B02:00",        // no seconds
		"2024-01-01T00:00:00",             // no zone
		"2024-01-01T00:00:00.Z",           // no digit after the point
		"2024-01-01T00:00:00,5Z",          // a comma
		"2024-01-01T0:00:00Z",             // one digit
		"2024-01-01T24:00:00Z",            // no such hour
		"2024-01-01T23:59:60Z",            // a leap second
		"2024-01-01T00:00:00%2B24:00",     // no such offset
		"2024-01-01T00:00:00%2B0200",      // no colon
		"2023-02-29T00:00:00Z",            // no such day
		"1900-02-29T00:00:00Z",            // no such day
		"2024-04-31T00:00:00Z",            // no such day
		"2024-13-01T00:00:00Z",            // no such month
		"24-01-01T00:00:00Z",              // two digits
		"%2B002024-01-01T00:00:00Z",       // six digits
		"2024-01-01T00:00:00Z%0A",         // more after it
		"%202024-01-01T00:00:00Z",         // more before it
		"1704067200000",                   // milliseconds
		"Mon,%2001%20Jan%202024%2000:00Z", // another format
	} {
		for _, name := range []string{"created_after", "created_before"} {
			t.Run(name+"="+raw, func(t *testing.T) {
				t.Parallel()
				wantIDs(t, issuePaths(t, name+"="+raw), name)
			})
		}
	}
}

func TestRightParametersAreTaken(t *testing.T) {
	t.Parallel()
	s := fakeapi.New()
	for _, raw := range []string{
		"limit=1", "limit=50", "limit=100",
		"cursor=0", "cursor=100", "cursor=100.0", "cursor=100.00", "cursor=99999999999999999999",
		"search_query=", "search_query=" + strings.Repeat("a", 100),
		"search_query=" + url.QueryEscape(strings.Repeat("é", 100)),
		"search_query=" + url.QueryEscape(strings.Repeat("🔋", 100)),
		"created_after=2024-01-01T00:00:00.000Z", "created_before=2024-01-01T00:00:00Z",
		"created_after=2024-02-29T23:59:59.999999999999Z", "created_before=2000-02-29T00:00:00.5Z",
		"created_after=0000-02-29T00:00:00Z", "created_before=9999-12-31T23:59:59.999Z",
		"created_after=2024-01-01T00:00:00%2B02:00", "created_before=2024-01-01T00:00:00-23:59",
		"created_after=2025-01-01T00:00:00Z&created_before=2024-01-01T00:00:00Z",
	} {
		if w := get(t, s, raw); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", raw, w.Code, w.Body)
		}
	}
}

func TestRepeatedParametersAreRefused(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"limit": "5", "cursor": "0", "search_query": "a",
		"created_after": "2024-01-01T00:00:00Z", "created_before": "2024-01-01T00:00:00Z",
	} {
		wantIDs(t, issuePaths(t, url.Values{name: {value, value}}.Encode()), name)
	}
}

func TestEachWrongParameterHasItsIssue(t *testing.T) {
	t.Parallel()
	paths := issuePaths(t, "created_before=x&limit=0&cursor=-1&created_after=y&search_query=a&search_query=b")
	slices.Sort(paths)
	wantIDs(t, paths, "created_after", "created_before", "cursor", "limit", "search_query")
	wantIDs(t, issuePaths(t, "limit=10&cursor=x&search_query=a"), "cursor")
}

func TestUnknownParametersAreIgnored(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("a", "b")...)
	wantIDs(t, list(t, s, "offset=1&page=2&page=3&Limit=0&limit%5B%5D=0&search=b"), "a", "b")
}

func TestPageIsFiftyUnlessAsked(t *testing.T) {
	t.Parallel()
	ids := numbered(150)
	s := fakeapi.New(named(ids...)...)
	wantIDs(t, list(t, s, ""), ids[:50]...)
	wantIDs(t, list(t, s, "limit=100"), ids[:100]...)
	wantIDs(t, list(t, s, "limit=1&cursor=149"), "p149")
}

func TestMetaIsWrittenAsInTheDocuments(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named(numbered(101)...)...)
	const printed = `"meta": {
    "has_more": true,
    "next_cursor": 100
  }
}`
	want := strings.TrimPrefix(compact(t, "{"+printed), "{")
	if body := get(t, s, "limit=100").Body.String(); !strings.HasSuffix(body, "],"+want) {
		t.Errorf("the answer ends with %s", body[max(0, len(body)-60):])
	}
	const end = `{"data":[],"meta":{"has_more":false,"next_cursor":null}}`
	if got := get(t, fakeapi.New(), "").Body.String(); got != end {
		t.Errorf("got %s, want %s", got, end)
	}
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
				if p.Meta.NextCursor == nil {
					break
				}
				if *p.Meta.NextCursor != cursor+len(p.Data) || len(p.Data) != limit {
					t.Fatalf("limit %d%s: %d rows, next_cursor %d", limit, filter, len(p.Data), *p.Meta.NextCursor)
				}
				cursor = *p.Meta.NextCursor
			}
			wantIDs(t, got, ids...)
		}
	}
}

func TestCursorPastTheEndIsAnEmptyPage(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("a", "b", "c")...)
	for _, cursor := range []string{"3", "4", "3.0", "1000000", "9223372036854775807", "99999999999999999999"} {
		for _, filter := range []string{"", "&search_query=name"} {
			wantIDs(t, list(t, s, "cursor="+cursor+filter))
		}
	}
	wantIDs(t, list(t, s, "cursor=2.0"), "c")
}

func TestSearchFindsPartsOfNames(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(
		fakeapi.Procedure{ID: "550e8400-E29B-41d4", Name: "Battery Test Procedure"},
		fakeapi.Procedure{ID: "661f9511-f3ac-52e5", Name: "Überspannung 100%"},
		fakeapi.Procedure{ID: "FVT1", Name: "battery"},
	)
	const first, second, third = "550e8400-E29B-41d4", "661f9511-f3ac-52e5", "FVT1"
	for _, c := range []struct {
		search string
		want   []string
	}{
		{"", []string{first, second, third}},
		{"battery", []string{first, third}},
		{"BATTERY", []string{first, third}},
		{"battery test", []string{first}},
		{"y t", []string{first}},
		{"test battery", nil},
		{"übersp", []string{second}},
		{"ÜBERSP", []string{second}},
		{"%", []string{second}},
		{"100%", []string{second}},
		{" ", []string{first, second}},
		{"550e8", nil}, // five characters: names only
		{"550e84", []string{first}},
		{"8400-e29b", []string{first}},
		{"F3AC-5", []string{second}},
		{"FVT1", nil}, // an ID, but four characters
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
		"created_after=2024-01-15T12:30:00%2B02:00":                                      {"after"},
		"created_before=2024-01-15T10:30:00.001Z":                                        {"at", "before"},
		"created_after=2024-01-15T10:29:59.999Z&created_before=2024-01-15T10:30:00.001Z": {"at"},
		"created_after=2024-01-15T10:30:00Z&created_before=2024-01-15T10:30:00Z":         nil,
		"created_after=0000-01-01T00:00:00Z":                                             {"after", "at", "before"},
		"created_before=0001-01-01T00:00:00Z":                                            nil,
	} {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			wantIDs(t, list(t, s, raw), want...)
		})
	}
}

func TestFiltersHoldTogether(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(named("aa", "ab", "ba", "ac")...)
	wantIDs(t, list(t, s, "search_query=of+a&created_before=2024-06-01T00:00:00Z&limit=1&cursor=1"), "ac")
}

func BenchmarkPageOf100000(b *testing.B) {
	s := fakeapi.New(fakeapi.Generate(100_000, fakeapi.Gen2025)...)
	for _, rawQuery := range []string{"limit=100&cursor=99900", "limit=100&cursor=99900&created_after=2000-01-01T00:00:00Z"} {
		b.Run(rawQuery, func(b *testing.B) {
			for b.Loop() {
				s.ServeHTTP(discard{http.Header{}}, request(b, rawQuery))
			}
		})
	}
}
