package tofupilot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestPagesOfBothGenerationsAreDecoded(t *testing.T) {
	t.Parallel()
	for _, example := range []fakeapi.Procedure{fakeapi.Example2025(), fakeapi.Example2026()} {
		// As both documents print it, and with what a later one may add.
		for _, extra := range []string{``, `, "total": 7`} {
			page, err := decodeIDs([]byte(`{"data": [`+example.JSON+`], "meta": {"has_more": true, "next_cursor": 100`+extra+`}`+extra+`}`), "", unchanged)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.rows) != 1 || page.rows[0].key != example.ID || !page.more || page.next == nil || page.next.number != 100 || !page.next.whole {
				t.Errorf("got %+v", page)
			}
		}
	}
}

// decodeIDs decodes a page of procedures of which only the IDs are kept.
func decodeIDs(body []byte, at string, clean func(string) string) (*page[string], error) {
	return decodePage(body, at, Procedures, func(p *Procedure) (string, int) { return p.ID, 0 }, clean)
}

func unchanged(text string) string { return text }

func TestEmptyPageIsAPage(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"data": [], "meta": {"has_more": false, "next_cursor": null}}`,
		`{"data": [], "meta": {"has_more": false}}`,
		"\r\n\t {\"meta\":{\"has_more\":false},\"data\":[]} \n",
	} {
		page, err := decodeIDs([]byte(body), "", unchanged)
		if err != nil || len(page.rows) > 0 || page.more || page.next != nil {
			t.Errorf("%s: %+v %v", body, page, err)
		}
	}
}

func TestBodiesThatAreNoPageAreRefusedInWords(t *testing.T) {
	t.Parallel()
	const meta = `"meta": {"has_more": false, "next_cursor": null}`
	for body, want := range map[string]string{
		"":                                     "the body is empty",
		" \r\n":                                "the body is empty",
		"<html></html>":                        "the body is HTML or XML, not JSON",
		"\n <?xml version='1.0'?>":             "the body is HTML or XML, not JSON",
		"\uFEFF{}":                             "the body begins with a byte-order mark",
		"{\"data\": \"\xfc\"}":                 "the body isn't UTF-8",
		"Service unavailable":                  "not JSON",
		"{'data': []}":                         "not JSON",
		`{"data": [], ` + meta + `}{}`:         "not JSON",
		`{"data": [`:                           "the body ends too early",
		`null`:                                 "it has no data",
		`{}`:                                   "it has no data",
		`{"data": null, ` + meta + `}`:         "it has no data",
		`{"items": [], ` + meta + `}`:          "it has no data",
		`{"data": []}`:                         "it has no meta.has_more",
		`{"data": [], "meta": null}`:           "it has no meta.has_more",
		`{"data": [], "meta": {}}`:             "it has no meta.has_more",
		`[]`:                                   "it is an array instead of an object",
		`7`:                                    "it is a number instead of an object",
		`{"data": {}, ` + meta + `}`:           "its data can't be an object",
		`{"data": [7], ` + meta + `}`:          "item 0 of data",
		`{"data": [null], ` + meta + `}`:       "item 0 of data has no id",
		`{"data": [{"id": ""}], ` + meta + `}`: "item 0 of data has no id",
		`{"data": [{"id": "a"}, {"name": "b"}], ` + meta + `}`:                   "item 1 of data has no id",
		`{"data": [{"id": "a"}, {"id": 7}], ` + meta + `}`:                       `item 1 of data (id ""): its id can't be a number`,
		`{"data": [{"id": "a", "name": ["b"]}], ` + meta + `}`:                   `item 0 of data (id "a"): its name can't be an array`,
		`{"data": [{"id": "a", "fpy": "85.5"}], ` + meta + `}`:                   `item 0 of data (id "a"): its fpy can't be a string`,
		`{"data": [{"id": "a", "runs": {}}], ` + meta + `}`:                      `item 0 of data (id "a"): its runs can't be an object`,
		`{"data": [{"id": "a", "created_by_user": {"email": 1}}], ` + meta + `}`: `item 0 of data (id "a"): its created_by_user.email can't be a number`,
		`{"data": [{"id": "a", "created_at": 1705314600}], ` + meta + `}`:        `item 0 of data (id "a"): its created_at can't be a number`,
		`{"data": [], "meta": {"has_more": "no"}}`:                               "its meta.has_more can't be a string",
		`{"data": [], "meta": {"has_more": false, "next_cursor": true}}`:         "next_cursor is neither a number nor a string",
		`{"data": [], "meta": {"has_more": false, "next_cursor": {}}}`:           "next_cursor is neither a number nor a string",
	} {
		page, err := decodeIDs([]byte(body), "198", unchanged)
		if err == nil {
			t.Errorf("%s was taken for a page: %+v", body, page)
			continue
		}
		if !strings.HasPrefix(err.Error(), "page at offset 198: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error doesn't say %q: %v", body, want, err)
		}
		if cutOff := strings.Contains(want, "empty") || strings.Contains(want, "too early"); errors.As(err, new(*CutOffError)) != cutOff {
			t.Errorf("%s: cut off on the way: %t", body, !cutOff)
		}
	}
}

// Times only sort, so one that can't be read is passed on as it is, sorts last, and
// is told once.
func TestTimesThatCannotBeReadArePassedOnAndSortLast(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"", "yesterday", "2024-01-15", "2024-01-15T10:30Z", "2024-01-15T10:30:00", "2024-01-15T10:30:00+0000", "2024-02-30T00:00:00Z"} {
		body := fmt.Sprintf(`{"data": [
			{"id": "odd", "created_at": %[1]q, "runs": [{"id": "2", "started_at": %[1]q}, {"id": "1", "started_at": "2024-01-15T10:30:00Z"}]},
			{"id": "fine", "created_at": "2024-01-15T10:30:00Z"}, {"id": "pale"}], "meta": {"has_more": false}}`, odd)
		procedures := readBody(t, body)
		if got := flat(procedures); got != "fine odd odd/1 odd/2 pale" || procedures[1].CreatedAt.Text != odd || procedures[1].Runs[1].StartedAt.Text != odd {
			t.Errorf("%q: got %s, %+v", odd, got, procedures[1])
		}
		page, err := decodeIDs([]byte(body), "", unchanged)
		if err != nil || page.odd == nil || !strings.Contains(page.odd.Error(), `item 0 of data (id "odd"): a run's started_at`) {
			t.Errorf("%q: %v, %v", odd, page.odd, err)
		}
	}
}

func TestNumbersKeepTheTextOfTheServer(t *testing.T) {
	t.Parallel()
	for text, fits := range map[string]bool{
		"0": true, "-0": true, "85.50": true, "99.3": true, "9007199254740993": true, "1e22": true, "1E-9": true, "0.30000000000000004": true, "0.123456789012345678": true,
		"1.7976931348623157e308": true, "5e-324": true, "0e-2000000": true, strings.Repeat("1", 64): true, "0." + strings.Repeat("1", 63): true,
		"1e309": false, "-1e309": false, "1e-2000000": false, "1e2000000": false, strings.Repeat("1", 66): false, "0." + strings.Repeat("1", 65): false,
		`"85.5"`: false, "true": false, "[1]": false, "{}": false,
	} {
		var procedure Procedure
		err := json.Unmarshal([]byte(`{"id": "a", "fpy": `+text+`}`), &procedure)
		if (err == nil) != fits || fits && string(*procedure.FPY) != text {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestEveryCutOfAPageIsFoundOut(t *testing.T) {
	t.Parallel()
	whole := `{"data":[` + fakeapi.Example2025().JSON + `],"meta":{"has_more":false,"next_cursor":null}}`
	for end := range len(whole) {
		if page, err := decodeIDs([]byte(whole[:end]), "", unchanged); !errors.As(err, new(*CutOffError)) {
			t.Errorf("cut after %d bytes: %+v, %v", end, page, err)
		}
	}
}
