package tofupilot

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agext/levenshtein"
	"golang.org/x/text/unicode/norm"
)

// Bounds of near misses.
const (
	maxNear     = 3    // how many are shown
	fewInAll    = 10   // where there are no more, all are shown
	maxCompared = 1024 // bytes of a name that may be near another
	maxEdited   = 200  // characters of a name whose letters are compared one by one
	minPart     = 3    // characters of a name that counts as a part of another
)

// far is the distance of a name that isn't near.
const far = 1 << 20

// nearness measures how far names are from the one that is wanted. It is safe for
// use by several goroutines.
type nearness struct {
	folded  string // without case, spaces, what can't be seen, and compatibility forms
	letters string // the same without punctuation
	length  int    // of letters, in characters
}

func newNearness(wanted string) nearness {
	folded := fold(wanted)
	letters := lettersOf(folded)
	return nearness{folded, letters, utf8.RuneCountInString(letters)}
}

// distance is 0 for a name that differs only by case, spaces or compatibility
// form, 1 for one that differs by punctuation too, more for one in which a few
// letters differ, and most for one that contains the other; else far. Its cost is
// bounded, however long the name is.
func (n nearness) distance(name string) int {
	if len(name) > maxCompared || n.folded == "" || len(n.folded) > 4*maxCompared {
		return far
	}
	folded := fold(name)
	letters := lettersOf(folded)
	length := utf8.RuneCountInString(letters)
	difference := max(length-n.length, n.length-length)
	mayDiffer := min(n.length, length) / 4 // one letter of four, and no more than three
	switch {
	case folded == n.folded:
		return 0
	case letters == "" || n.letters == "":
		return far
	case letters == n.letters:
		return 1
	}
	if mayDiffer = min(mayDiffer, 3); difference <= mayDiffer && max(length, n.length) <= maxEdited {
		if edits := levenshtein.Distance(letters, n.letters, nil); edits <= mayDiffer {
			return 1 + edits
		}
	}
	if min(length, n.length) >= minPart && (strings.Contains(letters, n.letters) || strings.Contains(n.letters, letters)) {
		return 10 + difference
	}
	return far
}

// fold takes away what people don't see or don't mind.
func fold(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return unicode.ToUpper(r) // and then to lower: some letters have two lower cases
	}, norm.NFKC.String(text)))
}

// lettersOf takes the punctuation away, too.
func lettersOf(folded string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSymbol(r) {
			return -1
		}
		return r
	}, folded)
}

// nearest are the candidates to show to someone whose wanted one isn't there.
func nearest(candidates []candidate) []Procedure {
	byDistance := slices.Clone(candidates)
	slices.SortStableFunc(byDistance, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var near []Procedure
	for _, candidate := range byDistance {
		if len(candidates) > fewInAll && (candidate.distance == far || len(near) == maxNear) {
			break
		}
		near = append(near, candidate.procedure)
	}
	return near
}
