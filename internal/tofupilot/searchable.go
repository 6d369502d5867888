package tofupilot

import (
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxSearchUnits is how long a search may be for every server, in UTF-16 code
// units: older ones count these (API.md, Search).
const maxSearchUnits = 100

// maxSearched is how much of a text is looked through for a piece to search for, in
// bytes.
const maxSearched = 4 << 10

// searchable is the longest piece of a text that is written in one way only, so
// that a search for it finds the text however it is stored: for most texts, the
// whole. It has at most maxSearchUnits UTF-16 code units, and is
// empty where there is no such piece.
func searchable(text string) string {
	longest, start := "", 0
	end := func(at int) {
		if piece := beginning(text[start:at]); len(piece) > len(longest) {
			longest = piece
		}
	}
	at := 0
	for at < min(len(text), maxSearched) {
		size := norm.NFC.NextBoundaryInString(text[at:], true)
		// Marks may be stored in another order, or as one with their letter, and some
		// characters as another.
		if character := text[at : at+size]; utf8.RuneCountInString(character) > 1 || !norm.NFD.IsNormalString(character) || hasDouble(character) {
			end(at)
			start = at + size
		}
		at += size
	}
	end(at)
	return longest
}

// beginning cuts a text to what search_query takes, never inside a character.
func beginning(text string) string {
	units := 0
	for at, r := range text {
		units += utf16.RuneLen(r)
		if units > maxSearchUnits {
			return text[:at]
		}
	}
	return text
}

// hasDouble tells whether another character is canonically equal to this one, as
// the Kelvin sign is to K, the ohm sign to Ω, and U+037E to the semicolon.
func hasDouble(character string) bool {
	r, _ := utf8.DecodeRuneInString(character)
	return doubles()[r]
}

// doubles are the characters that are the whole canonical decomposition of others,
// or parts of one that NFC doesn't put together and that has boundaries inside, as
// in Tibetan. These others are all in two ranges; a test looks through all of Unicode.
var doubles = sync.OnceValue(func() map[rune]bool {
	found := map[rune]bool{}
	for _, others := range [][2]rune{{0x0340, 0xFAFF}, {0x2F800, 0x2FA1F}} {
		for other := others[0]; other <= others[1]; other++ {
			whole := string(norm.NFD.PropertiesString(string(other)).Decomposition())
			if first := norm.NFC.NextBoundaryInString(whole, true); whole != "" && (first < len(whole) || utf8.RuneCountInString(whole) == 1) {
				for _, part := range whole {
					found[part] = true
				}
			}
		}
	}
	return found
})
