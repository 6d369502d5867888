package paging

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// oddCase is a server that isn't as documented. Its list is read
// whole, or fails with an error that names what the server did.
type oddCase struct {
	name   string
	answer func(oddRequest) oddAnswer
	limit  int // 3 where it isn't said

	rows   int    // of the whole list
	lacks  string // a row that the server keeps to itself
	begins int    // how often the first page is asked for
	fails  string // what the error says; empty: the list is read
}

var oddCases = slices.Concat(oddForms, oddMeta, oddPages, oddLimits)

// TestPager holds the pager to the whole list, or to an error that names what the server did.
//
//nolint:paralleltest // The properties set rapid's flags, which all tests share.
func TestPager(t *testing.T) {
	t.Run("property", losesNoRow)
	t.Run("negative controls", otherPagersLoseRows)
	t.Run("odd servers", readsOddServers)
}

func readsOddServers(t *testing.T) {
	t.Parallel()
	for _, test := range oddCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, test.check)
		})
	}
}

func (c oddCase) check(t *testing.T) {
	const deadline = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	server, began := &oddServer{answer: c.answer}, time.Now()
	rows, err := server.pager(cmp.Or(c.limit, 3)).all(ctx)

	if c.fails == "" {
		want := slices.DeleteFunc(firstIDs(c.rows), func(id string) bool { return id == c.lacks })
		if err != nil || !slices.Equal(rowIDs(rows), want) {
			t.Errorf("got %q, %v", rowIDs(rows), err)
		}
	} else if rows != nil || err == nil || !strings.Contains(err.Error(), c.fails) {
		t.Errorf("got %q, %v; want an error that says %q", rowIDs(rows), err, c.fails)
	}
	if spent := time.Since(began); spent > 2*time.Second {
		t.Errorf("ended after %v: %v", spent, err)
	}
	if server.begins != c.begins {
		t.Errorf("asked for the first page %d times, want %d", server.begins, c.begins)
	}
}

func TestMaxRows(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(offset int) string{
		"by offsets": strconv.Itoa,
		"by tokens":  func(offset int) string { return fmt.Sprint("at ", offset) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endless := newTestPager(nil, 100)
			endless.Fetch = func(_ context.Context, at string, limit int) (Page[row], error) {
				offset, _ := strconv.Atoi(strings.TrimPrefix(at, "at "))
				answer := Page[row]{More: true, Next: next(offset + limit)}
				for i := range limit {
					answer.Rows = append(answer.Rows, row{key: rowID(offset + i)})
				}
				return answer, nil
			}
			rows, err := endless.all(t.Context())
			if rows != nil || !errors.As(err, new(*InconsistentError)) || !strings.Contains(err.Error(), "it goes on after 1000000 rows") {
				t.Errorf("got %d rows, %v", len(rows), err)
			}
		})
	}
}
