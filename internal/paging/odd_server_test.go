package paging

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// oddServer responds with the pages that its function returns.
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
	keys []string
	more bool
	next string
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
	odd := s.respond(oddRequest{cursor: cursor, offset: offset, limit: limit, pass: s.passes})
	page := Page[row]{More: odd.more, Next: odd.next}
	for _, key := range odd.keys {
		number, _ := strconv.Atoi(strings.TrimPrefix(key, "r"))
		page.Rows = append(page.Rows, row{key, createdAt(number)})
	}
	return page, nil
}

// standard responds as documented (API.md, Paging).
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

// altered responds as documented, except for what alter changes.
func altered(rows int, alter func(oddRequest, *oddPage)) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		page := standard(rows)(request)
		alter(request, &page)
		return page
	}
}

// withNext has 8 rows. From an offset on, it replaces next_cursor by next, in which N is
// the original number.
func withNext(from int, next string) func(oddRequest) oddPage {
	return altered(8, func(request oddRequest, page *oddPage) {
		if request.offset >= from && page.next != "" {
			page.next = strings.ReplaceAll(next, "N", page.next)
		}
	})
}

// withMaxPage sends at most maxPage rows, even if more are requested.
func withMaxPage(rows, maxPage int) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		request.limit = min(request.limit, maxPage)
		return standard(rows)(request)
	}
}

// withPageSize ignores the requested limit.
func withPageSize(rows, size int) func(oddRequest) oddPage {
	return func(request oddRequest) oddPage {
		request.limit = size
		return standard(rows)(request)
	}
}

// withLastRowCursors sends cursors that name the last row of the page.
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

// withPageNumbers sends the number of the next page as the cursor.
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

// withSecondPageAt has 5 rows on two pages. Only this token returns the second.
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

// withSwap has 8 rows, and swaps r2 and r3 in some responses.
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
