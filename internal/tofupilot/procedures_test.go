package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// Procedures reads the list in a new session, and returns the procedures with all fields.
func (c *Client) Procedures(ctx context.Context, filter Filter) (procedures []Procedure, err error) {
	session := c.NewSession()
	defer session.Close()
	rows, err := session.readList(ctx, filter, func(p *Procedure) (Row, int) {
		return Row{ID: p.ID, procedure: new(*p)}, p.size()
	})
	for _, row := range rows {
		procedures = append(procedures, *row.procedure)
	}
	return procedures, err
}

// TestParameters checks that the server receives the search query and the page size unchanged,
// whatever characters are in the query.
func TestParameters(t *testing.T) {
	t.Parallel()
	api := fakeapi.New()
	client := newClient(t, newServer(t, api).String())
	for _, text := range []string{"a&limit=1 +%20#?=/\\;,", "Zoë 測試 🔋 e\u0301", "\t\n\r\x00"} {
		api.Forget()
		if _, err := client.Procedures(t.Context(), Filter{SearchQuery: text, PageSize: 3}); err != nil {
			t.Fatal(err)
		}
		got := api.Requests()[0].Query.Encode()
		if want := (url.Values{"limit": {"3"}, "search_query": {text}}).Encode(); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// TestOrder checks that procedures are sorted by created_at and then by ID, and runs by started_at
// and then by ID, in whatever order the server sends them. Procedures and runs without a valid time
// come last.
func TestOrder(t *testing.T) {
	t.Parallel()
	const noon, alsoNoon, later = "2024-01-01T12:00:00Z", "2024-01-01T13:00:00.000+01:00", "2024-01-01T11:00:01-01:00" // later by a second
	procedure := func(id, created string) string { return fmt.Sprintf(`{"id": %q, "created_at": %q}`, id, created) }
	run := func(id, started string) string { return fmt.Sprintf(`{"id": %q, "started_at": %q}`, id, started) }
	runs := []string{
		run("10", noon), run("9", alsoNoon), run("1", later), run("2", later), `{}`, run("3", "yesterday"), `{"id": "4"}`, `{"id": "5", "started_at": null}`,
	}
	procedures := []string{
		procedure("B", noon), procedure("a", alsoNoon), procedure("b", noon), procedure("ä", alsoNoon), procedure("0", later),
		`{"id": "1", "runs": [RUNS]}`, `{"id": "2", "created_at": null}`, procedure("3", "yesterday"),
	}
	const want = "B a b ä 0 1 1/10 1/9 1/1 1/2 1/ 1/3 1/4 1/5 2 3" // procedure 1 has the runs; 1/ is its run without an ID
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		random.Shuffle(len(procedures), func(i, j int) { procedures[i], procedures[j] = procedures[j], procedures[i] })
		random.Shuffle(len(runs), func(i, j int) { runs[i], runs[j] = runs[j], runs[i] })
		rows := strings.Replace(strings.Join(procedures, ","), "RUNS", strings.Join(runs, ","), 1)
		if got := formatOrder(readProcedures(t, `{"data": [`+rows+`], "meta": {"has_more": false}}`)); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

// formatOrder returns the IDs of the procedures and of their runs, in order.
func formatOrder(procedures []Procedure) string {
	var order []string
	for _, procedure := range procedures {
		order = append(order, procedure.ID)
		for _, run := range procedure.Runs {
			order = append(order, procedure.ID+"/"+deref(run.ID))
		}
	}
	return strings.Join(order, " ")
}

// readProcedures reads the list from a server that responds to every request with the body.
func readProcedures(t *testing.T, body string) []Procedure {
	t.Helper()
	procedures, err := newClient(t, newServer(t, okResponse(body)).String()).Procedures(t.Context(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return procedures
}

// TestIsDueToCursor checks that isDueToCursor returns true only for 4xx statuses, except for
// those about the API key (401, 403), a proxy (407), a timeout (408) or a rate limit (429).
func TestIsDueToCursor(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{
		http.StatusBadRequest: true, http.StatusNotFound: true, http.StatusUnprocessableEntity: true, http.StatusRequestURITooLong: true,
		http.StatusUnauthorized: false, http.StatusForbidden: false, http.StatusProxyAuthRequired: false, http.StatusRequestTimeout: false,
		http.StatusTooManyRequests: false, http.StatusBadGateway: false, http.StatusFound: false,
	} {
		if got := isDueToCursor(fmt.Errorf("page 2: %w", &rest.Error{Status: status})); got != want {
			t.Errorf("status %d: got %t, want %t", status, got, want)
		}
	}
	if isDueToCursor(&rest.Error{Status: http.StatusOK, Err: errors.New("no page")}) {
		t.Error("a response that isn't a page: got true, want false")
	}
}
