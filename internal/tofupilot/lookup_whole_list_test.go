package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

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
			if !errors.As(err, &none) || none.Seen != 3 || len(none.Near) != 0 {
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

func TestNearMissesAreThoseOfAnotherCaseOtherSpacesOrACompatibilityForm(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		wanted string
		stored []string
		near   []string
	}{
		"case":                  {"battery test", []string{"Battery Test", "BATTERY TEST", "Battery Tests"}, []string{"p0", "p1"}},
		"spaces":                {"Battery Test", []string{" Battery Test", "Battery\u00a0\tTest", "BatteryTest", "Battery-Test"}, []string{"p0", "p1", "p2"}},
		"compatibility forms":   {"FVT ﬁnal m²", []string{"ＦＶＴ final m2", "FVT final m3"}, []string{"p0"}},
		"all at once":           {"prüfung 1", []string{nfd("PRÜFUNG") + "①", "Prufung 1"}, []string{"p0"}},
		"three of four, oldest": {"FVT", []string{"fvt", "Fvt", "fVt", "fvT"}, []string{"p0", "p1", "p2"}},
		"a part is none":        {"Battery", []string{"Battery Test", "Batter", "My Battery"}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client, _ := lookUpIn(t, named(c.stored...)...)
			_, err := client.ProcedureByName(t.Context(), c.wanted)
			none := new(NotFoundError)
			if !errors.As(err, &none) || !slices.Equal(procedureIDs(none.Near), c.near) && len(none.Near)+len(c.near) > 0 {
				t.Errorf("got %v, near misses %v; want %v", err, procedureIDs(none.Near), c.near)
			}
		})
	}
}

func TestIDsHaveNearMissesToo(t *testing.T) {
	t.Parallel()
	client, _ := lookUpIn(t, fakeapi.Procedure{ID: "FVT1", Name: "fvt1"}, fakeapi.Procedure{ID: "x", Name: "fvt1"})
	_, err := client.ProcedureByID(t.Context(), "fvt1 ")
	if none := new(NotFoundError); !errors.As(err, &none) || !slices.Equal(procedureIDs(none.Near), []string{"FVT1"}) {
		t.Errorf("got %+v", err)
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
