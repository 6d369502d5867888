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
	maxNear     = 3    // how many are shown
	fewInAll    = 10   // where there are no more, all are shown
	maxCompared = 1024 // bytes of a name that may be near another
	maxEdited   = 200  // characters of a name whose letters are compared one by one
	minPart     = 3    // characters of a name that counts as a part of another
)

// far is the distance of a name that isn't near.
const far = 1 << 20

// nearest finds, for each of the texts that nothing matches, the candidates to
// show to whoever asked for it, the nearest first. The time it takes grows with
// the candidates times the texts; the error is the context's cause.
func nearest(ctx context.Context, wanted []string, candidates []candidate, key func(*candidate) string) ([][]Procedure, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	type neighbor struct{ distance, at int }
	nearer := func(a, b neighbor) int { return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.at, b.at)) }
	farthest, most := far-1, maxNear
	if len(candidates) <= fewInAll {
		farthest, most = far, fewInAll
	}
	targets := make([]folded, len(wanted))
	for i, text := range wanted {
		targets[i] = fold(text)
	}
	neighbors := make([][]neighbor, len(wanted))
	for at := range candidates {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		name := fold(key(&candidates[at]))
		for i, target := range targets {
			found := neighbor{distance(name, target), at}
			if rank, _ := slices.BinarySearchFunc(neighbors[i], found, nearer); found.distance <= farthest && rank < most {
				neighbors[i] = slices.Insert(neighbors[i], rank, found)
				neighbors[i] = neighbors[i][:min(most, len(neighbors[i]))]
			}
		}
	}
	near := make([][]Procedure, len(wanted))
	for i := range near {
		for _, found := range neighbors[i] {
			near[i] = append(near[i], candidates[found.at].shown())
		}
	}
	return near, nil
}

// folded is a text without the differences that people overlook.
type folded struct {
	text    string // without case, spaces, what can't be seen, and compatibility forms
	letters string // the same without punctuation
	length  int    // of letters, in characters
}

// fold gives an empty text for one that is too long to be near another.
func fold(text string) folded {
	if len(text) > maxCompared {
		return folded{}
	}
	text = strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return unicode.ToUpper(r) // and then to lower: some letters have two lower cases
	}, norm.NFKC.String(text)))
	letters := strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSymbol(r) {
			return -1
		}
		return r
	}, text)
	return folded{text, letters, utf8.RuneCountInString(letters)}
}

// distance is 0 for texts that differ only by case, spaces or compatibility form,
// 1 for ones that differ by punctuation too, more for ones in which a few letters
// differ, and most for ones of which one contains the other; else far.
func distance(a, b folded) int {
	difference := max(a.length-b.length, b.length-a.length)
	mayDiffer := min(a.length/4, b.length/4, 3) // one letter of four, and no more than three
	switch {
	case a.text == "" || b.text == "":
		return far
	case a.text == b.text:
		return 0
	case a.letters == "" || b.letters == "":
		return far
	case a.letters == b.letters:
		return 1
	}
	if difference <= mayDiffer && max(a.length, b.length) <= maxEdited {
		if edits := levenshtein.Distance(a.letters, b.letters, nil); edits <= mayDiffer {
			return 1 + edits
		}
	}
	if min(a.length, b.length) >= minPart && (strings.Contains(a.letters, b.letters) || strings.Contains(b.letters, a.letters)) {
		return 10 + difference
	}
	return far
}
