package tofupilot

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// minIDSearch is the characters of a search_query from which on IDs are searched
// too (both documents).
const minIDSearch = 6

// maxSearchUnits is how long a search may be for every server, in UTF-16 code
// units: older ones count these (API.md, Search).
const maxSearchUnits = 100

// maxNear bounds how many near misses a NotFoundError has.
const maxNear = 3

// NotFoundError is a lookup that nothing matches, said after the whole list was
// looked through.
type NotFoundError struct {
	Seen int         // how many procedures the key may see
	Near []Procedure // those that differ by case, spaces or compatibility form only; at most three
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
// spaces included, compared under NFC. The error is as for Procedures, or a
// *NotFoundError or an *AmbiguousError.
func (c *Client) ProcedureByName(ctx context.Context, name string) (*Procedure, error) {
	name = norm.NFC.String(name)
	return c.find(ctx, searchable(name), name, func(p *Procedure) string { return norm.NFC.String(deref(p.Name)) })
}

// ProcedureByID finds the procedure with this ID. Its error is as for
// ProcedureByName.
func (c *Client) ProcedureByID(ctx context.Context, id string) (*Procedure, error) {
	query := searchable(id)
	if len([]rune(query)) < minIDSearch {
		query = ""
	}
	return c.find(ctx, query, id, func(p *Procedure) string { return p.ID })
}

// find asks the server for what it finds by the query and decides itself what
// matches, so that it doesn't matter how the server compares. A search that
// finds nothing proves nothing: then the whole list is looked through.
func (c *Client) find(ctx context.Context, query, wanted string, key func(*Procedure) string) (*Procedure, error) {
	for {
		var filter Filter
		if query != "" {
			filter.Parameters = map[string]string{"search_query": query}
		}
		procedures, err := c.Procedures(ctx, filter)
		if err != nil {
			return nil, err
		}
		var matches, near []Procedure
		for _, procedure := range procedures {
			switch {
			case key(&procedure) == wanted:
				matches = append(matches, procedure)
			case len(near) < maxNear && nearlySame(key(&procedure), wanted):
				near = append(near, procedure)
			}
		}
		switch {
		case len(matches) == 1:
			return &matches[0], nil
		case len(matches) > 1:
			return nil, &AmbiguousError{Matches: matches}
		case query == "":
			return nil, &NotFoundError{Seen: len(procedures), Near: near}
		}
		query = ""
	}
}

// nearlySame ignores case, spaces, what can't be seen, and compatibility forms,
// such as a full-width letter or a ligature.
func nearlySame(a, b string) bool {
	visible := func(text string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
				return -1
			}
			return r
		}, norm.NFKC.String(text))
	}
	return visible(b) != "" && strings.EqualFold(visible(a), visible(b))
}

// searchable is the longest piece of a text that is written the same in every
// normal form, so that a search for it finds the text however it is stored: for
// most texts, the whole. It has at most maxSearchUnits UTF-16 code units, and is
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
		// Marks may be stored in another order, or as one with their letter.
		if character := text[at : at+size]; utf8.RuneCountInString(character) > 1 || !norm.NFD.IsNormalString(character) {
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
