package tofupilot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestLongestPieceThatIsWrittenTheSameInNFCAndNFDIsSearchedFor(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ text, piece string }{
		{"", ""},
		{"FVT", "FVT"},
		{" ", " "},
		{"ü", ""},
		{"über", "ber"},
		{"menü", "men"},
		{"Prüfung", "fung"},
		{"Prüfstand Größe", "fstand Gr"},
		{"ab ü cd", "ab "},   // the first of equal ones
		{"äöü 🔋 äöü", " 🔋 "}, // no character is cut in half
		{"시험 FVT", " FVT"},
		{"100 Ω Load", " Load"},
		{"Kelvin", "elvin"},
		{"a;b", "a"},
		{"豈 1", " 1"},
		{long, long},
		{long + "x", long},
		{long + "ü" + long + long, long},
		{long[1:] + "🔋", long[1:]},
		{long[2:] + "🔋", long[2:] + "🔋"},
		{long[1:] + "ü", long[1:]},
		{strings.Repeat("🔋", 51), strings.Repeat("🔋", 50)},
		{"x" + strings.Repeat("🔋", 50), "x" + strings.Repeat("🔋", 49)},
	} {
		if got := searchable(c.text); got != c.piece {
			t.Errorf("searchable(%q) is %q, want %q", c.text, got, c.piece)
		}
	}
}

// characters are drawn from those that normal forms, UTF-16 and queries treat in
// ways of their own, and from all others.
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

// Texts are in NFC, since names are brought into it before.
func TestWhatIsSearchedForIsInEitherFormOfTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := norm.NFC.String(rapid.StringOf(characters()).Draw(t, "text"))
		if rapid.IntRange(0, 3).Draw(t, "long") == 0 {
			text = norm.NFC.String(strings.Repeat(text, 1+rapid.IntRange(1, 100).Draw(t, "times")))
		}
		piece := searchable(text)
		switch {
		case units(piece) > 100:
			t.Fatalf("%q has %d UTF-16 code units", piece, units(piece))
		case !utf8.ValidString(piece):
			t.Fatalf("%q is cut inside a character", piece)
		case !strings.Contains(text, piece):
			t.Fatalf("%+q isn't in %+q", piece, text)
		case !strings.Contains(norm.NFD.String(text), piece):
			t.Fatalf("%+q isn't in the NFD of %+q", piece, text)
		case plain(text) && units(text) <= 100 && piece != text:
			t.Fatalf("%q is searched for in place of %q", piece, text)
		case plain(text) && units(text) > 100 && (units(piece) < 99 || !strings.HasPrefix(text, piece)):
			t.Fatalf("%q isn't all that fits of the beginning of %q", piece, text)
		}
	})
}

// plain is a text of characters that stand for themselves: none decomposes, and
// none combines with the one before it.
func plain(text string) bool {
	for at := range text {
		if !norm.NFC.PropertiesString(text[at:]).BoundaryBefore() {
			return false
		}
	}
	return norm.NFD.IsNormalString(text) && !strings.ContainsFunc(text, func(r rune) bool { return hasDouble(string(r)) })
}

func units(text string) int { return len(utf16.Encode([]rune(text))) }

// A search that the client makes must be one that the API takes.
func TestTheServerTakesEverySearch(t *testing.T) {
	t.Parallel()
	client, server := lookUpIn(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(characters(), 1, 300, -1).Draw(t, "text")
		for _, find := range []func() error{
			func() error { _, err := client.ProcedureByName(t.Context(), text); return err },
			func() error { _, err := client.ProcedureByID(t.Context(), text); return err },
		} {
			if err := find(); fmt.Sprint(err) != "none of 0 procedures matches" {
				t.Fatal(err)
			}
		}
	})
	if len(server.searched) < 4 {
		t.Error("nothing was asked for")
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

// A text may be stored in any mix of spellings that Unicode holds equal, in either
// normal form or in none.
func TestWhatIsSearchedForIsInEverySpellingOfTheText(t *testing.T) {
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
		if piece := searchable(text); !strings.Contains(spelling, piece) || !newNameSet(text).has(&Procedure{Name: &spelling}) {
			t.Fatalf("%+q isn't found as %+q: %+q is searched for", spelling, text, piece)
		}
	})
}
