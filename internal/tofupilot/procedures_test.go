package tofupilot

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestFormatTimes(t *testing.T) {
	t.Parallel()
	at := func(nanoseconds int) time.Time {
		return time.Date(2024, time.January, 15, 10, 30, 0, nanoseconds, time.FixedZone("", 3600))
	}
	lastMoment := func(year int) time.Time { return time.Date(year, time.December, 31, 23, 59, 59, 999_000_000, time.UTC) }
	for _, c := range []struct {
		format func(time.Time) string
		at     time.Time
		want   string
	}{
		{FormatAfter, at(0), "2024-01-15T09:30:00.000Z"},
		{FormatAfter, at(1), "2024-01-15T09:30:00.000Z"},
		{FormatAfter, at(1_999_999), "2024-01-15T09:30:00.001Z"},
		{FormatBefore, at(0), "2024-01-15T09:30:00.000Z"},
		{FormatBefore, at(1), "2024-01-15T09:30:00.001Z"},
		{FormatBefore, at(1_000_000), "2024-01-15T09:30:00.001Z"},
		{FormatBefore, at(999_000_001), "2024-01-15T09:30:01.000Z"},
		{FormatAfter, lastMoment(0), "0000-12-31T23:59:59.999Z"},
		{FormatBefore, lastMoment(9999), "9999-12-31T23:59:59.999Z"},
		// As a Unix time in milliseconds it is before 1970: down is still earlier.
		{FormatAfter, time.Date(1960, 1, 1, 0, 0, 0, 1, time.UTC), "1960-01-01T00:00:00.000Z"},
	} {
		if got := c.format(c.at); got != c.want {
			t.Errorf("%s: got %s, want %s", c.at, got, c.want)
		}
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	api := fakeapi.New()
	client := clientAt(t, listen(t, api).String())
	for _, text := range []string{
		"+", "&", "=", "%", "%20", "%2B", "#", "?", "/", "\\", ";", ",", " ", "  ", "\"", "'", "<>", "a&limit=1", "a#b?c",
		"Zoë", "測試", "🔋", "𝔸", "\U0010ffff", "e\u0301", "\t\n\r", "\x00", "\u00a0\u2028",
	} {
		api.Forget()
		if _, err := client.Procedures(t.Context(), Filter{Parameters: map[string]string{"search_query": text}, PageSize: 3}); err != nil {
			t.Fatal(err)
		}
		request := api.Requests()[0]
		if want := (url.Values{"limit": {"3"}, "search_query": {text}}).Encode(); request.Query.Encode() != want {
			t.Errorf("%q: got %s, want %s", text, request.Query.Encode(), want)
		}
		if strings.ContainsAny(request.RawQuery, " +") && text != " " && text != "  " && !strings.Contains(text, " ") {
			t.Errorf("%q: sent as %s", text, request.RawQuery)
		}
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	const noon, same, later = "2024-01-01T12:00:00Z", "2024-01-01T13:00:00.000+01:00", "2024-01-01T11:00:01-01:00"
	run := func(id, at string) string { return fmt.Sprintf(`{"id": %q, "started_at": %q}`, id, at) }
	procedure := func(id, at, more string) string {
		return fmt.Sprintf(`{"id": %q, "created_at": %q%s}`, id, at, more)
	}
	runs := []string{
		run("10", noon), run("9", same), run("1", later), `{"id": "2", "started_at": "` + later + `"}`, "{}", `{"id": "3"}`, `{"id": "4", "started_at": null}`,
	}
	sorted := []string{
		procedure("B", noon, ""), procedure("a", same, ""), procedure("b", noon, ""), procedure("ä", same, ""), procedure("0", later, ""),
		`{"id": "1"}`, `{"id": "2", "created_at": null}`,
	}
	const want = "B a b b/10 b/9 b/1 b/2 b/ b/3 b/4 ä 0 1 2"
	for range 50 {
		// rand would do; a turn of each length shows every neighbour in every place.
		shuffled, shuffledRuns := slices.Clone(sorted), slices.Clone(runs)
		for turn := range shuffled {
			slices.Reverse(shuffled[turn:])
			slices.Reverse(shuffledRuns)
			items := strings.Replace(strings.Join(shuffled, ","), procedure("b", noon, ""), procedure("b", noon, `, "runs": [`+strings.Join(shuffledRuns, ",")+`]`), 1)
			if got := flat(readBody(t, `{"data": [`+items+`], "meta": {"has_more": false}}`)); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	}
}

func procedureIDs(procedures []Procedure) []string {
	var ids []string
	for _, procedure := range procedures {
		ids = append(ids, procedure.ID)
	}
	return ids
}

// flat is the order of procedures and runs as one text.
func flat(procedures []Procedure) string {
	var order []string
	for _, procedure := range procedures {
		order = append(order, procedure.ID)
		for _, run := range procedure.Runs {
			order = append(order, procedure.ID+"/"+deref(run.ID))
		}
	}
	return strings.Join(order, " ")
}

// readBody reads the list of a server that always answers with the body.
func readBody(t *testing.T, body string) []Procedure {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	defer server.Close()
	procedures, err := clientAt(t, server.URL).Procedures(t.Context(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return procedures
}
