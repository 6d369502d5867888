package tofupilot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func foundNames(names ...string) []Row {
	var rows []Row
	for i, name := range names {
		rows = append(rows, Row{procedure: &Procedure{ID: fmt.Sprint("p", i), Name: &name}})
	}
	return rows
}

func nearOf(t *testing.T, wanted string, all []Row) []string {
	t.Helper()
	missing := []Missing{{Text: wanted}}
	suggest(t.Context(), ByName, missing, all)
	return idsOf(missing[0].Near)
}

func TestNear(t *testing.T) {
	t.Parallel()
	// So many that not all are shown, and none that is near to anything.
	var others []string
	for i := range fewInAll {
		others = append(others, strings.Repeat(string(rune('α'+i)), 9))
	}
	for what, c := range map[string]struct {
		wanted string
		stored []string
		near   []string
	}{
		"a letter is missing":   {"Firmwar Smoke Test", []string{"Firmware Smoke Test"}, []string{"p0"}},
		"nothing else alike":    {"Firmware Smoke Tset", []string{"Firmware Smoke Test", "Camera Module FVT Rev A"}, []string{"p0"}},
		"a part":                {"Firmware Smoke", []string{"Firmware Smoke Test"}, []string{"p0"}},
		"more than the whole":   {"Firmware Smoke Test v2", []string{"Smoke Test", "Firmware"}, []string{"p0", "p1"}},
		"spaces":                {"Battery Test", []string{" Battery Test", "Battery\u00a0\tTest", "Battery\u200bTest"}, []string{"p0", "p1", "p2"}},
		"punctuation":           {"I.C.T. board", []string{"ICT board"}, []string{"p0"}},
		"compatibility forms":   {"FVT ﬁnal m²", []string{"ＦＶＴ final m2"}, []string{"p0"}},
		"all at once":           {"prüfung 1", []string{nfd("PRÜFUNG") + "①"}, []string{"p0"}},
		"nearest first":         {"Battery Test", []string{"My Battery Test 2", "Batery Tests", "Battery-Test", "Batterie Test"}, []string{"p2", "p1", "p3"}},
		"three of four, oldest": {"FVT", []string{"fvt", "Fvt", "fVt", "fvT"}, []string{"p0", "p1", "p2"}},
		"short ones":            {"ab", []string{"ac", "abc", "b", "a"}, nil},
		"nothing but signs":     {"---", []string{"...", "+++", "", " --- "}, []string{"p3"}},
		"a very long one":       {"Battery", []string{strings.Repeat("Battery ", 1000)}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if near := nearOf(t, c.wanted, foundNames(append(c.stored, others...)...)); !slices.Equal(near, c.near) {
				t.Errorf("got %q, want %q", near, c.near)
			}
		})
	}
	if near := nearOf(t, "Battery", foundNames("Motor", "Display", "battery", "Radio")); !slices.Equal(near, []string{"p2", "p0", "p1", "p3"}) {
		t.Errorf("where there are few, all are shown, the nearest first: %q", near)
	}
}

func TestNearBounds(t *testing.T) {
	t.Parallel()
	var missing []Missing
	var stored []string
	for i := range 200 {
		missing, stored = append(missing, Missing{Text: fmt.Sprintf("procedure %05d", i)}), append(stored, fmt.Sprintf("Procedure %05d", i))
	}
	suggest(t.Context(), ByName, missing, foundNames(stored...))
	for i := range missing {
		if near := len(missing[i].Near) > 0 && missing[i].Near[0].ID == fmt.Sprint("p", i); near != (i < maxNearTexts) {
			t.Errorf("name %d has the near misses %v", i, idsOf(missing[i].Near))
		}
	}
	// Names that take the most to compare, and as many as are compared: the context ends it.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	all := slices.Repeat(foundNames(strings.Repeat("ﷺ", maxCompared/3)), maxNearRows)
	missing = slices.Repeat([]Missing{{Text: strings.Repeat("ﷺ", 11)}}, maxNearTexts)
	suggest(ctx, ByName, missing, all)
	if spent := time.Since(began); spent > 2*time.Second || missing[0].Near != nil {
		t.Errorf("it took %s, and found %v", spent, missing[0].Near)
	}
}
