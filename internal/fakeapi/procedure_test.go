package fakeapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// served is the one item of a server that holds only p.
func served(t *testing.T, p fakeapi.Procedure) string {
	t.Helper()
	items := decodePage(t, get(t, fakeapi.New(p), "")).Data
	if len(items) != 1 {
		t.Fatalf("%d items", len(items))
	}
	return string(items[0])
}

func TestExamplesAreServedAsPrintedAndHaveTheSameInTheirFields(t *testing.T) {
	t.Parallel()
	for _, example := range []fakeapi.Procedure{fakeapi.Example2025(), fakeapi.Example2026()} {
		printed := example.JSON
		if got := served(t, example); got != printed {
			t.Errorf("got  %s\nwant %s", got, printed)
		}
		example.JSON = ""
		if got := served(t, example); got != compact(t, printed) {
			t.Errorf("from the fields: got  %s\nwant %s", got, compact(t, printed))
		}
	}
}

func TestItemsHoldNullsAndAnEmptyListOfRuns(t *testing.T) {
	t.Parallel()
	p := fakeapi.Procedure{ID: "FVT1", Name: `<A> & "B" µ`, CreatedBy: &fakeapi.User{ID: "u", Email: "u@x.example"}}
	p.CreatedAt = time.Date(2024, time.March, 1, 1, 2, 3, 45_999_999, time.FixedZone("", 7200))
	const both = `{"id":"FVT1","name":"<A> & \"B\" µ","created_at":"2024-02-29T23:02:03.045Z",` +
		`"created_by_user":{"id":"u","name":null,"email":"u@x.example"},`
	if got, want := served(t, p), both+`"linkedRepository":null}`; got != want {
		t.Errorf("2026: got %s, want %s", got, want)
	}
	p.Generation = fakeapi.Gen2025
	if got, want := served(t, p), both+`"runs":[],"fpy":null}`; got != want {
		t.Errorf("2025: got %s, want %s", got, want)
	}
	p.CreatedBy = nil
	if got := served(t, p); !strings.Contains(got, `"created_by_user":null`) {
		t.Errorf("no creator: got %s", got)
	}
}

func TestOneGenerationHasNothingOfTheOther(t *testing.T) {
	t.Parallel()
	p := fakeapi.Example2025()
	p.Repository = fakeapi.Example2026().Repository
	p.JSON = ""
	if got := served(t, p); strings.Contains(got, "linkedRepository") {
		t.Errorf("2025: %s", got)
	}
	p.Generation = fakeapi.Gen2026
	if got := served(t, p); strings.Contains(got, "runs") || strings.Contains(got, "fpy") {
		t.Errorf("2026: %s", got)
	}
}

func TestOneListHoldsBothGenerations(t *testing.T) {
	t.Parallel()
	s := fakeapi.New(fakeapi.Generate(20, fakeapi.Gen2025)...)
	s.Add(fakeapi.Generate(20, fakeapi.Gen2026)...)
	kinds := map[string]int{}
	for _, item := range decodePage(t, get(t, s, "")).Data {
		for _, key := range []string{`"linkedRepository":`, `"runs":`, `"fpy":`} {
			kinds[key] += strings.Count(string(item), key)
		}
	}
	for key, n := range kinds {
		if n != 20 {
			t.Errorf("%s in %d items, want 20", key, n)
		}
	}
}

func TestGivenJSONIsSentWhileFieldsSteer(t *testing.T) {
	t.Parallel()
	const sent = `{ "id": 7, "new_key": [1.0, "\u0041"] }`
	p := named("hidden")[0]
	p.JSON = sent
	s := fakeapi.New(append(named("newer"), p)...)
	items := decodePage(t, get(t, s, "search_query=hidden&created_before=2030-01-01T00:00:00Z")).Data
	if len(items) != 1 || string(items[0]) != sent {
		t.Errorf("got %s", items)
	}
}

func TestWhatIsServedIsSettledWhenAdded(t *testing.T) {
	t.Parallel()
	p := fakeapi.Example2025()
	p.JSON = ""
	s := fakeapi.New(p)
	*p.FPY = 1
	p.Runs[0].Outcome = "FAIL"
	if got := string(decodePage(t, get(t, s, "")).Data[0]); got != compact(t, fakeapi.Example2025().JSON) {
		t.Errorf("got %s", got)
	}
}
