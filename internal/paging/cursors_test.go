package paging

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// TestPassesEndAlike follows tokens in two passes that read r3 and r1, though r2 comes after
// them. The first ends with a full page: has_more was counted before r3 was created. The
// second ends with an empty page: r3 is deleted before it, so r2 moves to the first page. The
// passes have different ends, so the list is read again.
func TestPassesEndAlike(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := &changingList{newestFirst: true, tokens: true, countBefore: true, changes: []listChange{
			{after: 2}, {after: 1, create: true}, {after: 3},
		}}
		rows, err := newPager(list.fill(3).fetch, 2).all(t.Context())
		if err != nil || !slices.Equal(keysOf(rows), []string{"r1", "r2"}) {
			t.Errorf("got %q, %v", keysOf(rows), err)
		}
	})
}

// TestErrorWhileFollowing checks that a failed page isn't the end of the list while cursors
// are followed, and that the error doesn't mention the changes that the pager detected before.
func TestErrorWhileFollowing(t *testing.T) {
	t.Parallel()
	errInvalidKey := errors.New("no such key")
	for _, test := range []struct {
		list   *changingList
		before int // passes before the cursors are followed
		offset int // of the page that fails
	}{
		{&changingList{tokens: true}, 1, 0}, {&changingList{tokens: true}, 1, 10}, {&changingList{tokens: true}, 1, 20},
		{&changingList{maxPage: 1}, 2, 0}, {&changingList{maxPage: 1}, 2, 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			list := test.list.fill(25)
			list.fault = func(request listRequest) error {
				if request.offset == test.offset && list.passes > test.before {
					return errInvalidKey
				}
				return nil
			}
			rows, err := newPager(list.fetch, 10).all(t.Context())
			incomplete := new(IncompleteError)
			if rows != nil || !errors.As(err, &incomplete) || !errors.Is(err, errInvalidKey) || incomplete.Change != nil {
				t.Errorf("offset %d: got %d rows, %v; want only the error", test.offset, len(rows), err)
			}
		})
	}
}
