package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// How the server searches must not decide what is found.
func TestServersSearchMakesNoDifference(t *testing.T) {
	t.Parallel()
	names := []string{"50 Hz", "50%", "50_", "Prufung", "Prüfung", "PRÜFUNG", "prüfung 2"}
	for i, name := range names {
		for _, c := range []struct {
			finds    func(string) string
			searched []string // after the search
		}{
			{tooWide, nil},
			{blind, []string{whole}},
		} {
			client, server := lookUpIn(t, named(names...)...)
			server.finds = c.finds
			found, err := client.ProcedureByName(t.Context(), name)
			if err != nil || found.ID != fmt.Sprint("p", i) {
				t.Errorf("%s: got %v, %v", name, found, err)
			}
			server.expect(t, append([]string{searchable(name)}, c.searched...)...)
		}
	}
}

func TestIDThatTheServersSearchMissesIsFoundInTheWholeList(t *testing.T) {
	t.Parallel()
	client, server := lookUpIn(t, fakeapi.Procedure{ID: "FVT-0001"}, fakeapi.Procedure{ID: "FVT-0002"})
	server.finds = blind
	found, err := client.ProcedureByID(t.Context(), "FVT-0002")
	if err != nil || found.ID != "FVT-0002" {
		t.Errorf("got %v, %v", found, err)
	}
	server.expect(t, "FVT-0002", whole)
}

func TestNothingIsSaidToBeMissingBeforeTheWholeListWasLookedThrough(t *testing.T) {
	t.Parallel()
	byName, byID := (*Client).ProcedureByName, (*Client).ProcedureByID
	for what, c := range map[string]struct {
		find     func(*Client, context.Context, string) (*Procedure, error)
		wanted   string
		searched []string
	}{
		"name":                     {byName, "Battery", []string{"Battery", whole}},
		"name, the search is none": {byName, "éà", []string{whole}},
		"ID":                       {byID, "p00000", []string{"p00000", whole}},
		"short ID":                 {byID, "p", []string{whole}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t, named("Battery Test", "A Battery", "Motor")...)
			_, err := c.find(client, t.Context(), c.wanted)
			none := new(NotFoundError)
			if !errors.As(err, &none) || none.Seen != 3 || len(none.Near) != 3 { // so few are all shown
				t.Errorf("got %+v", err)
			}
			server.expect(t, c.searched...)
		})
	}
}

// A key may see less than there is; what is counted is what it sees.
func TestOnlyWhatTheKeySeesIsCounted(t *testing.T) {
	t.Parallel()
	api := fakeapi.New(named("One", "Two", "Three")...)
	api.AllowStation("station", "p0", "p2")
	client := clientOf(t, api, "station")
	_, err := client.ProcedureByName(t.Context(), "Two")
	if none := new(NotFoundError); !errors.As(err, &none) || none.Seen != 2 {
		t.Errorf("got %+v", err)
	}
	if found, err := client.ProcedureByName(t.Context(), "Three"); err != nil || found.ID != "p2" {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestNearMissesAreTheNearestThree(t *testing.T) {
	t.Parallel()
	// So many that not all are shown, and none that is near to anything.
	var others []fakeapi.Procedure
	for i := range fewInAll {
		others = append(others, fakeapi.Procedure{ID: fmt.Sprint("other", i), Name: strings.Repeat(string(rune('α'+i)), 9)})
	}
	for what, c := range map[string]struct {
		wanted string
		stored []string
		near   []string
	}{
		"a letter is missing":   {"Firmwar Smoke Test", []string{"Firmware Smoke Test"}, []string{"p0"}},
		"punctuation":           {"Firmware-Smoke-Test", []string{"Firmware Smoke Test"}, []string{"p0"}},
		"a part":                {"Firmware Smoke", []string{"Firmware Smoke Test"}, []string{"p0"}},
		"more than the whole":   {"Firmware Smoke Test v2", []string{"Smoke Test", "Firmware"}, []string{"p0", "p1"}},
		"case":                  {"battery test", []string{"Battery Test", "BATTERY TEST", "Motor Test"}, []string{"p0", "p1"}},
		"spaces":                {"Battery Test", []string{" Battery Test", "Battery\u00a0\tTest", "BatteryTest"}, []string{"p0", "p1", "p2"}},
		"compatibility forms":   {"FVT ﬁnal m²", []string{"ＦＶＴ final m2"}, []string{"p0"}},
		"all at once":           {"prüfung 1", []string{nfd("PRÜFUNG") + "①"}, []string{"p0"}},
		"nearest first":         {"Battery Test", []string{"My Battery Test 2", "Batery Tests", "Battery-Test", "battery test", "Batterie Test"}, []string{"p3", "p2", "p1"}},
		"three of four, oldest": {"FVT", []string{"fvt", "Fvt", "fVt", "fvT"}, []string{"p0", "p1", "p2"}},
		"short ones":            {"ab", []string{"ac", "abc", "b", "a"}, nil},
		"other words":           {"Battery Test", []string{"Motor Test", "Test", "Test of all"}, []string{"p1"}},
		"nothing but signs":     {"---", []string{"...", "+++", ""}, nil},
		"a very long one":       {"Battery", []string{strings.Repeat("Battery ", 1000)}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, _ := lookUpIn(t, append(named(c.stored...), others...)...)
			_, err := client.ProcedureByName(t.Context(), c.wanted)
			none := new(NotFoundError)
			if !errors.As(err, &none) || !slices.Equal(procedureIDs(none.Near), c.near) && len(none.Near)+len(c.near) > 0 {
				t.Errorf("got %v, near misses %v; want %v", err, procedureIDs(none.Near), c.near)
			}
		})
	}
}

func TestWhereThereAreFewAllAreShownTheNearestFirst(t *testing.T) {
	t.Parallel()
	client, _ := lookUpIn(t, named("Motor", "Display", "battery", "Radio")...)
	_, err := client.ProcedureByName(t.Context(), "Battery")
	if none := new(NotFoundError); !errors.As(err, &none) || !slices.Equal(procedureIDs(none.Near), []string{"p2", "p0", "p1", "p3"}) {
		t.Errorf("got %+v", err)
	}
}

// It takes a moment, however long the names are, which a server may choose.
func BenchmarkDistance(b *testing.B) {
	for name, other := range map[string]string{
		"usual":      "Firmware Smoke Test",
		"megabyte":   strings.Repeat("é", 1<<19),
		"compatible": strings.Repeat("ﷺ", 1<<10), // each is 18 letters in compatibility form
	} {
		b.Run(name, func(b *testing.B) {
			wanted := fold("Firmwar Smoke Test")
			for b.Loop() {
				distance(fold(other), wanted)
			}
		})
	}
}

func TestIDsHaveNearMissesToo(t *testing.T) {
	t.Parallel()
	client, _ := lookUpIn(t, fakeapi.Procedure{ID: "x", Name: "fvt1"}, fakeapi.Procedure{ID: "FVT1", Name: "fvt1"})
	_, err := client.ProcedureByID(t.Context(), "fvt1 ")
	if none := new(NotFoundError); !errors.As(err, &none) || !slices.Equal(procedureIDs(none.Near), []string{"FVT1", "x"}) {
		t.Errorf("got %+v", err)
	}
}

// One character may be stored as another that Unicode takes for the same: both are
// found from either, over all of Unicode, and two that are equal are two matches.
func TestBothSpellingsAreFoundFromEither(t *testing.T) {
	t.Parallel()
	for r := rune(1); r <= unicode.MaxRune; r++ {
		whole := norm.NFC.String(string(r))
		if whole == string(r) || !utf8.ValidString(string(r)) {
			continue
		}
		for _, asked := range []string{string(r), whole} {
			piece := searchable(norm.NFC.String("A " + asked + " B"))
			for _, stored := range []string{"A " + string(r) + " B", "A " + whole + " B", norm.NFD.String("A " + whole + " B")} {
				if !strings.Contains(stored, piece) || piece == "" || !sameName(stored, "A "+asked+" B") {
					t.Fatalf("%+q isn't found as %+q: %+q is searched for", stored, asked, piece)
				}
			}
		}
	}
}

func sameName(stored, asked string) bool { return newNameSet(asked).has(&Procedure{Name: &stored}) }

func TestNamesEqualUnderNFCAreTwoMatches(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"100 \u03a9 Load", "100 \u2126 Load"}, {"5 K", "5 \u212a"}, {"a;b", "a\u037eb"}, {"\u8c48", "\uf900"}} {
		for _, asked := range pair {
			client, _ := lookUpIn(t, named(pair[0], pair[1])...)
			_, err := client.ProcedureByName(t.Context(), asked)
			expectSeveral(t, err, "p0", "p1")
			client, _ = lookUpIn(t, named("other", pair[0])...)
			if found, err := client.ProcedureByName(t.Context(), asked); err != nil || found.ID != "p1" {
				t.Errorf("%+q for %+q: %v", asked, pair[0], err)
			}
		}
	}
}

func TestAnEqualNameIsFoundHoweverMuchLongerItIsWritten(t *testing.T) {
	t.Parallel()
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if whole := norm.NFC.String(string(r)); !sameName(norm.NFD.String(string(r)), whole) || !sameName(string(r), whole) {
			t.Fatalf("%U isn't the same as %+q", r, whole)
		}
	}
}

// A lookup whose search is refused reads the whole list; whatever else fails is
// told at once, and of two failures the list's.
func TestARefusedSearchIsNoRefusedLookup(t *testing.T) {
	t.Parallel()
	for status, found := range map[int]bool{400: true, 413: true, 414: true, 422: true, 500: true, 401: false, 403: false, 404: false, 429: false, 502: false, 503: false} {
		client, server := lookUpIn(t, named("Battery", "Motor")...)
		server.api.Fail(fakeapi.Status(status, `{"message": "no"}`), 1)
		got, err := client.ProcedureByName(t.Context(), "Motor")
		if found {
			if err != nil || got.ID != "p1" {
				t.Errorf("status %d: %v", status, err)
			}
			server.expect(t, "Motor", whole)
			continue
		}
		if failed := new(Error); !errors.As(err, &failed) || failed.Status != status {
			t.Errorf("status %d: %v", status, err)
		}
		server.expect(t, "Motor")
	}
	client, server := lookUpIn(t, named("Battery")...)
	server.api.Fail(fakeapi.Status(500, `{"message": "the search"}`), 1)
	server.api.Fail(fakeapi.Status(403, `{"message": "the list"}`), 2)
	if _, err := client.ProcedureByName(t.Context(), "Battery"); err == nil || !strings.Contains(err.Error(), "the list") || strings.Contains(err.Error(), "the search") {
		t.Errorf("got %v", err)
	}
}

func TestAProcedureWithoutANameIsNoMatch(t *testing.T) {
	t.Parallel()
	client, server := lookUpIn(t, fakeapi.Procedure{ID: "a", JSON: `{"id": "a", "name": null}`}, fakeapi.Procedure{ID: "b", Name: "b"})
	server.finds = tooWide
	if found, err := client.ProcedureByName(t.Context(), "b"); err != nil || found.ID != "b" {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestAProcedureCreatedBetweenSearchAndWholeListIsFound(t *testing.T) {
	t.Parallel()
	client, server := lookUpIn(t)
	server.api.Before(func(r fakeapi.Request) {
		if r.Number == 2 {
			server.api.Add(named("New")...)
		}
	})
	if found, err := client.ProcedureByName(t.Context(), "New"); err != nil || found.ID != "p0" {
		t.Errorf("got %v, %v", found, err)
	}
}

// A failure isn't taken for an answer, in the search as in the whole list.
func TestFailedRequestIsNoMissingProcedure(t *testing.T) {
	t.Parallel()
	for request := 1; request <= 2; request++ {
		client, server := lookUpIn(t, named("Other")...)
		server.api.Fail(fakeapi.Status(http.StatusForbidden, `{"message": "Forbidden", "code": "FORBIDDEN"}`), request)
		_, err := client.ProcedureByName(t.Context(), "Missing")
		if failed := new(Error); !errors.As(err, &failed) || failed.Status != http.StatusForbidden {
			t.Errorf("request %d: got %v", request, err)
		}
	}
}
