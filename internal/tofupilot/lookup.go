package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// minIDSearch is the characters of a search_query from which on IDs are searched
// too (API.md, Search).
const minIDSearch = 6

// maxSearchUnits is how long a search may be for every server, in UTF-16 code
// units: older ones count these (API.md, Search).
const maxSearchUnits = 100

// NotFoundError is a lookup that nothing matches, said after the whole list was
// looked through.
type NotFoundError struct {
	Seen int         // how many procedures the key may see
	Near []Procedure // the nearest first, at most three; all there are, where they are at most ten
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("none of %d procedures matches", e.Seen)
}

// AmbiguousError is a name that several procedures have.
type AmbiguousError struct {
	Matches []Procedure // at least two, by CreatedAt and then ID
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%d procedures match", len(e.Matches))
}

// ProcedureByName finds the one procedure of this name: the whole name, case and
// spaces included, compared under NFC. The error is as for ReadAll, or a
// *NotFoundError or an *AmbiguousError.
func (c *Client) ProcedureByName(ctx context.Context, name string) (*Procedure, error) {
	name = norm.NFC.String(name)
	is := func(other string) bool { return sameName(other, name) }
	return c.find(ctx, searchable(name), name, func(p *Procedure) string { return deref(p.Name) }, is)
}

// ProcedureByID finds the procedure with this ID. Its error is as for
// ProcedureByName.
func (c *Client) ProcedureByID(ctx context.Context, id string) (*Procedure, error) {
	query := beginning(id)
	if utf8.RuneCountInString(query) < minIDSearch {
		query = ""
	}
	is := func(other string) bool { return other == id }
	return c.find(ctx, query, id, func(p *Procedure) string { return p.ID }, is)
}

// candidate is what a lookup keeps of a procedure.
type candidate struct {
	procedure Procedure // all of it where it matches; else what a person is shown of it
	matches   bool
	distance  int // from what is wanted, where it doesn't match
}

// find asks the server for what it finds by the query and decides itself what
// matches, so that it doesn't matter how the server compares. A search that finds
// nothing, or that the server refuses, proves nothing: then the whole list is
// looked through.
func (c *Client) find(ctx context.Context, query, wanted string, key func(*Procedure) string, is func(string) bool) (*Procedure, error) {
	near := newNearness(wanted)
	judge := func(p *Procedure) (candidate, int) {
		if is(key(p)) {
			return candidate{procedure: *p, matches: true}, p.size()
		}
		if query != "" {
			return candidate{}, 0 // what a search doesn't find may still be there
		}
		shown := Procedure{ID: p.ID, Name: p.Name, CreatedAt: p.CreatedAt, CreatedByUser: p.CreatedByUser}
		return candidate{procedure: shown, distance: near.distance(key(p))}, shown.size()
	}
	for {
		var filter Filter
		if query != "" {
			filter.Parameters = map[string]string{"search_query": query}
		}
		candidates, err := ReadAll(ctx, c, Procedures, filter, judge)
		if query != "" && refusesSearch(err) {
			query = ""
			continue
		}
		if err != nil {
			return nil, err
		}
		var matches []Procedure
		for _, candidate := range candidates {
			if candidate.matches {
				matches = append(matches, candidate.procedure)
			}
		}
		switch {
		case len(matches) == 1:
			return &matches[0], nil
		case len(matches) > 1:
			return nil, &AmbiguousError{Matches: matches}
		case query == "":
			return nil, &NotFoundError{Seen: len(candidates), Near: nearest(candidates)}
		}
		query = ""
	}
}

// refusesSearch tells whether a request failed in a way that the search may be to
// blame for. The list may be read all the same.
func refusesSearch(err error) bool {
	failed := new(Error)
	if !errors.As(err, &failed) || failed.Err != nil {
		return false
	}
	switch failed.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnprocessableEntity, http.StatusInternalServerError:
		return true
	}
	return false
}

// sameName compares a server's name with one that is in NFC already. Names that
// are equal under NFC differ in length by a factor of at most nine: three for the
// marks that are set apart, three for one character in place of another, such as
// the Kelvin sign for a K. So what is longer needn't be normalized.
func sameName(name, wanted string) bool {
	return len(name) <= 9*len(wanted) && norm.NFC.String(name) == wanted
}

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
	for at := 0; at < len(text); {
		size := norm.NFC.NextBoundaryInString(text[at:], true)
		// Marks may be stored in another order, or as one with their letter, and some
		// characters as another.
		if character := text[at : at+size]; utf8.RuneCountInString(character) > 1 || !norm.NFD.IsNormalString(character) || hasDouble(character) {
			end(at)
			start = at + size
		}
		at += size
	}
	end(len(text))
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
