package tofupilot

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agext/levenshtein"
	"golang.org/x/text/unicode/norm"
)

// Bounds of near misses.
const (
	maxNearRows  = 100_000 // procedures that are looked through for them: it takes long, and much memory
	maxNearTexts = 50      // missing texts for which they are looked for; errors show fewer
	maxNear      = 3       // how many are shown of one text
	fewInAll     = 10      // where there are no more procedures, all are shown
	maxCompared  = 1024    // bytes of a name that may be near another
	maxEdited    = 200     // characters of a name whose letters are compared one by one
	minPart      = 3       // characters of a name that counts as a part of another
)

// noMatch is the distance of a name that isn't near.
const noMatch = 1 << 20

// suggest adds to the texts that no procedure has what whoever asked may have meant. The
// time it takes grows with the procedures times the texts: where the context ends before,
// it adds nothing.
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
			near := neighbor{distance(text, wanted[i]), at}
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
	}
}

// isMeant reports whether a text is a procedure's name, or its ID in whatever case and with
// whatever spaces: nothing else looks like one.
func (by By) isMeant(p *Procedure, text string) bool {
	if by == ByID {
		return strings.EqualFold(p.ID, strings.TrimSpace(text))
	}
	return p.Name != nil && norm.NFC.String(*p.Name) == norm.NFC.String(text)
}

// fold takes out of a text what people overlook: case, spaces, punctuation, what can't be
// seen, and compatibility forms. It is empty for a text that is too long to be near another.
func fold(text string) string {
	if len(text) > maxCompared {
		return ""
	}
	folded := strings.Map(func(r rune) rune {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			return -1
		}
		return unicode.ToLower(unicode.ToUpper(r)) // some letters have two lower cases
	}, norm.NFKC.String(text))
	if folded == "" { // nothing but signs
		return strings.TrimSpace(text)
	}
	return folded
}

// distance is 0 for folded texts that are equal, more for ones in which a few letters
// differ, and most for ones of which one contains the other; else noMatch.
func distance(a, b string) int {
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
