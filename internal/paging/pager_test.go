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

// oddCase is a server that isn't as documented. Its list is read completely, or the error
// names what the server did.
type oddCase struct {
	name     string
	respond  func(oddRequest) oddPage
	pageSize int // 0: 3

	rows    int    // of the complete list
	missing string // the key of a row that the server doesn't send
	passes  int
	wantErr string // part of the error; empty: none
}

var oddCases = slices.Concat(oddCursors, oddMeta, oddRows, oddLimits)

//nolint:paralleltest // testProperty sets rapid's flags, which all tests share.
func TestPager(t *testing.T) {
	t.Run("property", testProperty)
	t.Run("negative controls", testNegativeControls)
	t.Run("odd servers", testOddServers)
}

func testOddServers(t *testing.T) {
	t.Parallel()
	for _, test := range oddCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, test.check)
		})
	}
}

func (c oddCase) check(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, start := &oddServer{respond: c.respond}, time.Now()
	rows, err := newPager(server.fetch, cmp.Or(c.pageSize, 3)).all(ctx)

	if c.wantErr == "" {
		want := slices.DeleteFunc(firstKeys(c.rows), func(key string) bool { return key == c.missing })
		if err != nil || !slices.Equal(keysOf(rows), want) {
			t.Errorf("got %q, %v", keysOf(rows), err)
		}
	} else if rows != nil || err == nil || !strings.Contains(err.Error(), c.wantErr) {
		t.Errorf("got %q, %v; want error %q", keysOf(rows), err, c.wantErr)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v: %v", took, err)
	}
	if server.passes != c.passes {
		t.Errorf("got %d passes, want %d", server.passes, c.passes)
	}
}

func TestMaxRows(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(offset int) string{
		"offsets": strconv.Itoa,
		"tokens":  func(offset int) string { return fmt.Sprint("at ", offset) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endless := newPager(func(_ context.Context, cursor string, limit int) (Page[row], error) {
				offset, _ := strconv.Atoi(strings.TrimPrefix(cursor, "at "))
				page := Page[row]{More: true, Next: next(offset + limit)}
				for i := range limit {
					page.Rows = append(page.Rows, row{key: rowKey(offset + i)})
				}
				return page, nil
			}, 100)
			rows, err := endless.all(t.Context())
			if rows != nil || !errors.As(err, new(*InconsistentError)) || !strings.Contains(err.Error(), "it goes on after 1000000 rows") {
				t.Errorf("got %d rows, %v", len(rows), err)
			}
		})
	}
}
