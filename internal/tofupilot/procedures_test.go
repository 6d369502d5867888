package tofupilot

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"errors"
	"net/http"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// Procedures reads the list, with all fields.
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
		// Reversing suffixes of every length yields many orders, without randomness.
		shuffled, shuffledRuns := slices.Clone(sorted), slices.Clone(runs)
		for turn := range shuffled {
			slices.Reverse(shuffled[turn:])
			slices.Reverse(shuffledRuns)
			items := strings.Replace(strings.Join(shuffled, ","), procedure("b", noon, ""), procedure("b", noon, `, "runs": [`+strings.Join(shuffledRuns, ",")+`]`), 1)
			if got := formatOrder(readProcedures(t, `{"data": [`+items+`], "meta": {"has_more": false}}`)); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	}
}

// formatOrder returns the IDs of procedures and their runs, in their order.
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

// readProcedures reads the list of a server that responds to every request with the content.
func readProcedures(t *testing.T, content string) []Procedure {
	t.Helper()
	procedures, err := newClient(t, newServer(t, okResponse(content)).String()).Procedures(t.Context(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return procedures
}

// TestRefusesCursor checks that a 4xx for a page with a cursor may be about the cursor, unless the
// status is about the key, a proxy or a rate limit.
func TestRefusesCursor(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{
		http.StatusBadRequest: true, http.StatusNotFound: true, http.StatusUnprocessableEntity: true, http.StatusRequestURITooLong: true,
		http.StatusUnauthorized: false, http.StatusForbidden: false, http.StatusProxyAuthRequired: false, http.StatusRequestTimeout: false,
		http.StatusTooManyRequests: false, http.StatusBadGateway: false, http.StatusFound: false,
	} {
		if got := refusesCursor(fmt.Errorf("page 2: %w", &rest.Error{Status: status})); got != want {
			t.Errorf("status %d: got %t, want %t", status, got, want)
		}
	}
	if refusesCursor(&rest.Error{Status: http.StatusOK, Err: errors.New("no page")}) {
		t.Error("an invalid page counts as a rejected cursor")
	}
}
