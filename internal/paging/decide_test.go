package paging

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	pass := func(verdict verdict, rows ...uint64) *passSummary { return &passSummary{verdict: verdict, rows: rows} }
	change := func(how string, rows ...uint64) *passSummary {
		return &passSummary{verdict: changed, err: &ChangedError{how}, rows: rows}
	}
	pages := func(ends []int, rows ...uint64) *passSummary {
		return &passSummary{verdict: ended, rows: rows, ends: ends}
	}
	broken := &passSummary{verdict: failed, err: errors.New("no connection")}
	tokens := &passSummary{verdict: notOffsets, err: errNotOffsets}
	for name, c := range map[string]struct {
		previous, this *passSummary
		following      bool
		want           action
		reason         string // part of it; empty: none
	}{
		"proven":                                        {nil, pass(proven), false, accept, ""},
		"proven after a change":                         {change("a row moved", 1), pass(proven), false, accept, ""},
		"ended":                                         {nil, pass(ended, 1, 2), false, confirm, ""},
		"ended after a change":                          {change("a row moved", 1, 2), pass(ended, 1, 2), false, confirm, ""},
		"ended twice with the same rows":                {pass(ended, 1, 2), pass(ended, 1, 2), false, accept, ""},
		"ended twice in different orders":               {pass(ended, 1, 2), pass(ended, 2, 1), false, accept, ""},
		"ended twice with different rows":               {pass(ended, 1, 2), pass(ended, 1, 3), false, readAgain, "two passes gave different lists, of 2 and 2 rows"},
		"ended twice, with one row fewer":               {pass(ended, 1, 2), pass(ended, 1), false, readAgain, "of 2 and 1 rows"},
		"followed twice with the same rows":             {pages([]int{1, 2}, 1, 2), pages([]int{1, 2}, 1, 2), true, accept, ""},
		"followed in different orders":                  {pages([]int{1, 2}, 1, 2), pages([]int{1, 2}, 2, 1), true, readAgain, "different lists"},
		"followed with different pages":                 {pages([]int{1, 2}, 1, 2), pages([]int{2}, 1, 2), true, readAgain, "different lists"},
		"changed":                                       {nil, change("a row moved", 1), false, readAgain, "a row moved"},
		"changed after a pass that ended":               {pass(ended, 1), change("a row moved", 1), false, readAgain, "a row moved"},
		"changed twice in different ways":               {change("a row moved", 1), change("a page is short", 1), false, readAgain, "a page is short"},
		"changed twice after different rows":            {change("a row moved", 1), change("a row moved", 2), false, readAgain, "a row moved"},
		"changed twice in the same way":                 {change("a row moved", 1), change("a row moved", 1), false, follow, "a row moved, twice"},
		"changed twice in the same way while following": {change("a row moved", 1), change("a row moved", 1), true, fail, "a row moved, each time that the list is read"},
		"changed while following":                       {nil, change("a row moved", 1), true, readAgain, "a row moved"},
		"cursors that aren't offsets":                   {nil, tokens, false, follow, "the cursors aren't offsets"},
		"cursors that aren't offsets after a change":    {change("a row moved", 1), tokens, false, follow, "the cursors aren't offsets"},
		"failed":                         {nil, broken, false, fail, "no connection"},
		"failed after a pass that ended": {pass(ended, 1), broken, true, fail, "no connection"},
	} {
		got, reason := decide(c.previous, c.this, c.following)
		if got != c.want || (reason == nil) != (c.reason == "") || reason != nil && !strings.Contains(reason.Error(), c.reason) {
			t.Errorf("%s: action %d, %v; want %d, %q", name, got, reason, c.want, c.reason)
		}
	}
}

// TestRepeatedContradiction checks that the error doesn't mention a change if both passes have the
// same contradiction: then the cursors are the cause (they aren't offsets), not a change of the list.
func TestRepeatedContradiction(t *testing.T) {
	t.Parallel()
	errBroken := errors.New("no connection")
	for name, c := range map[string]struct {
		err     error  // of the second page, when cursors are followed
		wantErr string // part of the error
	}{
		"the next request fails":    {errBroken, "no connection"},
		"the cursors don't advance": {nil, "which doesn't advance, each time that the list is read"},
	} {
		synctest.Test(t, func(t *testing.T) {
			pager := newPager(func(_ context.Context, cursor string, _ int) (Page[row], error) {
				if cursor == "" {
					return Page[row]{Rows: []row{{key: "a"}, {key: "b"}}, More: true, Next: "7"}, nil // not 2
				}
				return Page[row]{More: true, Next: "7"}, c.err
			}, 2)
			_, err := pager.all(t.Context())
			incomplete := new(IncompleteError)
			if !errors.As(err, &incomplete) || incomplete.Change != nil || !strings.Contains(err.Error(), c.wantErr) {
				t.Errorf("%s: got %v, want %q", name, err, c.wantErr)
			}
		})
	}
}
