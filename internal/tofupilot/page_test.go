package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/paging"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

func TestDecodePage(t *testing.T) {
	t.Parallel()
	for _, example := range []fakeapi.Procedure{fakeapi.Example2025(), fakeapi.Example2026()} {
		// The second page has unknown members, which a later version of the API may add.
		for _, extra := range []string{``, `, "total": 7`} {
			page, err := decodeIDs([]byte(`{"data": [` + example.JSON + `], "meta": {"has_more": true, "next_cursor": 100` + extra + `}` + extra + `}`))
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Rows) != 1 || page.Rows[0].ID != example.ID || !page.More || page.Next != "100" {
				t.Errorf("got %+v", page)
			}
		}
	}
}

// decodeIDs decodes a page and keeps only the IDs of its rows.
func decodeIDs(body []byte) (paging.Page[Row], error) {
	return decodePage(context.Background(), body, func(p *Procedure) (Row, int) { return Row{ID: p.ID}, 0 }, new(rest.Budget).Share())
}

func TestInvalidPages(t *testing.T) {
	t.Parallel()
	const meta = `"meta": {"has_more": false, "next_cursor": null}`
	for body, want := range map[string]string{
		"<html></html>":                  "invalid character '<' at start of value",
		"\uFEFF{}":                       `invalid character '\ufeff' at start of value`,
		"{\"dat\": \"\xfc\"}":            "invalid UTF-8",
		`{"data": [], ` + meta + `}{}`:   "a second value follows the object",
		`{"data": null, ` + meta + `}`:   "it has no data",
		`{"items": [], ` + meta + `}`:    "it has no data",
		`{"data": []}`:                   "it has no meta.has_more",
		`[]`:                             "the body: unexpected [",
		`{"data": {}, ` + meta + `}`:     `data: unexpected {`,
		`{"data": [7], ` + meta + `}`:    `data.0: unexpected number`,
		`{"data": [null], ` + meta + `}`: "data: item 0 has no id",
		`{"data": [{"id": "a"}, {"name": "b"}], ` + meta + `}`:              "data: item 1 has no id",
		`{"data": [{"id": "a", "fpy": "85.5"}], ` + meta + `}`:              "data.0.fpy: not a number",
		`{"data": [{"id": "a", "runs": [{}, {"unit": []}]}], ` + meta + `}`: `data.0.runs.1.unit: unexpected [`,
		`{"data": [{"id": "a", "name": "\ud83d"}], ` + meta + `}`:           "invalid surrogate pair",
		`{"data": [], "meta": {"has_more": "no"}}`:                          `meta.has_more: unexpected string`,
		`{"data": [], "meta": {"has_more": false, "next_cursor": true}}`:    "meta.next_cursor: neither a number nor a string",
	} {
		page, err := decodeIDs([]byte(body))
		if err == nil {
			t.Errorf("%s is decoded as %+v", body, page)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error doesn't say %q: %v", body, want, err)
		}
		if errors.Is(err, rest.ErrTruncated) {
			t.Errorf("%s counts as truncated: %v", body, err)
		}
	}
}

// TestNamesInAnotherCase checks that a JSON member whose name differs in upper or lower case is an
// unknown field.
func TestNamesInAnotherCase(t *testing.T) {
	t.Parallel()
	const id = `{"Data": [], "data": [{"ID": "wrong", "id": "right", "Id": "wrong", "Name": 7, "CREATED_AT": {}, "Runs": 1}]`
	page, err := decodeIDs([]byte(id + `, "META": {"has_more": false}, "meta": {"HAS_MORE": false, "has_more": true, "Next_Cursor": 7}}`))
	if err != nil || page.Rows[0].ID != "right" || !page.More || page.Next != "" {
		t.Errorf("%+v, %v", page, err)
	}
	page, err = decodeIDs([]byte(id + `, "meta": {"Has_more": false}}`))
	if err == nil || !strings.Contains(err.Error(), "it has no meta.has_more") {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestDuplicateMembers(t *testing.T) {
	t.Parallel()
	const meta = `"meta": {"has_more": false}`
	for body, want := range map[string]string{
		`{"data": [{"id": "a"}], "data": [], ` + meta + `}`:                             "data",
		`{"data": [], "meta": {"has_more": true, "next_cursor": 1, "has_more": false}}`: "meta.has_more",
		`{"data": [{"id": "a", "\u0069d": "a"}], ` + meta + `}`:                         "data.0.id",
		`{"data": [{"id": "a"}, {"x": 1, "id": "b", "x": 1}], ` + meta + `}`:            "data.1.x",
		`{"data": [{"id": "a", "more": [[{"x": 1, "y": 2, "x": 3}]]}], ` + meta + `}`:   "data.0.more.0.0.x",
		`{"data": [], ` + meta + `, "more": {"a/b": {"~": 1, "~": 1}}}`:                 "more.a/b.~",
	} {
		page, err := decodeIDs([]byte(body))
		if err == nil || !strings.HasPrefix(err.Error(), "the response isn't a page of procedures: duplicate object member name, at byte ") || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%s: %+v, %v", body, page, err)
		}
	}
}

func TestMaxPageRows(t *testing.T) {
	t.Parallel()
	for rows, fails := range map[int]bool{1_000: false, 1_001: true} {
		items := make([]string, rows)
		for i := range items {
			items[i] = fmt.Sprintf(`{"id": "%d"}`, i)
		}
		page, err := decodeIDs([]byte(`{"data": [` + strings.Join(items, ",") + `], "meta": {"has_more": false}}`))
		if fails && (err == nil || !strings.HasSuffix(err.Error(), "more than 1000 rows")) || !fails && (err != nil || len(page.Rows) != rows) {
			t.Errorf("%d rows: %v", rows, err)
		}
	}
}

// TestManyRuns decodes a page of the largest size that a server sends, with 65,000 runs.
func TestManyRuns(t *testing.T) {
	t.Parallel()
	const run = `{"id":"0190d3a5-6b1c-7cc5-8a54-13c0b66fbd4e","outcome":"PASS","started_at":"2024-01-15T14:30:00.000Z","unit":{"id":"0190d3a5-6b1c-7cc5-8a54-13c0b66fbd4f"}}`
	runs := run + strings.Repeat(","+run, 649)
	rows := make([]string, 100)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"id":"%d","runs":[%s]}`, i, runs)
	}
	kept := 0
	body := []byte(`{"data":[` + strings.Join(rows, ",") + `],"meta":{"has_more":true,"next_cursor":100}}`)
	page, err := decodePage(t.Context(), body, func(p *Procedure) (Row, int) { kept += len(p.Runs); return Row{ID: p.ID}, 0 }, new(rest.Budget).Share())
	if err != nil || len(page.Rows) != 100 || kept != 100*650 || page.Next != "100" {
		t.Errorf("%d rows with %d runs, %v", len(page.Rows), kept, err)
	}
}

// TestMaxRow checks that the length of a row, and of everything outside data, is limited before it
// is decoded, because a few bytes of JSON may need much memory.
func TestMaxRow(t *testing.T) {
	t.Parallel()
	const meta = `"meta":{"has_more":false}`
	fill := func(before, with, after string, length int) string {
		return before + strings.Repeat(with, (length-len(before)-len(after))/len(with)) + after
	}
	row := func(length int) string { return fill(`{"id":"a","runs":[{}`, ",{}", `]}`, length) }
	names := func(count int) string {
		var text strings.Builder
		for i := range count {
			fmt.Fprintf(&text, `"%d":0,`, i)
		}
		return text.String()
	}
	for name, c := range map[string]struct{ body, want string }{ // want: the error; empty: valid
		"two of the longest rows": {`{"data":[` + row(maxRow) + "," + strings.Replace(row(maxRow), "a", "b", 1) + `],` + meta + `}`, ""},
		"a longer row":            {`{"data":[{"id":"b"},` + row(maxRow+3) + `],` + meta + `}`, "data.1: longer than 1 MiB"},
		"a row of many names":     {`{"data":[{` + names(200_000) + `"id":"a"}],` + meta + `}`, "data.0: longer than 1 MiB"},
		"a longer row with a duplicate name": {
			`{"data":[{"id":"b"},` + strings.Replace(row(maxRow+9), `"a"`, `"a","x":0,"x":0`, 1) + `],` + meta + `}`, "data.1: longer than 1 MiB",
		},
		"a long name in a row":                {`{"data":[{"id":"a","` + strings.Repeat("n", maxRow) + `":0}],` + meta + `}`, "data.0: longer than 1 MiB"},
		"many names outside data":             {`{"data":[],` + names(200_000) + meta + `}`, "what isn't in data is longer than 1 MiB"},
		"many names in meta":                  {`{"data":[],"meta":{` + names(200_000) + `"has_more":false}}`, "what isn't in data is longer than 1 MiB"},
		"many names in a row of another list": {`{"data":[],"more":[{` + names(200_000) + `"a":0}],` + meta + `}`, "more.0: longer than 1 MiB"},
		"many names in nested lists":          {`{"data":[],"more":{"x":[[{` + names(200_000) + `"a":0}]]},` + meta + `}`, "what isn't in data is longer than 1 MiB"},
		"an array instead of an object":       {`[` + row(maxRow+3) + `]`, "what isn't in data is longer than 1 MiB"},
		"white space":                         {fill(`{"data":[`, " ", `],`+meta+`}`, 2*maxRow), "what isn't in data is longer than 1 MiB"},
		"long and truncated":                  {`{"data":[` + row(maxRow) + "," + row(maxRow), "the body ends too early"},
		"long and truncated within a row":     {`{"data":[` + row(maxRow) + "," + row(maxRow)[:maxRow-1], "the body ends too early"},
		"long, and a second value":            {`{"data":[` + row(maxRow) + `],` + meta + `}{}`, "a second value follows the object"},
		"long, with a duplicate name":         {`{"data":[` + row(maxRow) + `,{"id":"b","x":1,"x":1}],` + meta + `}`, ": data.1.x"},
	} {
		page, err := decodeIDs([]byte(c.body))
		if c.want == "" && (err != nil || len(page.Rows) != 2) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %d rows, %v", name, len(page.Rows), err)
		}
	}
}

func TestDecodingEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	kept := 0
	keep := func(p *Procedure) (Row, int) {
		if kept++; kept == 3 {
			cancel()
		}
		return Row{ID: p.ID}, 7
	}
	row := `{"id": "a"},`
	_, err := decodePage(ctx, []byte(`{"data": [`+strings.Repeat(row, 99)+`{"id": "b"}], "meta": {"has_more": false}}`), keep, new(rest.Budget).Share())
	if kept != 3 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d rows were kept, %v", kept, err)
	}
}

// TestCursors checks that a whole number is sent without exponent or decimals, and a string
// unchanged. An empty string isn't a cursor, because it would request the first page.
func TestCursors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"3": "3", "3.0": "3", "30e-1": "3", `"3"`: "3", "-3": "-3", "0.5": "0.5", "1e300": "1e300",
		`"after r3"`: "after r3", `"007"`: "007", `"1e3"`: "1e3", `"+5"`: "+5", `"\u00e9"`: "é", "null": "", `""`: "",
		`"` + strings.Repeat("x", maxCursor-2) + `"`: strings.Repeat("x", maxCursor-2),
	} {
		page, err := decodeIDs([]byte(`{"data": [], "meta": {"has_more": true, "next_cursor": ` + text + `}}`))
		if err != nil || page.Next != want {
			t.Errorf("%s: got %q, %v, want %q", text, page.Next, err, want)
		}
	}
	tooLong := `"` + strings.Repeat("x", maxCursor-1) + `"`
	if _, err := decodeIDs([]byte(`{"data": [], "meta": {"has_more": true, "next_cursor": ` + tooLong + `}}`)); err == nil || !strings.Contains(err.Error(), "meta.next_cursor: longer than 4 KiB") {
		t.Errorf("a longer cursor: %v", err)
	}
}

// TestInvalidTimes checks that a time that can't be parsed is returned unchanged, and sorts last.
func TestInvalidTimes(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"", "yesterday", "2024-01-15", "2024-01-15T10:30Z", "2024-01-15T10:30:00", "2024-01-15T10:30:00+0000", "2024-02-30T00:00:00Z"} {
		body := fmt.Sprintf(`{"data": [
			{"id": "odd", "created_at": %[1]q, "runs": [{"id": "2", "started_at": %[1]q}, {"id": "1", "started_at": "2024-01-15T10:30:00Z"}]},
			{"id": "fine", "created_at": "2024-01-15T10:30:00Z"}, {"id": "pale"}], "meta": {"has_more": false}}`, odd)
		procedures := readProcedures(t, body)
		if got := formatOrder(procedures); got != "fine odd odd/1 odd/2 pale" || *procedures[1].CreatedAt != odd || *procedures[1].Runs[1].StartedAt != odd {
			t.Errorf("%q: got %s, %+v", odd, got, procedures[1])
		}
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for text, fits := range map[string]bool{
		"0": true, "-0": true, "85.50": true, "99.3": true, "9007199254740993": true, "1e22": true, "1E-9": true, "0.30000000000000004": true, "0.123456789012345678": true,
		"1.7976931348623157e308": true, "5e-324": true, "0e-2000000": true, strings.Repeat("1", 64): true, "0." + strings.Repeat("1", 63): true,
		"1e309": false, "-1e309": false, "1e-2000000": false, "1e2000000": false, strings.Repeat("1", 65): false, "0." + strings.Repeat("1", 64): false,
		`"85.5"`: false, "true": false, "[1]": false, "{}": false,
	} {
		var procedure Procedure
		err := json.Unmarshal([]byte(`{"id": "a", "fpy": `+text+`}`), &procedure)
		if (err == nil) != fits || fits && string(*procedure.FPY) != text {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTruncatedPage(t *testing.T) {
	t.Parallel()
	whole := `{"data":[` + fakeapi.Example2025().JSON + `],"meta":{"has_more":false,"next_cursor":null}}`
	for end := range len(whole) {
		if page, err := decodeIDs([]byte(whole[:end])); !errors.Is(err, rest.ErrTruncated) {
			t.Errorf("truncated after %d bytes: %+v, %v", end, page, err)
		}
	}
}
