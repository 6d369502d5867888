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

// spelledAs are all characters by what they are when they are taken apart.
var spelledAs = sync.OnceValue(func() map[string][]string {
	spelled := map[string][]string{}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		character := string(r)
		if apart := norm.NFD.String(character); utf8.ValidRune(r) && apart != character {
			spelled[apart] = append(spelled[apart], character)
		}
	}
	return spelled
})

// One character may be stored as another that Unicode takes for the same, over all of Unicode.
func TestSearchableCharacters(t *testing.T) {
	t.Parallel()
	for apart, spellings := range spelledAs() {
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

// characters are drawn from those that normal forms and queries treat in ways of their
// own, and from all others.
func characters() *rapid.Generator[rune] {
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

// A text may be stored in any mix of spellings that Unicode holds equal, in either
// normal form or in none.
func TestSearchableSpellings(t *testing.T) {
	t.Parallel()
	apart := slices.Sorted(maps.Keys(spelledAs()))
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(apart), rapid.StringOfN(characters(), 1, 4, -1)), 1, 12).Draw(t, "parts")
		text := norm.NFC.String(strings.Join(parts, ""))
		var stored strings.Builder
		rest := norm.NFD.String(text)
		for rest != "" {
			next := string([]rune(rest)[:1])
			for length := range 4 { // no character is taken apart into more
				runes := []rune(rest)
				whole := string(runes[:min(length+1, len(runes))])
				if other := spelledAs()[whole]; other != nil && rapid.Bool().Draw(t, "respelled") {
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
			return // what was put together isn't equal, because marks came between
		}
		if piece := searchable(text); !strings.Contains(spelling, piece) || len(piece) > MaxSearchQuery {
			t.Fatalf("%+q isn't found as %+q: %+q is searched for", spelling, text, piece)
		}
	})
}
