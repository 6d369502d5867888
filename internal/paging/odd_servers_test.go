package paging

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func testOddServers(t *testing.T) {
	t.Parallel()
	for _, test := range oddCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, test.check)
		})
	}
}

// oddCase is a server that isn't as documented. Either its list is read completely, or the error
// says what the server did.
type oddCase struct {
	name     string
	respond  func(oddRequest) oddPage
	pageSize int // 0: 3

	rows    int    // of the complete list
	missing string // the key of a row that the server doesn't send
	wantErr string // part of the error; empty: none

	// passes is the number of passes that the read takes:
	//   - 1 if the first pass proves the list complete,
	//   - 2 if the first pass shows a change, and the second proves the list complete,
	//   - 3 if the first pass shows that cursors aren't offsets, and two that follow them agree,
	//   - 4 if the first two passes contradict themselves in the same way, and two that follow the
	//     server's cursors agree, or fail in the same way.
	// There are fewer if a page leaves no safe next step, and more if later passes differ.
	passes int
}

func (c oddCase) check(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server := &oddServer{respond: c.respond}
	start := time.Now()
	rows, err := newPager(server.fetch, cmp.Or(c.pageSize, 3)).all(ctx)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v, with %v", took, err)
	}
	if server.passes != c.passes {
		t.Errorf("got %d passes, want %d", server.passes, c.passes)
	}
	if c.wantErr == "" {
		want := slices.DeleteFunc(firstKeys(c.rows), func(key string) bool { return key == c.missing })
		if err != nil || !slices.Equal(keysOf(rows), want) {
			t.Errorf("got %q, %v; want %q", keysOf(rows), err, want)
		}
		return
	}
	var inconsistent *InconsistentError
	if !errors.As(err, &inconsistent) || !strings.Contains(err.Error(), c.wantErr) {
		t.Fatalf("got error %v, want %q in it", err, c.wantErr)
	}
	if incomplete := checkIncomplete(t, rows, err, inconsistent); incomplete.Change != nil {
		t.Errorf("the error mentions a change, not only the server: %v", incomplete.Change)
	}
}

// oddCases lists all odd servers. The pager first requests pages of 3 rows that overlap, at the
// offsets 0, 2, 4 and 6. If it then follows a documented server's cursors, these are 3 and 6.
var oddCases = slices.Concat(oddCursors, oddEnds, oddRows, oddLimits)

// oddCursors lists servers whose cursors aren't offsets.
var oddCursors = []oddCase{
	{name: "tokens", respond: withLastRowCursors(8), rows: 8, passes: 3},
	{name: "page numbers", respond: withPageNumbers(8), rows: 8, passes: 4},
	{name: "page numbers, for a limit of 1", respond: withPageNumbers(8), pageSize: 1, rows: 8, passes: 4},
	{name: "a token like the right offset with a leading zero", respond: withSecondPageAt("03"), rows: 5, passes: 3},
	{name: "a token like a number too large for JSON", respond: withSecondPageAt("9007199254740992"), rows: 5, passes: 3},
	{name: "a token like a float", respond: withSecondPageAt("1e3"), rows: 5, passes: 3},
	{name: "a number that is 100 too large from the second page on", respond: altered(9, func(request oddRequest, page *oddPage) {
		if request.offset > 100 {
			request.offset -= 100
			*page = standard(9)(request)
		} else if request.offset > 0 && page.more {
			page.next = strconv.Itoa(100 + request.offset + len(page.keys))
		}
	}), rows: 9, passes: 4},
	{name: "tokens, and two rows swapped in one pass", respond: func(request oddRequest) oddPage {
		page := withLastRowCursors(8)(request)
		if request.pass == 2 && request.cursor == "after r2" {
			page.keys[0], page.keys[1] = page.keys[1], page.keys[0]
		}
		return page
	}, rows: 8, passes: 4},
	{name: "tokens, and an empty last page in one pass", respond: func(request oddRequest) oddPage {
		page := withLastRowCursors(6)(request)
		if request.pass == 2 && request.cursor == "after r2" {
			page.more, page.next = true, "after r5"
		}
		return page
	}, rows: 6, passes: 4},
	{name: "tokens, and a row twice in the second pass that follows them", respond: func(request oddRequest) oddPage {
		page := withLastRowCursors(8)(request)
		if request.pass == 3 && request.cursor == "after r2" {
			page.keys[0] = "r0"
		}
		return page
	}, rows: 8, passes: 5},
	{name: "a negative number", respond: withNext(0, "-N"), passes: 4, wantErr: `next_cursor "-3", which doesn't advance`},
	{name: "a negative number from the second page on", respond: withNext(2, "-N"), passes: 4, wantErr: `after the page at cursor "3" it gives next_cursor "-6"`},
}

// oddEnds lists servers whose has_more and next_cursor contradict each other or earlier pages.
var oddEnds = []oddCase{
	{name: "a cursor that is repeated", respond: withNext(2, "3"), passes: 4, wantErr: `after the page at cursor "3" it gives next_cursor "3", which doesn't advance`},
	{name: "a token that is repeated", respond: altered(8, func(request oddRequest, page *oddPage) {
		if request.cursor == "again" {
			page.keys = []string{"r6", "r7"}
		}
		if request.offset > 0 || request.cursor == "again" {
			page.more, page.next = true, "again"
		}
	}), passes: 3, wantErr: `after the page at cursor "again" it gives next_cursor "again", which doesn't advance`},
	{name: "has_more without next_cursor on the first page", respond: withNext(0, ""), passes: 2, wantErr: `has more after the page at cursor "", but gives no next_cursor`},
	{name: "has_more without next_cursor on a later page", respond: withNext(2, ""), passes: 2, wantErr: `has more after the page at cursor "3", but gives no next_cursor`},
	{name: "next_cursor beyond the end without has_more", respond: altered(8, func(request oddRequest, page *oddPage) {
		if page.next == "" {
			page.next = strconv.Itoa(request.offset + max(1, len(page.keys)))
		}
	}), rows: 8, passes: 3},
	{name: "next_cursor to the next page without has_more", respond: altered(8, func(_ oddRequest, page *oddPage) {
		page.more = false
	}), rows: 8, passes: 3},
	{name: "next_cursor to the start without has_more", respond: altered(8, func(_ oddRequest, page *oddPage) {
		if page.next == "" {
			page.next = "0"
		}
	}), rows: 8, passes: 3},
}

// oddRows lists servers that send pages with wrong rows.
var oddRows = []oddCase{
	{name: "an empty first page with has_more", respond: altered(8, func(request oddRequest, page *oddPage) {
		if request.offset == 0 {
			page.keys, page.next = nil, "0"
		}
	}), passes: 4, wantErr: `after the page at cursor "" it gives next_cursor "0", which doesn't advance`},
	{name: "an empty later page with has_more", respond: altered(9, func(request oddRequest, page *oddPage) {
		if request.offset == 4 {
			page.keys, page.next = nil, "4"
		}
	}), rows: 9, passes: 4}, // the server's cursors are 3 and 6, so 4 isn't requested in passes 3 and 4
	{name: "an empty page in the first two passes, after different rows", respond: altered(8, func(request oddRequest, page *oddPage) {
		switch {
		case request.pass <= 2 && request.offset == 2:
			page.keys, page.next = nil, "2"
		case request.pass == 2 && request.offset == 0:
			page.keys[0] = "r7"
		}
	}), rows: 8, passes: 3},
	{name: "another row at the seam of two pages, in the first pass", respond: altered(8, func(request oddRequest, page *oddPage) {
		if request.pass == 1 && request.offset == 2 {
			page.keys[0] = "r7"
		}
	}), rows: 8, passes: 2},
	{name: "an empty page between tokens", respond: altered(6, func(request oddRequest, page *oddPage) {
		switch request.cursor {
		case "":
			*page = oddPage{keys: firstKeys(3), more: true, next: "a"}
		case "a":
			*page = oddPage{more: true, next: "b"}
		case "b":
			*page = oddPage{keys: firstKeys(6)[3:], more: false}
		}
	}), rows: 6, passes: 3},
	{name: "the same rows at every offset, with correct cursors", respond: altered(8, func(request oddRequest, page *oddPage) {
		*page = oddPage{keys: firstKeys(3), more: true, next: strconv.Itoa(request.offset + 3)}
	}), passes: 4, wantErr: `"r0" came twice, each time that the list is read`},
	{name: "a row of the first page on every later page", respond: altered(8, func(request oddRequest, page *oddPage) {
		if request.offset > 0 && len(page.keys) > 1 {
			page.keys[1] = "r1"
		}
	}), passes: 4, wantErr: `"r1" came twice, each time that the list is read`},
	{name: "a row twice on the first page", respond: altered(8, func(request oddRequest, page *oddPage) {
		if request.offset == 0 {
			page.keys = []string{"r0", "r0", "r2"}
		}
	}), passes: 1, wantErr: `"r0" is twice in one page`},
	{name: "a row twice on a later page", respond: altered(8, func(request oddRequest, page *oddPage) {
		if request.offset == 4 {
			page.keys = []string{"r4", "r5", "r5"}
		}
	}), passes: 1, wantErr: `"r5" is twice in one page`},
	{name: "two rows swapped in the first pass, on later pages", respond: withSwap(func(request oddRequest) bool { return request.pass == 1 && request.offset > 0 }), rows: 8, passes: 2},
	{name: "two rows swapped in the first pass, on the first page", respond: withSwap(func(request oddRequest) bool { return request.pass == 1 && request.offset == 0 }), rows: 8, passes: 2},
	{name: "two rows swapped on every later page", respond: withSwap(func(request oddRequest) bool { return request.offset > 0 }), passes: 4, wantErr: `"r2" came twice, each time that the list is read`},
}

// oddLimits lists servers whose list never ends, or that send more or fewer rows than requested.
var oddLimits = []oddCase{
	{name: "no end, with offsets", respond: withoutEnd(""), pageSize: 100, passes: 1, wantErr: "it goes on after 1000000 rows"},
	{name: "no end, with tokens", respond: withoutEnd("token "), pageSize: 100, passes: 2, wantErr: "it goes on after 1000000 rows"},
	{name: "pages smaller than the limit", respond: withMaxPage(8, 2), rows: 8, passes: 1},
	{name: "pages of one row", respond: withMaxPage(8, 1), rows: 8, passes: 4},
	{name: "pages of one row, for a limit of 1", respond: withMaxPage(8, 1), pageSize: 1, rows: 8, passes: 4},
	{name: "pages larger than the limit", respond: withPageSize(23, 5), rows: 23, passes: 1},
	{name: "pages larger than any limit", respond: withPageSize(1_000, 250), pageSize: 100, rows: 1_000, passes: 1},
	{name: "pages larger than the limit, which is 1", respond: withPageSize(23, 5), pageSize: 1, rows: 23, passes: 1},
	{name: "the whole list on one page", respond: withPageSize(23, 23), rows: 23, passes: 1},
	{name: "a first page larger than any limit", respond: altered(500, func(request oddRequest, page *oddPage) {
		if request.offset == 0 {
			*page = standard(500)(oddRequest{limit: 250})
		}
	}), pageSize: 100, rows: 500, passes: 4},
	{name: "a first page larger than the limit, and a full page without has_more", respond: altered(260, func(request oddRequest, page *oddPage) {
		switch request.offset {
		case 0:
			*page = standard(260)(oddRequest{limit: 150})
		case 149: // the second page, which begins with the last row of the first
			page.more, page.next = false, ""
		}
	}), pageSize: 100, rows: 260, passes: 4},
	{name: "a short first page whose next_cursor counts the limit", respond: altered(8, func(request oddRequest, page *oddPage) {
		if request.offset == 0 {
			page.keys = page.keys[:2]
		}
	}), missing: "r2", rows: 8, passes: 4},
	{name: "a short page in the middle", respond: altered(9, func(request oddRequest, page *oddPage) {
		if request.offset == 4 {
			*page = standard(9)(oddRequest{offset: 4, limit: 2})
		}
	}), rows: 9, passes: 4},
	{name: "a short page in the middle, and a next page that repeats its last row", respond: altered(9, func(request oddRequest, page *oddPage) {
		switch {
		case request.pass == 1 && request.offset == 4:
			*page = standard(9)(oddRequest{offset: 4, limit: 2})
		case request.pass == 1 && request.offset == 6:
			page.keys[0] = "r5"
		}
	}), rows: 9, passes: 2},
}

// oddServer responds with the pages that respond returns.
type oddServer struct {
	respond func(oddRequest) oddPage

	mu     sync.Mutex
	passes int // requests for the first page
}

type oddRequest struct {
	cursor string
	offset int // the cursor's number, or 0
	limit  int
	pass   int // counted from 1
}

type oddPage struct {
	keys []string // of the rows
	more bool     // has_more
	next string   // next_cursor
}

func (s *oddServer) fetch(ctx context.Context, cursor string, limit int) (Page[row], error) {
	if ctx.Err() != nil {
		return Page[row]{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cursor == "" {
		s.passes++
	}
	offset, _ := strconv.Atoi(cursor)
	response := s.respond(oddRequest{cursor: cursor, offset: offset, limit: limit, pass: s.passes})
	page := Page[row]{More: response.more, Next: response.next}
	for _, key := range response.keys {
		number, _ := strconv.Atoi(strings.TrimPrefix(key, "r"))
		page.Rows = append(page.Rows, row{key, createdAt(number)})
	}
	return page, nil
}

// standard returns a function that responds as documented (API.md, Paging).
func standard(rows int) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		from := min(max(request.offset, 0), rows)
		to := min(from+request.limit, rows)
		page := oddPage{keys: firstKeys(rows)[from:to]}
		if to < rows {
			page.more, page.next = true, strconv.Itoa(to)
		}
		return page
	}
}

// altered returns a function that responds as documented, except for what alter changes.
func altered(rows int, alter func(oddRequest, *oddPage)) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		page := standard(rows)(request)
		alter(request, &page)
		return page
	}
}

// withNext serves 8 rows. From firstOffset on, next_cursor is pattern, with N replaced by the
// documented cursor.
func withNext(firstOffset int, pattern string) func(oddRequest) oddPage {
	return altered(8, func(request oddRequest, page *oddPage) {
		if request.offset >= firstOffset && page.next != "" {
			page.next = strings.ReplaceAll(pattern, "N", page.next)
		}
	})
}

// withoutEnd serves a list that never ends. Each cursor is the prefix, followed by an offset.
func withoutEnd(prefix string) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		offset, _ := strconv.Atoi(strings.TrimPrefix(request.cursor, prefix))
		page := oddPage{more: true, next: prefix + strconv.Itoa(offset+request.limit)}
		for i := range request.limit {
			page.keys = append(page.keys, rowKey(offset+i))
		}
		return page
	}
}

// withMaxPage serves at most maxPage rows on a page, even if more are requested.
func withMaxPage(rows, maxPage int) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		request.limit = min(request.limit, maxPage)
		return standard(rows)(request)
	}
}

// withPageSize serves pageSize rows on a page, whatever limit is requested.
func withPageSize(rows, pageSize int) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		request.limit = pageSize
		return standard(rows)(request)
	}
}

// withLastRowCursors serves cursors that name the last row of the page, such as "after r2".
func withLastRowCursors(rows int) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		if after, ok := strings.CutPrefix(request.cursor, "after "); ok {
			request.offset = slices.Index(firstKeys(rows), after) + 1
		}
		page := standard(rows)(request)
		if page.next != "" {
			page.next = "after " + page.keys[len(page.keys)-1]
		}
		return page
	}
}

// withPageNumbers serves the number of the next page as the cursor.
func withPageNumbers(rows int) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		number, _ := strconv.Atoi(cmp.Or(request.cursor, "0"))
		request.offset = number * request.limit
		page := standard(rows)(request)
		if page.next != "" {
			page.next = strconv.Itoa(number + 1)
		}
		return page
	}
}

// withSecondPageAt serves 5 rows on two pages. Only the token returns the second page.
func withSecondPageAt(token string) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		switch request.cursor {
		case "":
			return oddPage{keys: firstKeys(3), more: true, next: token}
		case token:
			return oddPage{keys: firstKeys(5)[3:]}
		}
		return oddPage{}
	}
}

// withSwap serves 8 rows, and swaps r2 and r3 in responses for which isSwapped returns true.
func withSwap(isSwapped func(oddRequest) bool) func(oddRequest) oddPage {
	return altered(8, func(request oddRequest, page *oddPage) {
		if !isSwapped(request) {
			return
		}
		for i, key := range page.keys {
			switch key {
			case "r2":
				page.keys[i] = "r3"
			case "r3":
				page.keys[i] = "r2"
			}
		}
	})
}
