package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

const (
	// maxSearches bounds the searches of one lookup. Reading the list costs little more than
	// searching for more names or IDs.
	maxSearches = 8
	// minIDSearch is the least number of characters of a search_query that also finds IDs
	// (API.md, Search).
	minIDSearch = 6
)

// Lookup finds the one procedure that has each of the texts as its name or ID. They are
// compared as a whole, including case and spaces, under NFC, because Terraform normalizes
// the strings of a configuration. The map's keys are the texts as given.
//
// The error is a *LookupError if a text doesn't have exactly one procedure. Otherwise its
// chain has the *rest.Error of a request that failed, or the context's cause.
func (s *Session) Lookup(ctx context.Context, by By, texts []string) (map[string]*Procedure, error) {
	want := wanted{by, map[string]bool{}}
	for _, text := range texts {
		want.texts[norm.NFC.String(text)] = true
	}
	matches, list, err := s.findMatches(ctx, want)
	if err != nil {
		return nil, err
	}
	chosen, failed := map[string]*Procedure{}, &LookupError{Seen: len(list)}
	for _, text := range slices.Compact(slices.Sorted(slices.Values(texts))) {
		switch found := matches[norm.NFC.String(text)]; len(found) {
		case 0:
			failed.Missing = append(failed.Missing, Missing{Text: text})
		case 1:
			chosen[text] = found[0]
		default:
			failed.Ambiguous = append(failed.Ambiguous, Ambiguous{text, found})
		}
	}
	if len(failed.Missing)+len(failed.Ambiguous) == 0 {
		return chosen, nil
	}
	suggest(ctx, by, failed.Missing, list)
	return nil, failed
}

// findMatches finds the procedures that have the wanted texts. If a text has no match, list
// has all procedures that the key can read.
//
// One text is searched for. Of several, the first page is read, which may be the whole list;
// then up to maxSearches are searched for. If that decides nothing, the list is read.
func (s *Session) findMatches(ctx context.Context, want wanted) (matches map[string][]*Procedure, list []Row, err error) {
	if len(want.texts) > 1 {
		rows, isWhole, err := s.readOnePage(ctx, s.client.rest.Get, Filter{}, want.keep)
		if err != nil || isWhole {
			return want.matches(rows), rows, err
		}
	}
	if len(want.texts) <= maxSearches && !s.client.searchesFail.Load() {
		matches, err := s.searchEach(ctx, want)
		if !errors.Is(err, errUndecided) {
			return matches, nil, err
		}
	}
	select {
	case s.client.listTurn <- struct{}{}:
		defer func() { <-s.client.listTurn }()
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	list, err = s.readList(ctx, Filter{}, want.keep)
	return want.matches(list), list, err
}

// errUndecided reports that a search decides nothing, so that the list must be read.
var errUndecided = errors.New("the search decides nothing")

// searchEach searches for each of the wanted texts. It returns the first error, which cancels
// the other searches: errUndecided if a text can't be searched for, or its search decides nothing.
func (s *Session) searchEach(ctx context.Context, want wanted) (map[string][]*Procedure, error) {
	queries := map[string]string{}
	for text := range want.texts {
		query := searchable(text)
		if query == "" || want.by == ByID && len(query) < minIDSearch {
			return nil, errUndecided
		}
		queries[text] = query
	}
	var mu sync.Mutex
	matches := map[string][]*Procedure{}
	group, ctx := errgroup.WithContext(ctx)
	for text, query := range queries {
		group.Go(func() error {
			found, err := s.search(ctx, want.by, text, query)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			matches[text] = found
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return matches, nil
}

// search searches for one text, and returns the procedures that have it. The error is
// errUndecided if the result doesn't fit on one page, contains no match, or can't be used. How
// a server compares doesn't matter, because the result is compared here.
func (s *Session) search(ctx context.Context, by By, text, query string) ([]*Procedure, error) {
	want := wanted{by, map[string]bool{text: true}}
	rows, isWhole, err := s.readOnePage(ctx, s.client.rest.GetOnce, Filter{SearchQuery: query}, want.keep)
	if ctx.Err() == nil && isDueToSearch(err) {
		if !isServerFailure(err) {
			s.client.searchesFail.Store(true)
		}
		return nil, errUndecided
	}
	if err != nil {
		return nil, err
	}
	found := want.matches(rows)[text]
	if !isWhole || len(found) == 0 {
		return nil, errUndecided
	}
	return found, nil
}

// wanted are the names or IDs that a lookup looks for.
type wanted struct {
	by    By
	texts map[string]bool // under NFC
}

// keep returns a row with all of a procedure that has a wanted text, or with the ID and name of
// any other, and its size in bytes.
func (w wanted) keep(procedure *Procedure) (Row, int) {
	kept := &Procedure{ID: procedure.ID, Name: procedure.Name}
	if w.texts[w.by.textOf(procedure)] {
		*kept = *procedure
	}
	return Row{ID: procedure.ID, procedure: kept}, kept.size()
}

// matches returns the procedures that have a wanted text, by that text.
func (w wanted) matches(rows []Row) map[string][]*Procedure {
	matches := map[string][]*Procedure{}
	for _, row := range rows {
		if text := w.by.textOf(row.procedure); w.texts[text] {
			matches[text] = append(matches[text], row.procedure)
		}
	}
	return matches
}

// isDueToSearch reports whether a request may have failed because it is a search: a
// firewall may dislike its text and respond with anything, break the connection, or drop
// the request.
func isDueToSearch(err error) bool {
	failed, ok := errors.AsType[*rest.Error](err)
	if !ok || errors.Is(err, rest.ErrMemory) {
		return false
	}
	switch failed.Kind {
	case rest.Unauthorized, rest.RateLimited, rest.HostNotFound, rest.NameNotResolved, rest.ConnectionRefused, rest.Unreachable,
		rest.NotTLS, rest.TLSFailed, rest.ProxyFailed:
		return false
	case rest.CertificateRejected:
		return failed.Status == 403 // perhaps a firewall's page
	default:
		return true
	}
}

// isServerFailure reports whether the server itself failed, so that the next search may
// succeed.
func isServerFailure(err error) bool {
	failed, ok := errors.AsType[*rest.Error](err)
	return ok && (failed.Kind == rest.ServerFailed || failed.Kind == rest.Unavailable)
}

// searchable returns the longest part of a text under NFC that a search finds in whichever
// spelling the server stores it; empty if there is none. In Unicode, characters beyond ASCII
// may be equal to others, and three of them to K, ; and the grave accent (the Kelvin sign,
// U+037E and U+1FEF), so the part has none of all these. NFC has already combined the ASCII
// characters that have a combined form with their mark. A server may trim the query, so the
// part has a letter or a digit.
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

// LookupError lists all texts of a lookup that don't have exactly one procedure, each sorted.
// There is at least one.
type LookupError struct {
	Seen      int // how many procedures the key can read, if a text is missing
	Missing   []Missing
	Ambiguous []Ambiguous
}

func (e *LookupError) Error() string {
	return fmt.Sprintf("%d texts have no procedure, and %d have several", len(e.Missing), len(e.Ambiguous))
}

// Missing is a text that no procedure of the whole list has.
type Missing struct {
	Text string
	// Other is the procedure that has the text as its name if an ID was looked up, and the
	// other way round; nil if none has.
	Other *Procedure
	// Near are the near misses, the nearest first: all procedures if there are at most ten,
	// else at most three. There are none beyond 50 missing texts, for a very long list, or
	// if the context ended.
	Near []*Procedure
	// OnlyIn are the differences between the text and its near misses, if Near has only
	// procedures that differ in nothing else; 0 otherwise.
	OnlyIn Differences
}

// Ambiguous is a text that several procedures have.
type Ambiguous struct {
	Text    string
	Matches []*Procedure // at least two, by CreatedAt and then ID
}

// By says whether procedures are looked up by name or by ID.
type By int

// The values of By.
const (
	ByName By = iota
	ByID
)

// textOf returns a procedure's name or ID, under NFC.
func (by By) textOf(procedure *Procedure) string {
	if by == ByID {
		return norm.NFC.String(procedure.ID)
	}
	return norm.NFC.String(deref(procedure.Name))
}

// other returns ByID for ByName, and the reverse.
func (by By) other() By {
	if by == ByID {
		return ByName
	}
	return ByID
}
