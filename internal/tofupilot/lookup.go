package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
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
	Near []Procedure // ID and Name of the nearest, at most three; of all there are, where they are at most ten
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
	wanted := newNameSet(name)
	return c.find(ctx, name, searchable(norm.NFC.String(name)), (*candidate).byName, func(p *Procedure) *Procedure {
		if !wanted.has(p) {
			return nil
		}
		return p
	})
}

// ProcedureByID finds the procedure with this ID. Its error is as for
// ProcedureByName.
func (c *Client) ProcedureByID(ctx context.Context, id string) (*Procedure, error) {
	query := beginning(id)
	if utf8.RuneCountInString(query) < minIDSearch {
		query = ""
	}
	return c.find(ctx, id, query, (*candidate).byID, func(p *Procedure) *Procedure {
		if p.ID != id {
			return nil
		}
		return p
	})
}

// pick decides whether a procedure is one that is looked for, and what of it is
// kept; nil: it isn't. It must not change the procedure.
type pick func(*Procedure) *Procedure

// find looks for one procedure, first by a search, then in the whole list. near is
// what near misses are measured by.
func (c *Client) find(ctx context.Context, wanted, query string, near func(*candidate) string, pick pick) (*Procedure, error) {
	matches, err := c.search(ctx, query, pick)
	if errors.Is(err, errUnsettled) {
		var rows []Row[candidate]
		if rows, err = ReadAll(ctx, c, Procedures, Filter{}, lookThrough(pick)); err != nil {
			return nil, err
		}
		all := candidates(rows)
		if matches = picked(all); len(matches) == 0 {
			suggested, err := nearest(ctx, []string{wanted}, all, near)
			if err != nil {
				return nil, err
			}
			return nil, &NotFoundError{Seen: len(all), Near: suggested[0]}
		}
	}
	switch {
	case err != nil:
		return nil, err
	case len(matches) > 1:
		return nil, &AmbiguousError{Matches: matches}
	}
	return &matches[0], nil
}

// errUnsettled is a search that proves nothing, so that the whole list must be
// looked through: there is nothing to search for, or the server finds nothing, or
// refuses.
var errUnsettled = errors.New("the search settles nothing")

// search asks the server for what it finds by the query and picks from that, so
// that it doesn't matter how the server compares. It gives at least one match, or
// an error, which may be errUnsettled.
func (c *Client) search(ctx context.Context, query string, pick pick) ([]Procedure, error) {
	if query == "" {
		return nil, errUnsettled
	}
	filter := Filter{Parameters: map[string]string{"search_query": query}}
	found, err := ReadAll(ctx, c, Procedures, filter, func(p *Procedure) (candidate, int) {
		if match := pick(p); match != nil {
			return keepMatch(match)
		}
		return candidate{}, 0 // what a search doesn't find may still be there
	})
	if ctx.Err() == nil && refusesSearch(err) {
		return nil, errUnsettled
	}
	matches := picked(candidates(found))
	if err == nil && len(matches) == 0 {
		return nil, errUnsettled
	}
	return matches, err
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

// candidate is what a lookup holds of a procedure while it looks through the list:
// what it compares, and what a person may be shown of it.
type candidate struct {
	id, name string
	match    *Procedure // where it is one that is looked for
}

func (c *candidate) byName() string { return c.name }
func (c *candidate) byID() string   { return c.id }

func (c *candidate) shown() Procedure {
	shown := Procedure{ID: c.id}
	if name := c.name; name != "" {
		shown.Name = &name
	}
	return shown
}

// lookThrough keeps what a lookup needs of every procedure of the list.
func lookThrough(pick pick) func(*Procedure) (candidate, int) {
	return func(p *Procedure) (candidate, int) {
		if match := pick(p); match != nil {
			return keepMatch(match)
		}
		name := deref(p.Name)
		// A longer one is near to none, and only the beginning of it is shown.
		if most := maxLooked + utf8.UTFMax; len(name) > most {
			name = strings.Clone(name[:most])
		}
		return candidate{id: p.ID, name: name}, len(p.ID) + len(name)
	}
}

func keepMatch(match *Procedure) (candidate, int) {
	kept := *match
	return candidate{id: kept.ID, name: deref(kept.Name), match: &kept}, kept.size()
}

// candidates are what is kept of the rows.
func candidates(rows []Row[candidate]) []candidate {
	kept := make([]candidate, len(rows))
	for i := range rows {
		kept[i] = rows[i].Kept
	}
	return kept
}

// picked are the matches among the candidates.
func picked(candidates []candidate) []Procedure {
	var matches []Procedure
	for i := range candidates {
		if candidates[i].match != nil {
			matches = append(matches, *candidates[i].match)
		}
	}
	return matches
}

// nameSet is the names that are looked for. Names are compared as a whole, and
// under NFC, since Terraform normalizes the strings of a configuration.
type nameSet struct {
	names   map[string]bool // under NFC
	longest int             // of them, in bytes
}

func newNameSet(names ...string) nameSet {
	set := nameSet{names: map[string]bool{}}
	for _, name := range names {
		name = norm.NFC.String(name)
		set.names[name] = true
		set.longest = max(set.longest, len(name))
	}
	return set
}

// has tells whether a procedure has one of the names. Names that are equal under
// NFC differ in length by a factor of at most nine: three for the marks that are
// set apart, three for one character in place of another, such as the Kelvin sign
// for a K. So what is longer needn't be normalized.
func (s nameSet) has(p *Procedure) bool {
	return p.Name != nil && len(*p.Name) <= 9*s.longest && s.names[norm.NFC.String(*p.Name)]
}
