package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// minIDSearch is the characters of a search_query from which on IDs are searched
// too (API.md, Search).
const minIDSearch = 6

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
