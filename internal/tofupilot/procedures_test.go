package tofupilot

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestFilterBecomesParameters(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 3600)
	at := func(nanoseconds int) *time.Time {
		instant := time.Date(2024, time.January, 15, 10, 30, 0, nanoseconds, berlin)
		return &instant
	}
	year := func(year int) *time.Time {
		instant := time.Date(year, time.December, 31, 23, 59, 59, 999_000_000, time.UTC)
		return &instant
	}
	for _, c := range []struct {
		filter ProcedureFilter
		want   url.Values
	}{
		{ProcedureFilter{}, url.Values{}},
		{ProcedureFilter{PageSize: 7}, url.Values{}}, // limit is each page's own
		{ProcedureFilter{SearchQuery: " a+b&c "}, url.Values{"search_query": {" a+b&c "}}},
		{ProcedureFilter{CreatedAfter: at(0)}, url.Values{"created_after": {"2024-01-15T09:30:00.000Z"}}},
		{ProcedureFilter{CreatedAfter: at(1)}, url.Values{"created_after": {"2024-01-15T09:30:00.000Z"}}},
		{ProcedureFilter{CreatedAfter: at(1_999_999)}, url.Values{"created_after": {"2024-01-15T09:30:00.001Z"}}},
		{ProcedureFilter{CreatedBefore: at(0)}, url.Values{"created_before": {"2024-01-15T09:30:00.000Z"}}},
		{ProcedureFilter{CreatedBefore: at(1)}, url.Values{"created_before": {"2024-01-15T09:30:00.001Z"}}},
		{ProcedureFilter{CreatedBefore: at(1_000_000)}, url.Values{"created_before": {"2024-01-15T09:30:00.001Z"}}},
		{ProcedureFilter{CreatedBefore: at(999_000_001)}, url.Values{"created_before": {"2024-01-15T09:30:01.000Z"}}},
		{ProcedureFilter{CreatedAfter: year(0)}, url.Values{"created_after": {"0000-12-31T23:59:59.999Z"}}},
		{ProcedureFilter{CreatedBefore: year(9999)}, url.Values{"created_before": {"9999-12-31T23:59:59.999Z"}}},
		{ // as a Unix time in milliseconds it is before 1970: down is still earlier
			ProcedureFilter{CreatedAfter: pointer(time.Date(1960, 1, 1, 0, 0, 0, 1, time.UTC))},
			url.Values{"created_after": {"1960-01-01T00:00:00.000Z"}},
		},
	} {
		if got := c.filter.query(); got.Encode() != c.want.Encode() {
			t.Errorf("%+v: got %s, want %s", c.filter, got.Encode(), c.want.Encode())
		}
	}
}

func TestParametersArriveAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	api := fakeapi.New()
	client := clientAt(t, listen(t, api).String())
	for _, text := range []string{
		"+", "&", "=", "%", "%20", "%2B", "#", "?", "/", "\\", ";", ",", " ", "  ", "\"", "'", "<>", "a&limit=1", "a#b?c",
		"Zoë", "測試", "🔋", "𝔸", "\U0010ffff", "e\u0301", "\t\n\r", "\x00", "\u00a0\u2028",
	} {
		api.Forget()
		if _, err := client.Procedures(t.Context(), ProcedureFilter{SearchQuery: text, PageSize: 3}); err != nil {
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

func stamp(text string) *Timestamp {
	timestamp := new(Timestamp)
	if err := timestamp.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return timestamp
}

func TestProceduresAreByInstantThenIDAndRunsToo(t *testing.T) {
	t.Parallel()
	run := func(id string, at *Timestamp) Run { return Run{ID: &id, StartedAt: at} }
	noon, same, later := stamp("2024-01-01T12:00:00Z"), stamp("2024-01-01T13:00:00.000+01:00"), stamp("2024-01-01T11:00:01-01:00")
	sorted := []Procedure{
		{ID: "B", CreatedAt: noon},
		{ID: "a", CreatedAt: same},
		{ID: "b", CreatedAt: noon, Runs: []Run{
			run("10", noon), run("9", same), run("1", later), {StartedAt: later, ID: pointer("2")}, {}, run("3", nil), run("4", nil),
		}},
		{ID: "ä", CreatedAt: same},
		{ID: "0", CreatedAt: later},
		{ID: "1"},
		{ID: "2"},
	}
	want := flat(sorted)
	for range 50 {
		shuffled := slices.Clone(sorted)
		// rand would do; a turn of each length shows every neighbour in every place.
		for turn := range shuffled {
			slices.Reverse(shuffled[turn:])
			slices.Reverse(shuffled[2].Runs)
			sortProcedures(shuffled)
			for _, procedure := range shuffled {
				sortRuns(procedure.Runs)
			}
			if got := flat(shuffled); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	}
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

func TestTimestampsKeepTheTextOfTheServer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"2024-01-15T10:30:00Z", "2024-01-15T10:30:00.000Z", "2024-01-15T11:30:00.000000+01:00", "2024-01-15T05:30:00-05:00",
	} {
		var procedure Procedure
		if err := json.Unmarshal([]byte(`{"id": "a", "created_at": "`+text+`"}`), &procedure); err != nil {
			t.Fatal(err)
		}
		if got := procedure.CreatedAt.TextOrNil(); *got != text || procedure.CreatedAt.Time.Unix() != 1_705_314_600 {
			t.Errorf("%s became %s, %s", text, *got, procedure.CreatedAt.Time)
		}
	}
	if got := (*Timestamp)(nil).TextOrNil(); got != nil {
		t.Errorf("no timestamp became %s", *got)
	}
}

func pointer[T any](value T) *T { return &value }

func TestProceduresAreReducedBeforeTheyAreListedAndKeepTheirOrder(t *testing.T) {
	t.Parallel()
	client := clientAt(t, listen(t, fakeapi.New(fakeapi.Generate(350, fakeapi.Gen2025)...)).String())
	whole, err := client.Procedures(t.Context(), ProcedureFilter{})
	if err != nil || len(whole) != 350 {
		t.Fatalf("%d procedures, %v", len(whole), err)
	}
	reduced, err := client.ReducedProcedures(t.Context(), ProcedureFilter{}, func(procedure *Procedure) {
		text := fmt.Sprintf("%s, %d runs", *procedure.Name, len(procedure.Runs))
		*procedure = Procedure{ID: procedure.ID, CreatedAt: procedure.CreatedAt, Encoded: []byte(text)}
	})
	if err != nil || len(reduced) != len(whole) {
		t.Fatalf("%d procedures, %v", len(reduced), err)
	}
	for i, procedure := range whole {
		want := fmt.Sprintf("%s, %d runs", *procedure.Name, len(procedure.Runs))
		if got := reduced[i]; got.ID != procedure.ID || string(got.Encoded) != want || got.Name != nil {
			t.Errorf("%d: got %s (%s), want %s (%s)", i, got.ID, got.Encoded, procedure.ID, want)
		}
	}
}
