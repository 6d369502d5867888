package fakeapi_test

import (
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// getRow returns the row that a server with this procedure sends.
func getRow(t *testing.T, p fakeapi.Procedure) string {
	t.Helper()
	rows := decodePage(t, get(t, fakeapi.New(p), userHeader, "")).Data
	if len(rows) != 1 {
		t.Fatalf("got %d rows, want 1", len(rows))
	}
	return string(rows[0])
}

// TestExamples checks that the server sends each example's JSON unchanged, and that the example's fields,
// which the server encodes if JSON is empty, give the same JSON without white space.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, example := range []fakeapi.Procedure{fakeapi.Example2025(), fakeapi.Example2026()} {
		want := example.JSON
		if got := getRow(t, example); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		example.JSON = ""
		if got := getRow(t, example); got != compact(t, want) {
			t.Errorf("encoded: got  %s\nwant %s", got, compact(t, want))
		}
	}
}

// TestShapes checks the JSON of each shape, for a procedure with no optional values and for one with
// all of them but its creator's name.
func TestShapes(t *testing.T) {
	t.Parallel()
	const (
		shared = `{"id":"i","name":"<A> & \"B\" µ","created_at":"2024-02-29T23:02:03.045Z","created_by_user":`
		user   = `{"id":"u","name":null,"email":"u@x.example"}`
		runs   = `"runs":[{"id":"r","outcome":"PASS","started_at":"2024-01-15T14:30:00.000Z","unit":{"id":"n"}}]`
		linked = `"linkedRepository":{"id":"l","name":"n","fullName":"o/n","provider":"github"}`
	)
	created := time.Date(2024, time.March, 1, 1, 2, 3, 45_999_999, time.FixedZone("", 7200)) // 23:02:03.045999999 on 29 February in UTC
	started := time.Date(2024, time.January, 15, 14, 30, 0, 0, time.UTC)
	empty := fakeapi.Procedure{ID: "i", Name: `<A> & "B" µ`, CreatedAt: created}
	full := empty
	full.CreatedBy = &fakeapi.User{ID: "u", Email: "u@x.example"}
	full.Runs = []fakeapi.Run{{ID: "r", Outcome: "PASS", StartedAt: started, Unit: fakeapi.Unit{ID: "n"}}}
	full.FPY = new(85.5)
	full.Repository = &fakeapi.Repository{ID: "l", Name: "n", FullName: "o/n", Provider: "github"}
	for shape, optional := range map[fakeapi.Shape]struct{ empty, full string }{
		fakeapi.WithRepository:        {`"linkedRepository":null`, linked},
		fakeapi.WithRunsAndFPY:        {`"runs":[],"fpy":null`, runs + `,"fpy":85.5`},
		fakeapi.WithRuns:              {`"runs":[]`, runs},
		fakeapi.WithRunsAndRepository: {`"runs":[],"linkedRepository":null`, runs + `,` + linked},
	} {
		empty.Shape, full.Shape = shape, shape
		if got, want := getRow(t, empty), shared+`null,`+optional.empty+`}`; got != want {
			t.Errorf("shape %d: got %s, want %s", shape, got, want)
		}
		if got, want := getRow(t, full), shared+user+`,`+optional.full+`}`; got != want {
			t.Errorf("shape %d: got %s, want %s", shape, got, want)
		}
	}
}
