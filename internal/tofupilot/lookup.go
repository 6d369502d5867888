package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	wanted := map[string]bool{} // under NFC
	for _, text := range texts {
		wanted[norm.NFC.String(text)] = true
	}
	matches, list, err := s.findMatches(ctx, by, wanted)
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

// matchesByText maps a text, under NFC, to the procedures that have it.
type matchesByText map[string][]*Procedure

// findMatches finds the procedures that have the wanted texts. If a text has no match, list
// has all procedures that the key can read.
//
// One text is searched for. Of several, the first page is read, which may be the whole list;
// then up to maxSearches are searched for. If that decides nothing, the list is read.
func (s *Session) findMatches(ctx context.Context, by By, wanted map[string]bool) (matches matchesByText, list []Row, err error) {
	if len(wanted) > 1 {
		rows, isWhole, err := s.readOnePage(ctx, s.client.rest.Get, Filter{}, keepMatches(by, wanted))
		if err != nil || isWhole {
			return groupMatches(by, wanted, rows), rows, err
		}
	}
	if len(wanted) <= maxSearches && !s.client.searchesFail.Load() {
		matches, err := s.searchEach(ctx, by, wanted)
		if err != nil || matches != nil {
			return matches, nil, err
		}
	}
	select {
	case s.client.listTurn <- struct{}{}:
		defer func() { <-s.client.listTurn }()
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	list, err = s.readList(ctx, Filter{}, keepMatches(by, wanted))
	return groupMatches(by, wanted, list), list, err
}

// searchEach searches for each of the wanted texts. It returns nil if one of the searches
// decides nothing, which cancels the others.
func (s *Session) searchEach(ctx context.Context, by By, wanted map[string]bool) (matchesByText, error) {
	queries := map[string]string{}
	for text := range wanted {
		query := searchable(text)
		if query == "" || by == ByID && len(query) < minIDSearch {
			return nil, nil
		}
		queries[text] = query
	}
	var (
		mu        sync.Mutex
		matches   = matchesByText{}
		undecided atomic.Bool
	)
	searching, cancel := context.WithCancel(ctx)
	defer cancel()
	group, searching := errgroup.WithContext(searching)
	for text, query := range queries {
		group.Go(func() error {
			found, err := s.search(searching, by, text, query)
			if err != nil {
				return err
			}
			if len(found) == 0 {
				undecided.Store(true)
				cancel()
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			matches[text] = found
			return nil
		})
	}
	err := group.Wait()
	if undecided.Load() {
		return nil, nil
	}
	return matches, err
}

// search searches for one text, and returns the procedures that have it. It returns none if
// the search decides nothing: its result doesn't fit on one page, contains no match, or
// can't be used. How a server compares doesn't matter, because the result is compared here.
func (s *Session) search(ctx context.Context, by By, text, query string) ([]*Procedure, error) {
	wanted := map[string]bool{text: true}
	rows, isWhole, err := s.readOnePage(ctx, s.client.rest.GetOnce, Filter{SearchQuery: query}, keepMatches(by, wanted))
	if ctx.Err() == nil && isDueToSearch(err) {
		if !isServerFailure(err) {
			s.client.searchesFail.Store(true)
		}
		return nil, nil
	}
	if err != nil || !isWhole {
		return nil, err
	}
	return groupMatches(by, wanted, rows)[text], nil
}

// keepMatches keeps all of a procedure that has a wanted text, and the ID and name of any
// other.
func keepMatches(by By, wanted map[string]bool) keepFunc {
	return func(procedure *Procedure) (Row, int) {
		kept := &Procedure{ID: procedure.ID, Name: procedure.Name}
		if wanted[by.textOf(procedure)] {
			*kept = *procedure
		}
		return Row{ID: procedure.ID, procedure: kept}, kept.size()
	}
}

// groupMatches groups the rows that have a wanted text.
func groupMatches(by By, wanted map[string]bool, rows []Row) matchesByText {
	matches := matchesByText{}
	for _, row := range rows {
		if text := by.textOf(row.procedure); wanted[text] {
			matches[text] = append(matches[text], row.procedure)
		}
	}
	return matches
}

// isDueToSearch reports whether a request may have failed because it is a search: a
// firewall may dislike its text and respond with anything, break the connection, or drop
// the request.
func isDueToSearch(err error) bool {
	failed := new(rest.Error)
	if !errors.As(err, &failed) || errors.Is(err, rest.ErrMemory) {
		return false
	}
	switch failed.Kind {
	case rest.Unauthorized, rest.RateLimited, rest.HostNotFound, rest.NameNotResolved, rest.ConnectionRefused, rest.Unreachable,
		rest.NotTLS, rest.TLSFailed, rest.ProxyFailed:
		return false
	case rest.CertificateRefused:
		return failed.Status == 403 // of a firewall, perhaps
	default:
		return true
	}
}

// isServerFailure reports whether the server itself failed, so that the next search may
// succeed.
func isServerFailure(err error) bool {
	failed := new(rest.Error)
	return errors.As(err, &failed) && (failed.Kind == rest.ServerFailed || failed.Kind == rest.Unavailable)
}

// searchable returns the longest part of a text under NFC that is the same in every spelling
// that Unicode considers equal, so that a search finds the text however it is stored; empty
// if there is none. Such parts are ASCII, except the characters that have doubles
// (the Kelvin sign, U+037E and U+1FEF): if a mark belongs to an ASCII character that
// NFC leaves alone, no spelling has one character for both. A server may trim the query,
// so the part has a letter or a digit.
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
	// OnlyIn are the differences between the text and its near misses, if they differ in
	// nothing else; Near has no others then. It is 0 if there are none of this kind.
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
