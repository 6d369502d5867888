package tofupilot

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agext/levenshtein"
	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/redact"
)

// Bounds of the search for near misses, which compares each procedure with each missing text.
const (
	maxNearRows  = 100_000 // procedures; for more, there are no near misses
	maxNearTexts = 50      // missing texts with near misses; errors show fewer
	maxNear      = 3       // near misses of one text
	fewInAll     = 10      // up to this number of procedures, all are near misses
	maxCompared  = 1024    // bytes of a text that is compared
	maxEdited    = 200     // characters of a text whose single letters are compared
	minPart      = 3       // characters of a text that counts as a part of another
)

// noMatch is the distance of a text that isn't a near miss.
const noMatch = 1 << 20

// suggest fills in near misses for the missing texts. If the context ends first, it fills in
// none.
func suggest(ctx context.Context, by By, missing []Missing, all []Row) {
	missing = missing[:min(len(missing), maxNearTexts)]
	if len(missing) == 0 || len(all) > maxNearRows {
		return
	}
	type neighbor struct{ distance, at int }
	nearer := func(a, b neighbor) int { return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.at, b.at)) }
	farthest, most := noMatch-1, maxNear
	if len(all) <= fewInAll {
		farthest, most = noMatch, fewInAll
	}
	wanted := make([]string, len(missing))
	others := make([][]*Procedure, len(missing))
	for i := range missing {
		wanted[i] = fold(missing[i].Text)
	}
	neighbors := make([][]neighbor, len(missing))
	for at := range all {
		if ctx.Err() != nil {
			return
		}
		procedure := all[at].procedure
		text := fold(by.textOf(procedure))
		for i := range missing {
			if by.other().isMeant(procedure, missing[i].Text) {
				others[i] = append(others[i], procedure)
			}
			near := neighbor{measureDistance(text, wanted[i]), at}
			if rank, _ := slices.BinarySearchFunc(neighbors[i], near, nearer); near.distance <= farthest && rank < most {
				neighbors[i] = slices.Insert(neighbors[i], rank, near)
				neighbors[i] = neighbors[i][:min(most, len(neighbors[i]))]
			}
		}
	}
	for i := range missing {
		text := &missing[i]
		if len(others[i]) == 1 && others[i][0].Name != nil {
			text.Other = others[i][0]
		}
		for _, near := range neighbors[i] {
			text.Near = append(text.Near, all[near.at].procedure)
		}
		text.keepSimilar(by)
	}
}

// keepSimilar keeps only the near misses that differ from the text in nothing but [Differences],
// if there are any, and sets OnlyIn to those differences.
func (m *Missing) keepSimilar(by By) {
	var similar []*Procedure
	for _, procedure := range m.Near {
		if only := findDifferences(m.Text, by.textOf(procedure)); only != 0 {
			similar = append(similar, procedure)
			m.OnlyIn |= only
		}
	}
	if len(similar) > 0 {
		m.Near = similar
	}
}

// isMeant reports whether a text is a procedure's name, or its ID in any case and with any
// spaces around it.
func (by By) isMeant(p *Procedure, text string) bool {
	if by == ByID {
		return strings.EqualFold(p.ID, strings.TrimSpace(text))
	}
	return p.Name != nil && norm.NFC.String(*p.Name) == norm.NFC.String(text)
}

// measureDistance returns 0 for equal folded texts, more for texts in which a few letters differ,
// still more if one contains the other, and noMatch for all others.
func measureDistance(a, b string) int {
	aLength, bLength := utf8.RuneCountInString(a), utf8.RuneCountInString(b)
	shorter, longer := min(aLength, bLength), max(aLength, bLength)
	mayDiffer := min(shorter/4, 3) // one letter of four, and no more than three
	switch {
	case a == "" || b == "":
		return noMatch
	case a == b:
		return 0
	case longer-shorter <= mayDiffer && longer <= maxEdited:
		if edits := levenshtein.Distance(a, b, nil); edits <= mayDiffer {
			return edits
		}
	}
	if shorter >= minPart && (strings.Contains(a, b) || strings.Contains(b, a)) {
		return 10 + longer - shorter
	}
	return noMatch
}

// fold reduces a text to its letters, marks and digits, without [Differences]. It trims a
// text of nothing but signs, and returns "" for a text that is too long to be compared.
func fold(text string) string {
	if len(text) > maxCompared {
		return ""
	}
	folded := strings.Map(func(r rune) rune {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			return -1
		}
		return r
	}, ignore(allDifferences, text))
	if folded == "" {
		return strings.TrimSpace(text)
	}
	return folded
}

// Differences is a set of ways in which texts differ that people overlook.
type Differences uint8

// The differences between texts.
const (
	InCase        Differences = 1 << iota
	InWhiteSpace              // spaces, tabs and line breaks of any kind
	InPunctuation             // also symbols of ASCII, such as + and |
	InInvisible               // characters that nobody sees, except white space
	InSpelling                // compatibility forms such as ﬁ, ² and Ａ, and forms of a letter such as ς and ſ

	allDifferences Differences = 1<<iota - 1
)

// findDifferences returns the smallest set of differences between two texts that differ in nothing
// else, or 0 if they differ in more.
func findDifferences(a, b string) Differences {
	if folded := fold(a); folded == "" || folded != fold(b) {
		return 0
	}
	smallest := Differences(0)
	for set := Differences(1); set <= allDifferences; set++ { // every combination of bits
		if smallest != 0 && set.count() >= smallest.count() {
			continue
		}
		if same := ignore(set, a); same != "" && same == ignore(set, b) {
			smallest = set
		}
	}
	return smallest
}

func (d Differences) count() int { return bits.OnesCount8(uint8(d)) }

// ignore returns a text without some differences: it returns the same for all texts that
// differ in nothing else.
func ignore(differences Differences, text string) string {
	form := norm.NFC
	if differences&InSpelling != 0 {
		form = norm.NFKC
	}
	text = strings.Map(func(r rune) rune {
		switch kind := classifyRune(r); {
		case kind != 0 && differences&kind != 0:
			return -1
		case kind != 0:
			return r
		}
		if differences&InSpelling != 0 {
			r = normalizeLetter(r)
		}
		if lower := unicode.ToLower(r); differences&InCase != 0 && unicode.ToUpper(lower) == r {
			r = lower
		}
		return r
	}, form.String(text))
	return norm.NFC.String(text) // what was left out may have kept a letter and its mark apart
}

// classifyRune returns the difference that a character's absence makes, or 0 for letters, digits
// and all others that are noticed. Characters of private use may be visible.
func classifyRune(r rune) Differences {
	switch {
	case unicode.IsSpace(r):
		return InWhiteSpace
	case unicode.IsPunct(r), r <= unicode.MaxASCII && unicode.IsSymbol(r):
		return InPunctuation
	case redact.IsInvisible(r) && !unicode.Is(unicode.Co, r):
		return InInvisible
	}
	return 0
}

// normalizeLetter converts a letter to the other case and back. This replaces variants by the
// usual letter: ς by σ, ſ by s, and İ by I.
func normalizeLetter(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToUpper(unicode.ToLower(r))
	}
	return unicode.ToLower(unicode.ToUpper(r))
}
