package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// numberedProcedures makes procedures "Procedure 00000" and so on, of which the IDs are
// "id-00000" and so on.
func numberedProcedures(count int) []fakeapi.Procedure {
	procedures := make([]fakeapi.Procedure, count)
	for i := range procedures {
		procedures[i] = fakeapi.Procedure{ID: fmt.Sprintf("id-%05d", i), Name: numberedName(i), CreatedAt: createdAt(i)}
	}
	return procedures
}

func numberedName(i int) string { return fmt.Sprintf("Procedure %05d", i) }

// someNames are the names of so many of them, spread over all.
func someNames(count, of int) (names []string, ids map[string]string) {
	ids = map[string]string{}
	for i := range count {
		at := i * of / count
		names = append(names, numberedName(at))
		ids[numberedName(at)] = fmt.Sprintf("id-%05d", at)
	}
	return names, ids
}

// asked tells how many requests were for the whole list, and how many searched.
func (s *searcher) asked() (list, searches int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, searched := range s.searched {
		if searched == whole {
			list++
		} else {
			searches++
		}
	}
	return list, searches
}

func TestLookingNamesUpTakesAsFewRequestsAsItCan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		names, procedures int
		finds             func(string) string
		missing           bool // one of the names
		list, searches    int  // requests at most; exactly, where the list isn't read on
	}{
		{names: 0, procedures: 90},
		{names: 3, procedures: 90, list: 1},
		{names: 90, procedures: 90, list: 1},
		{names: 3, procedures: 99, list: 1},
		{names: 3, procedures: 100, list: 2},
		{names: 1, procedures: 101, list: 1, searches: 1},
		{names: 5, procedures: 10_000, list: 1, searches: 5},
		{names: 8, procedures: 10_000, list: 1, searches: 8},
		{names: 9, procedures: 10_000, list: 102 + 7},
		{names: 40, procedures: 5_000, list: 51 + 7},
		{names: 3, procedures: 90, missing: true, list: 1},
		{names: 5, procedures: 10_000, missing: true, list: 102 + 7, searches: 5},
		{names: 5, procedures: 1_000, finds: blind, list: 11 + 7, searches: 5},
		{names: 8, procedures: 10_000, finds: tooWide, list: 102 + 7, searches: 100},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.names, c.procedures), func(t *testing.T) {
			t.Parallel()
			client, server := lookUpIn(t, numberedProcedures(c.procedures)...)
			server.finds = c.finds
			names, want := someNames(c.names, c.procedures)
			if c.missing {
				names[0] = "Nobody's"
			}
			ids, err := client.ProcedureIDs(t.Context(), names)
			if c.missing {
				failed := new(NamesError)
				if !errors.As(err, &failed) || len(failed.Missing) != 1 || failed.Missing[0].Name != "Nobody's" || failed.Seen != c.procedures || ids != nil {
					t.Errorf("got %v, %v", ids, err)
				}
			} else if err != nil || !maps.Equal(ids, want) {
				t.Errorf("got %v, %v; want %v", ids, err, want)
			}
			list, searches := server.asked()
			if list > c.list || searches > c.searches || list <= 2 && (list != c.list || searches != c.searches) {
				t.Errorf("%d requests for the list and %d searches; want %d and %d", list, searches, c.list, c.searches)
			}
			t.Logf("%d names of %d procedures: %d requests for the list, %d searches", c.names, c.procedures, list, searches)
		})
	}
}

func TestAllNamesThatAreWrongAreToldTogether(t *testing.T) {
	t.Parallel()
	stored := append(numberedProcedures(200), named("Battery", "Battery", "Motor Test")...)
	client, server := lookUpIn(t, stored...)
	ids, err := client.ProcedureIDs(t.Context(), []string{"Procedure 00007", "Motor-Test", "Battery", "Nobody's"})
	failed := new(NamesError)
	if !errors.As(err, &failed) || ids != nil {
		t.Fatalf("got %v, %v", ids, err)
	}
	if len(failed.Several) != 1 || failed.Several[0].Name != "Battery" || !slices.Equal(procedureIDs(failed.Several[0].Matches), []string{"p0", "p1"}) {
		t.Errorf("several: %+v", failed.Several)
	}
	if len(failed.Missing) != 2 || failed.Missing[0].Name != "Motor-Test" || !slices.Equal(procedureIDs(failed.Missing[0].Near), []string{"p2"}) ||
		failed.Missing[1].Name != "Nobody's" || failed.Missing[1].Near != nil {
		t.Errorf("missing: %+v", failed.Missing)
	}
	if list, _ := server.asked(); list < 3 {
		t.Errorf("the list was asked for %d times", list)
	}
}

// What the searches settle is told without the list.
func TestSeveralOfANameAreToldByTheSearch(t *testing.T) {
	t.Parallel()
	client, server := lookUpIn(t, append(numberedProcedures(200), named("Battery", "Battery")...)...)
	_, err := client.ProcedureIDs(t.Context(), []string{"Procedure 00007", "Battery"})
	failed := new(NamesError)
	if !errors.As(err, &failed) || len(failed.Missing) > 0 || len(failed.Several) != 1 || !slices.Equal(procedureIDs(failed.Several[0].Matches), []string{"p0", "p1"}) {
		t.Errorf("got %+v", err)
	}
	if list, searches := server.asked(); list != 1 || searches != 2 {
		t.Errorf("%d requests for the list and %d searches", list, searches)
	}
}

func TestNamesAreComparedUnderNFCAndKeptAsWritten(t *testing.T) {
	t.Parallel()
	for _, more := range []int{0, 200} { // one page; and searches
		client, _ := lookUpIn(t, append(numberedProcedures(more), named(nfd("Prüfung"), "100 \u2126 Load", "Prufung")...)...)
		asked := []string{"Prüfung", nfd("Prüfung"), "100 \u03a9 Load", "Prüfung"}
		ids, err := client.ProcedureIDs(t.Context(), asked)
		if want := map[string]string{asked[0]: "p0", asked[1]: "p0", asked[2]: "p1"}; err != nil || !maps.Equal(ids, want) {
			t.Errorf("got %v, %v; want %v", ids, err, want)
		}
		client, _ = lookUpIn(t, append(numberedProcedures(more), named("5 K", "5 \u212a")...)...)
		_, err = client.ProcedureIDs(t.Context(), []string{"5 \u212a"})
		failed := new(NamesError)
		if !errors.As(err, &failed) || len(failed.Several) != 1 || len(failed.Several[0].Matches) != 2 {
			t.Errorf("got %v", err)
		}
	}
}

// A name that can't be searched for has the list read at once, and so has a search
// that the server refuses.
func TestNamesThatASearchDoesNotSettleAreFoundInTheList(t *testing.T) {
	t.Parallel()
	client, server := lookUpIn(t, append(numberedProcedures(150), named("éàü")...)...)
	if ids, err := client.ProcedureIDs(t.Context(), []string{"éàü", "Procedure 00003"}); err != nil || ids["éàü"] != "p0" || ids["Procedure 00003"] != "id-00003" {
		t.Errorf("got %v, %v", ids, err)
	}
	if _, searches := server.asked(); searches > 0 {
		t.Errorf("%d searches", searches)
	}
	for _, status := range []int{400, 413, 414, 422, 500} {
		client, server := lookUpIn(t, numberedProcedures(150)...)
		server.api.Fail(fakeapi.Status(status, `{"message": "no"}`), 2)
		if ids, err := client.ProcedureIDs(t.Context(), []string{"Procedure 00003"}); err != nil || ids["Procedure 00003"] != "id-00003" {
			t.Errorf("status %d: got %v, %v", status, ids, err)
		}
	}
	for _, status := range []int{401, 403, 404} {
		client, server := lookUpIn(t, numberedProcedures(150)...)
		server.api.Fail(fakeapi.Status(status, `{"message": "no"}`), 2)
		failed := new(Error)
		if ids, err := client.ProcedureIDs(t.Context(), []string{"Procedure 00003"}); !errors.As(err, &failed) || failed.Status != status || ids != nil {
			t.Errorf("status %d: got %v, %v", status, ids, err)
		}
	}
}

func TestNearMissesOfManyNamesAreBounded(t *testing.T) {
	t.Parallel()
	client, _ := lookUpIn(t, numberedProcedures(120)...)
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprintf("procedure %05d", i))
	}
	_, err := client.ProcedureIDs(t.Context(), names)
	failed := new(NamesError)
	if !errors.As(err, &failed) || len(failed.Missing) != 200 {
		t.Fatalf("got %v", err)
	}
	for i, missing := range failed.Missing {
		if near := len(missing.Near) > 0; near != (i < maxNearNames) {
			t.Errorf("name %d has the near misses %v", i, procedureIDs(missing.Near))
		}
	}
	if !strings.HasPrefix(failed.Missing[7].Name, "procedure") || failed.Missing[7].Near[0].ID != "id-00007" {
		t.Errorf("got %+v", failed.Missing[7])
	}
}

// Names that take the most to compare, and a million of them: the context ends it.
func TestNearMissesAreLookedForNoLongerThanTheContextLasts(t *testing.T) {
	t.Parallel()
	ended := errors.New("the read is over")
	candidates := slices.Repeat([]candidate{{id: "x", name: strings.Repeat("ﷺ", maxCompared/3)}}, 1_000_000)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, ended)
	defer cancel()
	began := time.Now()
	if _, err := nearest(ctx, slices.Repeat([]string{strings.Repeat("ﷺ", 11)}, maxNearNames), candidates, (*candidate).byName); !errors.Is(err, ended) {
		t.Errorf("got %v", err)
	}
	if spent := time.Since(began); spent > 2*time.Second {
		t.Errorf("it took %s", spent)
	}
}
