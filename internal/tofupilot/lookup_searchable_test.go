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

// TestSearchable checks that searchable returns the longest part of a text that is the same in every
// Unicode form. K, ; and ` have other forms: the Kelvin sign, the Greek question mark and the Greek varia
// (U+1FEF).
func TestSearchable(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", MaxSearchQuery)
	for text, want := range map[string]string{
		"":                            "",
		" ":                           "",
		"- / -":                       "",
		"Prüfung":                     "fung",
		"ab ü cd":                     "ab ", // the first of two parts of the same length
		"äöü 🔋 7 äöü":                 " 7 ",
		"시험 FVT":                      " FVT",
		"Kelvin":                      "elvin",
		"a;bc`d":                      "bc",
		"ab\u0323\u0307 d":            " d", // the marks of the b may be stored in the other order
		longest + "x":                 longest,
		longest + "ü" + longest + "y": longest,
	} {
		if got := searchable(norm.NFC.String(text)); got != want {
			t.Errorf("searchable(%q) is %q, want %q", text, got, want)
		}
	}
}

// equivalents maps each canonical decomposition to the characters that have it.
var equivalents = sync.OnceValue(func() map[string][]string {
	characters := map[string][]string{}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		character := string(r)
		decomposition := norm.NFD.String(character)
		if utf8.ValidRune(r) && decomposition != character {
			characters[decomposition] = append(characters[decomposition], character)
		}
	}
	return characters
})

// TestSearchableCharacters checks that a search finds a name with any character that has a canonical
// decomposition, in whichever equivalent form the server stores the character.
func TestSearchableCharacters(t *testing.T) {
	t.Parallel()
	for decomposition, characters := range equivalents() {
		forms := slices.Concat(characters, []string{decomposition, norm.NFC.String(decomposition)})
		for _, written := range forms {
			query := searchable(norm.NFC.String("A" + written + "B"))
			for _, stored := range forms {
				if !strings.Contains("A"+stored+"B", query) {
					t.Fatalf("%+q isn't found if it is stored as %+q: the query is %+q", written, stored, query)
				}
			}
		}
	}
}

// TestSearchableSpellings checks that a search finds a name in whichever equivalent form the server
// stores it, even in a form that mixes composed and decomposed characters.
func TestSearchableSpellings(t *testing.T) {
	t.Parallel()
	decompositions := slices.Sorted(maps.Keys(equivalents()))
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.OneOf(rapid.SampledFrom(decompositions), rapid.StringOfN(genCharacters(), 1, 4, -1)) // -1: no limit in bytes
		text := norm.NFC.String(strings.Join(rapid.SliceOfN(parts, 1, 12).Draw(t, "parts"), ""))
		stored := drawEquivalent(t, text)
		if norm.NFC.String(stored) != text {
			t.Skip("package norm splits a sequence of more than 30 marks")
		}
		query := searchable(text)
		if !strings.Contains(stored, query) {
			t.Fatalf("%+q isn't found if it is stored as %+q: the query is %+q", text, stored, query)
		}
		if len(query) > MaxSearchQuery {
			t.Fatalf("the query %+q is longer than %d characters", query, MaxSearchQuery)
		}
	})
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

// drawEquivalent draws an equivalent form of the text. It splits the decomposed text into parts and
// replaces each by itself or by a character that has this decomposition.
func drawEquivalent(t *rapid.T, text string) string {
	const longestDecomposition = 4 // of any character in Unicode, in characters
	var form strings.Builder
	rest := []rune(norm.NFD.String(text))
	for len(rest) > 0 {
		length := rapid.IntRange(1, min(longestDecomposition, len(rest))).Draw(t, "length")
		part := string(rest[:length])
		form.WriteString(rapid.SampledFrom(append([]string{part}, equivalents()[part]...)).Draw(t, "form"))
		rest = rest[length:]
	}
	return form.String()
}
