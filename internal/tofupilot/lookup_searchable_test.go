package tofupilot

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
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
		"ab ü cd":               "ab ", // the first of the longest pieces
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

// equivalents maps decompositions to the characters that have them.
var equivalents = sync.OnceValue(func() map[string][]string {
	spelled := map[string][]string{}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		character := string(r)
		if apart := norm.NFD.String(character); utf8.ValidRune(r) && apart != character {
			spelled[apart] = append(spelled[apart], character)
		}
	}
	return spelled
})

// TestSearchableCharacters checks, for every character of Unicode, that searchable returns a text
// that is in every equivalent form.
func TestSearchableCharacters(t *testing.T) {
	t.Parallel()
	for apart, spellings := range equivalents() {
		for _, spelling := range append(spellings, apart) {
			piece := searchable(norm.NFC.String("A" + spelling + "B"))
			for _, stored := range append(spellings, apart, norm.NFC.String(apart)) {
				if !strings.Contains("A"+stored+"B", piece) {
					t.Fatalf("%+q isn't found if it is stored as %+q: the query is %+q", spelling, stored, piece)
				}
			}
		}
	}
}

// genCharacters generates characters, often ones that are special in a normal form or a query.
func genCharacters() *rapid.Generator[rune] {
	return rapid.OneOf(
		rapid.SampledFrom([]rune(`abc XYZ09 %_+\"'&=#;*`)),
		rapid.SampledFrom([]rune("äöüßéÅçñµΩ½ﬁ²")),
		rapid.SampledFrom([]rune("\u0300\u0301\u0308\u0323\u0327\u0345\u05b0\u05bc\u064b\u0651\u093c\u094d")), // marks
		rapid.SampledFrom([]rune("\u1100\u1161\u11a8각한배터리")),
		rapid.SampledFrom([]rune("אבגשדابتक़ฟ電池\u2126\u212a\u037e\ufb2a\u200f\u200d\u00a0")),
		rapid.SampledFrom([]rune("🔋👩🔧🇩\U0001d15e\U0001d15f\U0010ffff")),
		rapid.Rune(),
	)
}

// TestSearchableSpellings stores texts in any mix of equivalent characters, also in no normal form.
func TestSearchableSpellings(t *testing.T) {
	t.Parallel()
	apart := slices.Sorted(maps.Keys(equivalents()))
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(apart), rapid.StringOfN(genCharacters(), 1, 4, -1)), 1, 12).Draw(t, "parts")
		text := norm.NFC.String(strings.Join(parts, ""))
		var stored strings.Builder
		rest := norm.NFD.String(text)
		for rest != "" {
			next := string([]rune(rest)[:1])
			for length := range 4 { // the longest decomposition
				runes := []rune(rest)
				whole := string(runes[:min(length+1, len(runes))])
				if other := equivalents()[whole]; other != nil && rapid.Bool().Draw(t, "respelled") {
					stored.WriteString(rapid.SampledFrom(other).Draw(t, "as"))
					rest, next = rest[len(whole):], ""
					break
				}
			}
			stored.WriteString(next)
			rest = rest[len(next):]
		}
		spelling := stored.String()
		if norm.NFC.String(spelling) != text {
			return // it isn't equivalent, because marks were separated
		}
		if piece := searchable(text); !strings.Contains(spelling, piece) || len(piece) > MaxSearchQuery {
			t.Fatalf("%+q isn't found if it is stored as %+q: the query is %+q", spelling, text, piece)
		}
	})
}
