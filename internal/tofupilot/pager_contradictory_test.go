package tofupilot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// oddCase is a server that doesn't keep to the documents. Its list is read
// whole, or fails with an error that names what the server did.
type oddCase struct {
	name   string
	answer func(oddRequest) oddAnswer
	limit  int // 3 where it isn't said

	rows   int    // of the whole list
	lacks  string // a row that the server keeps to itself
	begins int    // how often the first page is asked for
	fails  string // what the error says; empty: the list is read
	late   bool   // it fails at the deadline, because reading again might help
}

var oddCases = slices.Concat(oddForms, oddMeta, oddPages, oddLimits)

func TestAServerThatIsntAsDocumentedGivesTheWholeListOrAnErrorThatNamesWhatItDid(t *testing.T) {
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
	if late := time.Since(began) == deadline; late != c.late || late != errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended after %v: %v", time.Since(began), err)
	}
	if !c.late && server.begins != c.begins {
		t.Errorf("asked for the first page %d times, want %d", server.begins, c.begins)
	}
}

func TestAListOfTenThousandPagesIsRead(t *testing.T) {
	t.Parallel()
	list := stillList(10_001) // of pages of two, each of which begins with the end of the one before
	readStill(t, list, 2)
	if len(list.asked) != 10_000 {
		t.Errorf("asked for %d pages", len(list.asked))
	}
}

func TestAListWithoutEndIsGivenUpAfterTenThousandPages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		next  func(offset int) any
		asked int
	}{
		"by offsets": {func(offset int) any { return offset }, 10_000},
		"by tokens":  {func(offset int) any { return fmt.Sprint("at ", offset) }, 1 + 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &oddServer{answer: endless(test.next)}
			rows, err := server.pager(2).all(t.Context())
			if rows != nil || !errors.As(err, new(*PagingError)) || !strings.Contains(err.Error(), "it goes on after 10000 pages") {
				t.Errorf("got %d rows, %v", len(rows), err)
			}
			if len(server.asked) != test.asked {
				t.Errorf("asked for %d pages, want %d", len(server.asked), test.asked)
			}
		})
	}
}
