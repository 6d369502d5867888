package tofupilot

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/paging"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// decodeIDs decodes a page and keeps only the IDs of its rows.
func decodeIDs(body string) (paging.Page[Row], error) {
	keepID := func(p *Procedure) (Row, int) { return Row{ID: p.ID}, 0 }
	return decodePage(context.Background(), []byte(body), keepID, new(rest.Budget).Share())
}

// TestDecodePage checks that the examples of both reference pages are decoded, and that unknown
// members, which a later version of the API may add, are ignored.
func TestDecodePage(t *testing.T) {
	t.Parallel()
	for _, example := range []fakeapi.Procedure{fakeapi.Example2025(), fakeapi.Example2026()} {
		for _, unknown := range []string{``, `, "total": 7`} {
			page, err := decodeIDs(`{"data": [` + example.JSON + `], "meta": {"has_more": true, "next_cursor": 100` + unknown + `}` + unknown + `}`)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Rows) != 1 || page.Rows[0].ID != example.ID || !page.More || page.Next != "100" {
				t.Errorf("got %+v", page)
			}
		}
	}
}

// TestInvalidPages checks the errors of invalid pages, which say what is wrong and where.
func TestInvalidPages(t *testing.T) {
	t.Parallel()
	const meta = `"meta": {"has_more": false, "next_cursor": null}`
	for body, want := range map[string]string{
		"<html></html>":                             "invalid character '<' at start of value",
		"\uFEFF{}":                                  `invalid character '\ufeff' at start of value`,
		"{\"dat\": \"\xfc\"}":                       "invalid UTF-8",
		`{"data": [], ` + meta + `}{}`:              "a second value follows the object",
		`{"data": null, ` + meta + `}`:              "it has no data",
		`{"items": [], ` + meta + `}`:               "it has no data",
		`{"data": []}`:                              "it has no meta.has_more",
		`{"data": [], "meta": {"Has_more": false}}`: "it has no meta.has_more",
		`[]`:                             "the body: unexpected [",
		`{"data": {}, ` + meta + `}`:     `data: unexpected {`,
		`{"data": [7], ` + meta + `}`:    `data.0: unexpected number`,
		`{"data": [null], ` + meta + `}`: "data: item 0 has no id",
		`{"data": [{"id": "a"}, {"name": "b"}], ` + meta + `}`:                          "data: item 1 has no id",
		`{"data": [{"id": "a", "fpy": "85.5"}], ` + meta + `}`:                          "data.0.fpy: not a number",
		`{"data": [{"id": "a", "runs": [{}, {"unit": []}]}], ` + meta + `}`:             `data.0.runs.1.unit: unexpected [`,
		`{"data": [{"id": "a", "name": "\ud83d"}], ` + meta + `}`:                       "invalid surrogate pair",
		`{"data": [], "meta": {"has_more": "no"}}`:                                      `meta.has_more: unexpected string`,
		`{"data": [], "meta": {"has_more": false, "next_cursor": true}}`:                "meta.next_cursor: neither a number nor a string",
		`{"data": [{"id": "a"}], "data": [], ` + meta + `}`:                             "duplicate object member name, at byte 24: data",
		`{"data": [], "meta": {"has_more": true, "next_cursor": 1, "has_more": false}}`: "duplicate object member name, at byte 58: meta.has_more",
		`{"data": [{"id": "a", "\u0069d": "a"}], ` + meta + `}`:                         "duplicate object member name, at byte 22: data.0.id",
		`{"data": [{"id": "a"}, {"x": 1, "id": "b", "x": 1}], ` + meta + `}`:            "duplicate object member name, at byte 43: data.1.x",
		`{"data": [{"id": "a", "more": [[{"x": 1, "y": 2, "x": 3}]]}], ` + meta + `}`:   "duplicate object member name, at byte 49: data.0.more.0.0.x",
		`{"data": [], ` + meta + `, "more": {"a/b": {"~": 1, "~": 1}}}`:                 "duplicate object member name, at byte 88: more.a/b.~",
	} {
		page, err := decodeIDs(body)
		if err == nil {
			t.Errorf("%s is decoded as %+v", body, page)
			continue
		}
		if got, want := err.Error(), "the response isn't a page of procedures: "+want; !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

// TestNamesInAnotherCase checks that a JSON member whose name differs only in case from a field's
// name is ignored.
func TestNamesInAnotherCase(t *testing.T) {
	t.Parallel()
	page, err := decodeIDs(`{"Data": [], "data": [{"ID": "wrong", "id": "right", "Id": "wrong", "Name": 7, "CREATED_AT": {}, "Runs": 1}],
		"META": {"has_more": false}, "meta": {"HAS_MORE": false, "has_more": true, "Next_Cursor": 7}}`)
	if err != nil || page.Rows[0].ID != "right" || !page.More || page.Next != "" {
		t.Errorf("got %+v, %v", page, err)
	}
}

// TestMaxPageRows checks that a page with more than 1,000 rows is rejected.
func TestMaxPageRows(t *testing.T) {
	t.Parallel()
	body := func(rows int) string {
		return `{"data": [` + strings.Repeat(`{"id": "a"},`, rows-1) + `{"id": "b"}], "meta": {"has_more": false}}`
	}
	if page, err := decodeIDs(body(1_000)); err != nil || len(page.Rows) != 1_000 {
		t.Errorf("got %d rows, %v; want 1000", len(page.Rows), err)
	}
	if _, err := decodeIDs(body(1_001)); err == nil || !strings.HasSuffix(err.Error(), "more than 1000 rows") {
		t.Errorf("got %v, want an error about more than 1000 rows", err)
	}
}

// TestMaxRow checks that a page is rejected before it is decoded if one of its rows, or everything
// else in the body, is longer than 1 MiB. A few bytes of JSON may become many bytes in memory.
func TestMaxRow(t *testing.T) {
	t.Parallel()
	const (
		meta     = `"meta":{"has_more":false}`
		longRow  = "longer than 1 MiB"
		longRest = "what isn't in data is longer than 1 MiB"
	)
	// row returns a row of this length in bytes, with as many runs as possible.
	row := func(id string, length int) string {
		const run, end = ",{}", "]}"
		text := `{"id":"` + id + `","runs":[{}`
		text += strings.Repeat(run, (length-len(text)-len(end))/len(run))
		return text + strings.Repeat(" ", length-len(text)-len(end)) + end
	}
	longest := row("a", maxRow)
	const member = `"x":0,`
	members := strings.Repeat(member, maxRow/len(member)+1)
	for name, c := range map[string]struct{ body, wantErr string }{
		"two of the longest rows":               {`{"data":[` + longest + "," + row("b", maxRow) + `],` + meta + `}`, ""},
		"a longer row":                          {`{"data":[{"id":"b"},` + row("a", maxRow+1) + `],` + meta + `}`, "data.1: " + longRow},
		"a row of many members":                 {`{"data":[{` + members + `"id":"a"}],` + meta + `}`, "data.0: " + longRow},
		"a long name in a row":                  {`{"data":[{"id":"a","` + strings.Repeat("n", maxRow) + `":0}],` + meta + `}`, "data.0: " + longRow},
		"many members outside data":             {`{"data":[],` + members + meta + `}`, longRest},
		"many members in meta":                  {`{"data":[],"meta":{` + members + `"has_more":false}}`, longRest},
		"many members in a row of another list": {`{"data":[],"more":[{` + members + `"a":0}],` + meta + `}`, "more.0: " + longRow},
		"many members in nested lists":          {`{"data":[],"more":{"x":[[{` + members + `"a":0}]]},` + meta + `}`, longRest},
		"a long array instead of an object":     {`[` + row("a", maxRow+1) + `]`, longRest},
		"white space":                           {`{"data":[` + strings.Repeat(" ", maxRow) + `],` + meta + `}`, longRest},
		"long and truncated":                    {`{"data":[` + longest + "," + longest, "the body ends too early"},
		"long and truncated within a row":       {`{"data":[` + longest + "," + longest[:maxRow-1], "the body ends too early"},
		"long, and a second value":              {`{"data":[` + longest + `],` + meta + `}{}`, "a second value follows the object"},
		"long, with a duplicate name":           {`{"data":[` + longest + `,{"id":"b","x":1,"x":1}],` + meta + `}`, ": data.1.x"},
	} {
		page, err := decodeIDs(c.body)
		if c.wantErr == "" {
			if err != nil || len(page.Rows) != 2 {
				t.Errorf("%s: got %d rows, %v; want 2", name, len(page.Rows), err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.wantErr) {
			t.Errorf("%s: got %v, want %q", name, err, c.wantErr)
		}
	}
}

// TestDecodingEnds checks that no further row is decoded once the context has ended.
func TestDecodingEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	kept := 0
	keep := func(p *Procedure) (Row, int) {
		if kept++; kept == 3 {
			cancel()
		}
		return Row{ID: p.ID}, 0
	}
	body := `{"data": [` + strings.Repeat(`{"id": "a"},`, 99) + `{"id": "b"}], "meta": {"has_more": false}}`
	_, err := decodePage(ctx, []byte(body), keep, new(rest.Budget).Share())
	if kept != 3 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d rows were kept, %v", kept, err)
	}
}

// cursorPage returns an empty page with the next_cursor.
func cursorPage(cursor string) string {
	return `{"data": [], "meta": {"has_more": true, "next_cursor": ` + cursor + `}}`
}

// TestCursors checks that a whole number below 2^53 is returned without exponent or decimals, and that
// other numbers and strings are returned unchanged. For null and an empty string, no cursor is
// returned: an empty cursor would request the first page. A cursor longer than 4 KiB is rejected.
func TestCursors(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", maxCursor-len(`""`))
	for received, want := range map[string]string{
		"3": "3", "3.0": "3", "30e-1": "3", "-3": "-3", "0.5": "0.5", "1e300": "1e300", "null": "",
		`"3"`: "3", `"after r3"`: "after r3", `"007"`: "007", `"1e3"`: "1e3", `"+5"`: "+5", `"\u00e9"`: "é", `""`: "",
		`"` + longest + `"`: longest,
	} {
		if page, err := decodeIDs(cursorPage(received)); err != nil || page.Next != want {
			t.Errorf("%s: got %q, %v, want %q", received, page.Next, err, want)
		}
	}
	if _, err := decodeIDs(cursorPage(`"` + longest + `x"`)); err == nil || !strings.Contains(err.Error(), "meta.next_cursor: longer than 4 KiB") {
		t.Errorf("a longer cursor: got %v, want an error about its length", err)
	}
}

// TestTruncatedPage checks that the error of a truncated page is rest.ErrTruncated, wherever the page
// ends. Package rest retries a request after this error.
func TestTruncatedPage(t *testing.T) {
	t.Parallel()
	page := `{"data":[` + fakeapi.Example2025().JSON + `],"meta":{"has_more":false,"next_cursor":null}}`
	for end := range len(page) {
		if got, err := decodeIDs(page[:end]); !errors.Is(err, rest.ErrTruncated) {
			t.Errorf("truncated after %d bytes: got %+v, %v", end, got, err)
		}
	}
}

// FuzzDecodePage checks that decodePage accepts only valid JSON, and that it returns the rows that
// encoding/json finds.
func FuzzDecodePage(f *testing.F) {
	const beginOfRow = `{"id":"a","name":"FVT","created_at":"2024-01-15T10:30:00.000Z","created_by_user":{"id":"u","name":null,"email":"e"}`
	for _, body := range []string{
		`{"data":[],"meta":{"has_more":false,"next_cursor":null}}`,
		`{"data":[` + beginOfRow + `,"linkedRepository":{"id":"r","name":"n","fullName":"o/n","provider":"github"}}],"meta":{"has_more":true,"next_cursor":100}}`,
		`{"data":[` + beginOfRow + `,"runs":[{"id":"r","outcome":"PASS","started_at":"2024-01-15T14:30:00Z","unit":{"id":"s"}}],"fpy":85.5}],"meta":{"has_more":true,"next_cursor":1.0}}`,
		`{"data":[{"id":"a","created_at":"yesterday"}],"meta":{"has_more":true,"next_cursor":"after a"}}`,
		`{"data":[{"id":7},{}],"meta":{"has_more":"yes","next_cursor":{}}}`, `{"data":null,"meta":null}`, `[]`, `null`, ``, ` `, "\uFEFF{}", "<html>", "{\"data\":[\x00]}",
		`{"data":[{"id":"a","runs":null,"fpy":1e400}],"meta":{"has_more":false,"next_cursor":-0.0}}`, strings.Repeat("[", 10_001), // nested deeper than decoders allow
		`{"data":[{"id":"right","ID":"wrong","x":[{"y":1,"\u0079":2}]}],"meta":{"has_more":true,"HAS_MORE":false}}`,
		`{"data":[{"id":"a"}],"data":[{}],"meta":{"has_more":true,"has_more":false},"Data":7}`,
		`{"data":[` + strings.Repeat(`{"id":"a"},`, maxPageRows) + `{"id":"b"}],"meta":{"has_more":false}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decodeIDs(string(body))
		if err != nil {
			if got.Rows != nil || err.Error() == "" {
				t.Errorf("page %v and error %q", got, err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("%q is decoded as a page", body)
		}
		checkRows(t, body, got.Rows)
	})
}

// checkRows checks that encoding/json finds the same rows in the body.
func checkRows(t *testing.T, body []byte, rows []Row) {
	t.Helper()
	// encoding/json ignores the case of a struct's names, but not of a map's.
	var page map[string]json.RawMessage
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	var items []map[string]json.RawMessage
	if err := json.Unmarshal(page["data"], &items); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if len(rows) != len(items) || len(rows) > maxPageRows {
		t.Fatalf("%d rows of %q, want %d and at most %d", len(rows), body, len(items), maxPageRows)
	}
	for i, row := range rows {
		var id string
		if err := json.Unmarshal(items[i]["id"], &id); err != nil || id == "" || row.ID != id {
			t.Errorf("row %d of %q has the ID %q, want %q (%v)", i, body, row.ID, id, err)
		}
	}
}
