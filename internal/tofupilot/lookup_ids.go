package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/unicode/norm"
)

// Bounds of a lookup of several names.
const (
	maxSearches  = 8     // more names than that cost more than they save
	maxFound     = 2_000 // procedures that all searches find together: more, and they narrow nothing
	maxNearNames = 50    // missing names for which near misses are looked for: errors show no more
)

// NamesError tells of all names that don't have exactly one procedure, in order.
// There is at least one.
type NamesError struct {
	Seen    int // how many procedures the key may see, where a name is missing
	Missing []MissingName
	Several []SeveralName
}

// MissingName is a name that no procedure has.
type MissingName struct {
	Name string
	Near []Procedure // as in a NotFoundError; empty from the 51st missing name on
}

// SeveralName is a name that several procedures have.
type SeveralName struct {
	Name    string
	Matches []Procedure // as in an AmbiguousError, but for LinkedRepository, Runs and FPY, which are nil
}

func (e *NamesError) Error() string {
	return fmt.Sprintf("no procedure has the name: %d of the names; several have it: %d", len(e.Missing), len(e.Several))
}

// ProcedureIDs finds the ID of the one procedure of each name, compared as by
// ProcedureByName. The map's keys are the names as they are given. The error is as
// for ReadAll, or a *NamesError; there is no map then.
//
// It makes as few requests as it can. The first page decides: where it isn't the
// whole list, a few names are searched for, each by itself and all at the same
// time; many, or any that the searches don't settle, have the list read on from
// that page.
func (c *Client) ProcedureIDs(ctx context.Context, names []string) (map[string]string, error) {
	if len(names) == 0 {
		return map[string]string{}, nil
	}
	distinct := make([]string, len(names)) // under NFC
	for i, name := range names {
		distinct[i] = norm.NFC.String(name)
	}
	slices.Sort(distinct)
	distinct = slices.Compact(distinct)

	started := time.Now()
	list := newListRead(c, Procedures, Filter{}, lookThrough(pickNamed(distinct...)))
	defer list.close()
	first, err := list.begin(ctx)
	if err != nil {
		return nil, err
	}
	if first.More && len(distinct) <= maxSearches {
		matches, err := c.searchEach(ctx, distinct)
		if err == nil {
			list.logRead(ctx, len(first.Rows), started)
			return idsOf(ctx, names, matches, nil)
		}
		if !errors.Is(err, errUnsettled) {
			return nil, err
		}
	}
	rows, err := list.finish(ctx)
	if err != nil {
		return nil, err
	}
	all := candidates(rows)
	return idsOf(ctx, names, picked(all), all)
}

// searchEach searches for every name. It gives at least one match for each, or an
// error, which may be errUnsettled: then the other searches end early.
func (c *Client) searchEach(ctx context.Context, names []string) ([]Procedure, error) {
	if slices.ContainsFunc(names, func(name string) bool { return searchable(name) == "" }) {
		return nil, errUnsettled
	}
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	group, ctx := errgroup.WithContext(ctx)
	var found atomic.Int64
	matches := make([][]Procedure, len(names))
	for i, name := range names {
		pick := pickNamed(name)
		group.Go(func() (err error) {
			matches[i], err = c.search(ctx, searchable(name), func(p *Procedure) *Procedure {
				if found.Add(1) > maxFound {
					giveUp(errUnsettled)
				}
				return pick(p)
			})
			return err
		})
	}
	err := group.Wait()
	return slices.Concat(matches...), err
}

// pickNamed picks the procedures that have one of the names, and keeps what tells
// them from others of their name.
func pickNamed(names ...string) pick {
	wanted := newNameSet(names...)
	return func(p *Procedure) *Procedure {
		if !wanted.has(p) {
			return nil
		}
		return &Procedure{ID: p.ID, Name: p.Name, CreatedAt: p.CreatedAt, CreatedByUser: p.CreatedByUser}
	}
}

// idsOf maps the names to the IDs of their matches. Where a name has none, all is
// the list that was looked through.
func idsOf(ctx context.Context, names []string, matches []Procedure, all []candidate) (map[string]string, error) {
	byName := map[string][]Procedure{}
	for _, match := range matches {
		name := norm.NFC.String(*match.Name)
		byName[name] = append(byName[name], match)
	}
	ids, failed := map[string]string{}, &NamesError{Seen: len(all)}
	var missing []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		switch matches := byName[norm.NFC.String(name)]; len(matches) {
		case 0:
			missing = append(missing, name)
		case 1:
			ids[name] = matches[0].ID
		default:
			failed.Several = append(failed.Several, SeveralName{name, matches})
		}
	}
	if len(missing)+len(failed.Several) == 0 {
		return ids, nil
	}
	near, err := nearest(ctx, missing[:min(len(missing), maxNearNames)], all, (*candidate).byName)
	if err != nil {
		return nil, err
	}
	for i, name := range missing {
		failed.Missing = append(failed.Missing, MissingName{Name: name})
		if i < len(near) {
			failed.Missing[i].Near = near[i]
		}
	}
	return nil, failed
}
