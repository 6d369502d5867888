package tofupilot

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestSeveralOfOneNameAreAllTold(t *testing.T) {
	t.Parallel()
	const name = "Prüfung"
	for what, c := range map[string]struct {
		stored   []string
		finds    func(string) string
		searched []string
		want     []string
	}{
		"two, oldest first":          {[]string{name, "Other", name}, nil, []string{"fung"}, []string{"p0", "p2"}},
		"twins in NFC and NFD":       {[]string{nfd(name), name, "Prufung"}, nil, []string{"fung"}, []string{"p0", "p1"}},
		"three, the search too wide": {[]string{name, name, "prüfung", nfd(name)}, tooWide, []string{"fung"}, []string{"p0", "p1", "p3"}},
		"two, the search blind":      {[]string{"prüfung", name, nfd(name)}, blind, []string{"fung", whole}, []string{"p1", "p2"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t, named(c.stored...)...)
			server.finds = c.finds
			_, err := client.ProcedureByName(t.Context(), name)
			expectSeveral(t, err, c.want...)
			server.expect(t, c.searched...)
		})
	}
}

func expectSeveral(t *testing.T, err error, ids ...string) {
	t.Helper()
	several := new(AmbiguousError)
	if !errors.As(err, &several) || !slices.Equal(procedureIDs(several.Matches), ids) {
		t.Errorf("got %v, %q; want %q", err, procedureIDs(several.Matches), ids)
	}
}

// Marks on one letter may be stored in the order they were typed in, which NFC
// changes: so it is usual for Hebrew with points. And some letters with a mark
// are stored as one character that NFC takes apart. Either is equal under NFC.
var marked = map[string]struct{ stored, asked, searched string }{
	"points in typing order":     {"\u05d1\u05bc\u05b0דיקה", "\u05d1\u05b0\u05bcדיקה", "דיקה"},
	"two marks in another order": {"q\u0307\u0323 test", "q\u0323\u0307 test", " test"},
	"letter and point in one":    {"\ufb2aלום", "\u05e9\u05c1לום", "לום"},
}

func TestNameWithMarksThatNFCWritesOtherwiseIsFound(t *testing.T) {
	t.Parallel()
	for what, c := range marked {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t, named("Other", c.stored)...)
			if found, err := client.ProcedureByName(t.Context(), c.asked); err != nil || found.ID != "p1" {
				t.Errorf("got %v, %v", found, err)
			}
			server.expect(t, c.searched)
		})
	}
}

func TestTwinsWithMarksThatNFCWritesOtherwiseAreTwoMatches(t *testing.T) {
	t.Parallel()
	for what, c := range marked {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, _ := lookUpIn(t, named(c.asked, c.stored)...)
			_, err := client.ProcedureByName(t.Context(), c.asked)
			expectSeveral(t, err, "p0", "p1")
		})
	}
}

// More may contain the name than fit on a page; the one that is it may be on the last.
func TestNameThatManyContainIsFoundOnEveryPage(t *testing.T) {
	t.Parallel()
	var stored []fakeapi.Procedure
	for i := range 250 {
		stored = append(stored, fakeapi.Procedure{ID: fmt.Sprint("FVT-", i), Name: fmt.Sprint("FVT ", i), CreatedAt: createdAt(i)})
	}
	for _, at := range []int{0, 99, 100, 249} {
		with := slices.Clone(stored)
		with[at].Name = "FVT"
		client, server := lookUpIn(t, with...)
		found, err := client.ProcedureByName(t.Context(), "FVT")
		if err != nil || found.ID != with[at].ID {
			t.Errorf("got %v, %v", found, err)
		}
		server.expect(t, "FVT", "FVT", "FVT")
	}
}

func TestNothingIsRememberedFromOneLookupToTheNext(t *testing.T) {
	t.Parallel()
	client, server := lookUpIn(t, named("FVT")...)
	expect := func(id string) {
		t.Helper()
		if found, err := client.ProcedureByName(t.Context(), "FVT"); err != nil || found.ID != id {
			t.Errorf("got %v, %v; want %s", found, err, id)
		}
	}
	expect("p0")
	server.api.Delete("p0")
	server.api.Add(fakeapi.Procedure{ID: "new", Name: "FVT"})
	expect("new")
	server.api.Add(named("FVT")...)
	_, err := client.ProcedureByName(t.Context(), "FVT")
	expectSeveral(t, err, "new", "p0")
	server.api.Delete("new", "p0")
	if _, err := client.ProcedureByName(t.Context(), "FVT"); !errors.As(err, new(*NotFoundError)) {
		t.Errorf("got %v", err)
	}
	server.expect(t, "FVT", "FVT", "FVT", "FVT", whole)
}
