package tofupilot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
)

// newRows returns rows of procedures with these names and the IDs p0, p1 and so on.
func newRows(names ...string) []Row {
	var rows []Row
	for i, name := range names {
		rows = append(rows, Row{procedure: &Procedure{ID: fmt.Sprint("p", i), Name: &name}})
	}
	return rows
}

// suggestOne calls suggest with one missing text, and returns it with its near misses.
func suggestOne(t *testing.T, by By, text string, rows []Row) Missing {
	t.Helper()
	missing := []Missing{{Text: text}}
	suggest(t.Context(), by, missing, rows)
	return missing[0]
}

// TestNear checks the near misses of a name in a list of more than fewInAll procedures. In a shorter
// list, all procedures are near misses (TestNearInShortList).
func TestNear(t *testing.T) {
	t.Parallel()
	var notNear []string // names that make the list long enough, and aren't near misses
	for i := range fewInAll {
		notNear = append(notNear, strings.Repeat(string(rune('α'+i)), 9))
	}
	for what, c := range map[string]struct {
		wanted string
		stored []string
		near   []string // the IDs of the near misses: p0 is the first stored name
	}{
		"a missing letter":           {"Firmwar Smoke Test", []string{"Firmware Smoke Test"}, []string{"p0"}},
		"one near name of two":       {"Firmware Smoke Tset", []string{"Firmware Smoke Test", "Camera Module FVT Rev A"}, []string{"p0"}},
		"a part of a name":           {"Firmware Smoke", []string{"Firmware Smoke Test"}, []string{"p0"}},
		"the wanted name is longer":  {"Firmware Smoke Test v2", []string{"Smoke Test", "Firmware"}, []string{"p0", "p1"}},
		"spaces":                     {"Battery Test", []string{" Battery Test", "Battery\u00a0\tTest", "Battery\u200bTest"}, []string{"p0", "p1", "p2"}},
		"punctuation":                {"I.C.T. board", []string{"ICT board"}, []string{"p0"}},
		"compatibility forms":        {"FVT ﬁnal m²", []string{"ＦＶＴ final m2"}, []string{"p0"}},
		"all Unicode forms and case": {"prüfung 1", []string{norm.NFD.String("PRÜFUNG") + "①"}, []string{"p0"}},
		"nearest first":              {"Battery Test", []string{"My Battery Test 2", "Batery Tests", "Batery-Test", "Batterie Test"}, []string{"p2", "p1", "p3"}},
		"the three oldest of four":   {"FVT", []string{"fvt", "Fvt", "fVt", "fvT"}, []string{"p0", "p1", "p2"}},
		"short names":                {"ab", []string{"ac", "abc", "b", "a"}, nil},
		"only punctuation":           {"---", []string{"...", "+++", "", " --- "}, []string{"p3"}},
		"a very long name":           {"Battery", []string{strings.Repeat("Battery ", 1000)}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			got := suggestOne(t, ByName, c.wanted, newRows(append(c.stored, notNear...)...))
			if near := procedureIDs(got.Near); !slices.Equal(near, c.near) {
				t.Errorf("got %q, want %q", near, c.near)
			}
		})
	}
}

// TestNearInShortList checks that all procedures of a short list are near misses, the nearest first.
func TestNearInShortList(t *testing.T) {
	t.Parallel()
	got := suggestOne(t, ByName, "Battery", newRows("Motor", "Display", "batery", "Radio"))
	if near, want := procedureIDs(got.Near), []string{"p2", "p0", "p1", "p3"}; !slices.Equal(near, want) {
		t.Errorf("got %q, want %q", near, want)
	}
}

// TestOnlyIn checks the differences in OnlyIn between a missing name and its near miss. Errors say
// that a name differs only in these, so OnlyIn is 0 if there is any other difference.
func TestOnlyIn(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		wanted, stored string
		only           Differences // 0 if there is any other difference
	}{
		"case":                        {"firmware smoke TEST", "Firmware Smoke Test", InCase},
		"case of umlauts":             {"PRÜFUNG", norm.NFD.String("Prüfung"), InCase},
		"case of a final sigma":       {"ΛΟΓΟΣ", "λογος", InCase | InSpelling},
		"two spaces":                  {"Firmware  Smoke Test", "Firmware Smoke Test", InWhiteSpace},
		"no spaces":                   {"FirmwareSmokeTest", "Firmware Smoke Test", InWhiteSpace},
		"a line break":                {"Firmware Test", "Firmware\r\nTest", InWhiteSpace},
		"a no-break space":            {"Firmware Test", "Firmware\u00a0Test", InWhiteSpace},
		"white space around signs":    {"--- ", "---", InWhiteSpace},
		"punctuation":                 {"I.C.T. board", "ICT board", InPunctuation},
		"another dash":                {"Burn–in", "Burn-in", InPunctuation},
		"ASCII symbols":               {"A|B+C", "A/B_C", InPunctuation},
		"a zero-width space":          {"Battery\u200b Test", "Battery Test", InInvisible},
		"a control character":         {"Batt\aery", "Battery", InInvisible},
		"a joiner inside a character": {"e\u200d\u0301", "é", InInvisible},
		"a ligature":                  {"ﬁnal", "final", InSpelling},
		"a superscript":               {"m²", "m2", InSpelling},
		"a dotless i":                 {"ışin", "işin", InSpelling},
		"a dotted I":                  {"İSTANBUL", "ISTANBUL", InSpelling},
		"case, space and punctuation": {"burn in", "Burn-in", InCase | InWhiteSpace | InPunctuation},
		"white space and invisible":   {"Battery\u200bTest", "Battery Test", InWhiteSpace | InInvisible},
		"all of them":                 {"ﬁnal\u200b  TEST!", "Final test", allDifferences},
		"a letter":                    {"Firmwar Test", "Firmware Test", 0},
		"a letter and the case":       {"firmwar test", "Firmware Test", 0},
		"an accent":                   {"Prufung", "Prüfung", 0},
		"another alphabet":            {"Вattery", "Battery", 0}, // begins with a Cyrillic letter
		"a symbol":                    {"Battery 🔋", "Battery", 0},
		"another symbol":              {"5 °C", "5 €C", 0},
		"a private character":         {"Battery\ue000", "Battery", 0},
		"a fraction's slash":          {"½ load", "1/2 load", 0},
		"no letters":                  {"---", "...", 0}, // without letters, punctuation isn't ignored
		"a part":                      {"Firmware", "Firmware Test", 0},
		"too long to be compared":     {strings.Repeat("a", maxCompared+1), strings.Repeat("A", maxCompared+1), 0},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			bothWays := map[string]string{c.wanted: c.stored, c.stored: c.wanted}
			for wanted, stored := range bothWays {
				got := suggestOne(t, ByName, wanted, newRows(stored))
				if len(got.Near) != 1 { // a single procedure is always a near miss
					t.Errorf("%+q has %d near misses, want %+q only", wanted, len(got.Near), stored)
				}
				if got.OnlyIn != c.only {
					t.Errorf("%+q and %+q differ only in %05b, want %05b", wanted, stored, got.OnlyIn, c.only)
				}
			}
		})
	}
}

// TestOnlyInOfSeveral checks that if some near misses differ from the wanted text only in [Differences],
// the others are dropped, and that OnlyIn then has the differences of all near misses that remain.
func TestOnlyInOfSeveral(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		by     By
		wanted string
		stored []string
		near   []string // the IDs of the near misses that remain
		only   Differences
	}{
		"one of few":                     {ByName, "Firmware  Smoke Test", []string{"Firmware Smoke Test 2", "Firmware Smoke Test", "Burn-in"}, []string{"p1"}, InWhiteSpace},
		"two with one name":              {ByName, "fvt", []string{"FVT", "FVT", "FVT 2"}, []string{"p0", "p1"}, InCase},
		"two with different differences": {ByName, "FVT", []string{"fvt", "F V T"}, []string{"p0", "p1"}, InCase | InWhiteSpace},
		"no small difference":            {ByName, "FVT", []string{"FCT", "FV"}, []string{"p0", "p1"}, 0},
		"an ID":                          {ByID, "P1", []string{"FVT", "FCT"}, []string{"p1"}, InCase}, // p1 is the ID of FCT
		"an ID, and a space":             {ByID, " P-1", []string{"FVT", "FCT"}, []string{"p1"}, InCase | InWhiteSpace | InPunctuation},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			got := suggestOne(t, c.by, c.wanted, newRows(c.stored...))
			if near := procedureIDs(got.Near); !slices.Equal(near, c.near) || got.OnlyIn != c.only {
				t.Errorf("got %q, which differ only in %05b, want %q and %05b", near, got.OnlyIn, c.near, c.only)
			}
		})
	}
}

// TestMaxNearTexts checks that only the first maxNearTexts missing texts have near misses.
func TestMaxNearTexts(t *testing.T) {
	t.Parallel()
	missing := slices.Repeat([]Missing{{Text: "fvt"}}, maxNearTexts+1)
	suggest(t.Context(), ByName, missing, newRows("FVT"))
	for i, text := range missing[:maxNearTexts] {
		if len(text.Near) != 1 {
			t.Errorf("text %d has no near miss", i)
		}
	}
	if near := missing[maxNearTexts].Near; near != nil {
		t.Errorf("the last text has the near misses %q, want none", procedureIDs(near))
	}
}

// TestNearEndsWithContext checks that suggest returns soon after its context has ended, without near
// misses.
func TestNearEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	// ﷺ has three bytes, but 18 characters under NFKC, so that comparing these names takes long.
	rows := slices.Repeat(newRows(strings.Repeat("ﷺ", maxCompared/3)), maxNearRows)
	missing := slices.Repeat([]Missing{{Text: strings.Repeat("ﷺ", 11)}}, maxNearTexts) // a part of each name, so a near miss
	start := time.Now()
	suggest(ctx, ByName, missing, rows)
	if took := time.Since(start); took > 2*time.Second || missing[0].Near != nil {
		t.Errorf("suggest took %s, and found %v", took, missing[0].Near)
	}
}
