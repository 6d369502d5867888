package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// maxSearches is how many names or IDs of one lookup are searched for; reading the list
// costs little more than searches for more of them.
const maxSearches = 8

// minIDSearch is the characters of a search_query from which on servers look through IDs,
// too (API.md, Search).
const minIDSearch = 6

// By is what procedures are looked up by.
type By int

// A procedure is looked up by its name or by its ID.
const (
	ByName By = iota
	ByID
)

func (by By) of(p *Procedure) string {
	if by == ByID {
		return p.ID
	}
	return deref(p.Name)
}

// other is what may have been meant.
func (by By) other() By {
	if by == ByID {
		return ByName
	}
	return ByID
}

// LookupError tells of all texts of a lookup that don't have exactly one procedure, each
// in order. There is at least one.
type LookupError struct {
	Seen    int // how many procedures the key may see, where a text is missing
	Missing []Missing
	Several []Several
}

// Missing is a text that no procedure has, said after the whole list was looked through.
type Missing struct {
	Text  string
	Other *Procedure  // the one that has the text as its name where an ID was looked up, and the other way round; nil: none
	Near  []Procedure // the nearest first: all, where there are at most ten, else at most three; none for texts beyond 50, among too many, or without the time
}

// Several is a text that several procedures have.
type Several struct {
	Text    string
	Matches []Procedure // at least two, by CreatedAt and then ID
}

func (e *LookupError) Error() string {
	return fmt.Sprintf("of the texts looked up, no procedure has %d, and several have %d", len(e.Missing), len(e.Several))
}

// Lookup finds the one procedure of each of the texts, which are names or IDs. They are
// compared as a whole, case and spaces included, under NFC: Terraform normalizes the
// strings of a configuration. The map's keys are the texts as they are given. The error
// is as for [ReadAll], or a *LookupError; there is no map then.
//
// It costs at most the first page, one request for each text, and the list. One text is
// searched for at once; several are after a look at the first page, which may be the
// whole list. Where there are more than maxSearches, or a search settles nothing, the
// list is read.
func (c *Client) Lookup(ctx context.Context, by By, texts []string) (map[string]*Procedure, error) {
	wanted := map[string]bool{} // under NFC
	for _, text := range texts {
		wanted[norm.NFC.String(text)] = true
	}
	rows, done, err := c.find(ctx, by, wanted)
	if err != nil {
		return nil, err
	}
	defer done()
	return choose(ctx, by, texts, rows)
}

// find gives at least one match for each of the texts, and what else there is: of the
// whole list, where a text has none. Without an error, done must be called when the rows
// aren't used any more: until then they are counted.
func (c *Client) find(ctx context.Context, by By, wanted map[string]bool) (rows []Row[found], done func(), err error) {
	if len(wanted) > 1 {
		if rows, done, err := c.page(ctx, Filter{}, by, wanted); !errors.Is(err, errUnsettled) {
			return rows, done, err
		}
	}
	if len(wanted) <= maxSearches {
		if rows, done, err := c.searchEach(ctx, by, wanted); !errors.Is(err, errUnsettled) {
			return rows, done, err
		}
	}
	return c.lookups.read(ctx, c, by, wanted)
}

// found is what a lookup keeps of a procedure: all of one that is wanted, else ID and name.
type found struct {
	Procedure

	wanted bool
}

func keepFound(isWanted func(*Procedure) bool) func(*Procedure) (found, int) {
	return func(p *Procedure) (found, int) {
		if isWanted(p) {
			return found{*p, true}, p.size()
		}
		return found{Procedure: Procedure{ID: p.ID, Name: p.Name}}, len(p.ID) + len(deref(p.Name))
	}
}

// errUnsettled ends a search, or a look at the first page, that doesn't decide a lookup.
var errUnsettled = errors.New("the whole list must be read")

// page gives all that a filter lists if that fits on one page; else the error is
// errUnsettled. Done is as for find.
func (c *Client) page(ctx context.Context, filter Filter, by By, wanted map[string]bool) (rows []Row[found], done func(), err error) {
	read := newListRead(c, Procedures, filter, keepFound(func(p *Procedure) bool { return wanted[norm.NFC.String(by.of(p))] }))
	rows, whole, err := read.onePage(ctx)
	if err == nil && !whole {
		err = errUnsettled
	}
	if err != nil {
		read.close()
		return nil, nil, err
	}
	return rows, read.close, nil
}

// searchEach searches for each of the texts by itself. It gives at least one match for
// each, or an error, which may be errUnsettled: then the other searches end early. Done is
// as for find.
//
// It doesn't matter how a server compares: what a search finds is compared here, and one
// that finds no match settles nothing, as does one that is refused.
func (c *Client) searchEach(ctx context.Context, by By, wanted map[string]bool) (rows []Row[found], done func(), err error) {
	queries := map[string]string{}
	for text := range wanted {
		query := searchable(text)
		if query == "" || by == ByID && len(query) < minIDSearch {
			return nil, nil, errUnsettled
		}
		queries[text] = query
	}
	type search struct {
		rows []Row[found]
		done func()
	}
	group, searching := errgroup.WithContext(ctx)
	searches := make(chan search, len(wanted))
	for text, query := range queries {
		group.Go(func() error {
			filter := Filter{Parameters: map[string]string{"search_query": query}}
			rows, done, err := c.page(searching, filter, by, map[string]bool{text: true})
			switch {
			case err != nil && searching.Err() == nil && mayBeTheSearch(err):
				return errUnsettled
			case err != nil:
				return err
			}
			searches <- search{rows, done}
			if !slices.ContainsFunc(rows, func(row Row[found]) bool { return row.Kept.wanted }) {
				return errUnsettled
			}
			return nil
		})
	}
	err = group.Wait()
	close(searches)
	var each []func()
	for one := range searches {
		rows, each = append(rows, one.rows...), append(each, one.done)
	}
	done = func() {
		for _, done := range each {
			done()
		}
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return rows, done, nil
}

// mayBeTheSearch reports whether a request may have failed because it is a search: a
// firewall may dislike its text and answer anything, break the connection, or stay silent.
func mayBeTheSearch(err error) bool {
	failed := new(rest.Error)
	if !errors.As(err, &failed) || errors.Is(err, rest.ErrMemory) {
		return false
	}
	switch failed.Kind {
	case rest.Unauthorized, rest.RateLimited, rest.HostNotFound, rest.NameNotResolved, rest.ConnectionRefused, rest.Unreachable,
		rest.NotTLS, rest.TLSFailed, rest.ProxyFailed:
		return false
	default:
		return true
	}
}

// searchable is the longest piece of a text under NFC that is the same in every spelling
// that Unicode holds equal, so that a search finds the text however it is stored; empty
// where there is none. Such pieces are ASCII, but for the characters that have doubles
// (the Kelvin sign, U+037E and U+1FEF): where a mark belongs to an ASCII character that
// NFC leaves alone, no spelling has one character for both. A server may trim what is
// searched for, so a piece has a letter or a digit.
func searchable(text string) string {
	longest := ""
	for _, piece := range strings.FieldsFunc(text, func(r rune) bool { return r > unicode.MaxASCII || strings.ContainsRune("K;`", r) }) {
		piece = piece[:min(len(piece), MaxSearchQuery)]
		if len(piece) > len(longest) && strings.ContainsFunc(piece, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			longest = piece
		}
	}
	return longest
}

// choose gives each text its one match.
func choose(ctx context.Context, by By, texts []string, rows []Row[found]) (map[string]*Procedure, error) {
	having := map[string][]Procedure{}
	for _, row := range rows {
		if p := row.Kept.Procedure; row.Kept.wanted {
			text := norm.NFC.String(by.of(&p))
			having[text] = append(having[text], p)
		}
	}
	chosen, failed := map[string]*Procedure{}, &LookupError{Seen: len(rows)}
	for _, text := range slices.Compact(slices.Sorted(slices.Values(texts))) {
		switch matches := having[norm.NFC.String(text)]; len(matches) {
		case 0:
			failed.Missing = append(failed.Missing, Missing{Text: text})
		case 1:
			chosen[text] = &matches[0]
		default:
			failed.Several = append(failed.Several, Several{text, matches})
		}
	}
	if len(failed.Missing)+len(failed.Several) == 0 {
		return chosen, nil
	}
	suggest(ctx, by, failed.Missing, rows)
	return nil, failed
}
