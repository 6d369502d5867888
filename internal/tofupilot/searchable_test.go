package tofupilot

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestSearchable(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	for text, piece := range map[string]string{
		"":                      "",
		" ":                     "",
		"- / -":                 "",
		"Prüfung":               "fung",
		"Prüfstand Größe":       "fstand Gr",
		"ab ü cd":               "ab ", // the first of equal ones
		"äöü 🔋 7 äöü":           " 7 ",
		"시험 FVT":                " FVT",
		"Kelvin":                "elvin",
		"a;bc`d":                "bc",
		"ab\u0323\u0307 d":      " d", // ạ̇ may be stored with its marks in another order
		long + "x":              long,
		long + "ü" + long + "y": long,
	} {
		if got := searchable(norm.NFC.String(text)); got != piece {
			t.Errorf("searchable(%q) is %q, want %q", text, got, piece)
		}
	}
}

// One character may be stored as another that Unicode takes for the same, over all of Unicode.
func TestSearchableCharacters(t *testing.T) {
	t.Parallel()
	spelled := map[string][]string{} // by what they are when they are taken apart
	for r := rune(0); r <= unicode.MaxRune; r++ {
		character := string(r)
		if apart := norm.NFD.String(character); utf8.ValidRune(r) && apart != character {
			spelled[apart] = append(spelled[apart], character)
		}
	}
	for apart, spellings := range spelled {
		for _, spelling := range append(spellings, apart) {
			piece := searchable(norm.NFC.String("A" + spelling + "B"))
			for _, stored := range append(spellings, apart, norm.NFC.String(apart)) {
				if !strings.Contains("A"+stored+"B", piece) {
					t.Fatalf("%+q isn't found as %+q: %+q is searched for", spelling, stored, piece)
				}
			}
		}
	}
}
