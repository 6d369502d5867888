package paging

import (
	"errors"
	"testing"
	"testing/synctest"
)

// TestErrorWhileFollowing checks that a failed page isn't the end of the list while cursors
// are followed, and that the error doesn't mention the changes that the pager detected before.
func TestErrorWhileFollowing(t *testing.T) {
	t.Parallel()
	errUnavailable := errors.New("unavailable")
	for _, test := range []struct {
		list         *changingList
		failedPass   int // the first pass that follows the cursors
		failedOffset int
	}{
		{list: &changingList{tokens: true}, failedPass: 2, failedOffset: 0},
		{list: &changingList{tokens: true}, failedPass: 2, failedOffset: 10},
		{list: &changingList{tokens: true}, failedPass: 2, failedOffset: 20},
		{list: &changingList{maxPage: 1}, failedPass: 3, failedOffset: 0},
		{list: &changingList{maxPage: 1}, failedPass: 3, failedOffset: 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			list := test.list.fill(25)
			list.fault = func(request listRequest) error {
				if list.passes == test.failedPass && request.offset == test.failedOffset {
					return errUnavailable
				}
				return nil
			}
			rows, err := newPager(list.fetch, 10).all(t.Context())
			if incomplete := checkIncomplete(t, rows, err, errUnavailable); incomplete.Change != nil {
				t.Errorf("offset %d: the error mentions a change: %v", test.failedOffset, incomplete.Change)
			}
		})
	}
}
