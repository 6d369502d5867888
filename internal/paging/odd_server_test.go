package paging

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// oddAnswer is one page of an odd server.
type oddAnswer struct {
	ids  []string
	more bool
	next string
}

// oddServer answers as its function says.
type oddServer struct {
	answer func(asked oddRequest) oddAnswer

	mu     sync.Mutex
	asked  []oddRequest
	begins int
}

type oddRequest struct {
	cursor string
	offset int // the cursor's number, 0 where it is none
	limit  int
	begins int // how often the first page was asked for, with this request
}

func (s *oddServer) pager(limit int) *pager[row] {
	return pagerOf(s.fetch, limit)
}

func (s *oddServer) fetch(ctx context.Context, at string, limit int) (Page[row], error) {
	if ctx.Err() != nil {
		return Page[row]{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if at == "" {
		s.begins++
	}
	offset, _ := strconv.Atoi(at)
	request := oddRequest{cursor: at, offset: offset, limit: limit, begins: s.begins}
	s.asked = append(s.asked, request)
	return s.answer(request).page(), nil
}

func (a oddAnswer) page() Page[row] {
	answer := Page[row]{More: a.more, Next: a.next}
	for _, id := range a.ids {
		number, _ := strconv.Atoi(strings.TrimPrefix(id, "r"))
		answer.Rows = append(answer.Rows, row{id, createdAt(number)})
	}
	return answer
}

// honest answers for a list as the API is documented (API.md, Paging).
func honest(rows int) func(oddRequest) oddAnswer {
	return func(asked oddRequest) oddAnswer {
		from := min(max(asked.offset, 0), rows)
		to := min(from+asked.limit, rows)
		answer := oddAnswer{ids: firstIDs(rows)[from:to]}
		if to < rows {
			answer.more, answer.next = true, strconv.Itoa(to)
		}
		return answer
	}
}

// twisted is honest, but for what the twist does to an answer.
func twisted(rows int, twist func(oddRequest, *oddAnswer)) func(oddRequest) oddAnswer {
	return func(asked oddRequest) oddAnswer {
		answer := honest(rows)(asked)
		twist(asked, &answer)
		return answer
	}
}

// nextAs has 8 rows and says next_cursor in another form, from an offset on.
func nextAs(from int, form string) func(oddRequest) oddAnswer {
	return twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset >= from && answer.next != "" {
			answer.next = strings.ReplaceAll(form, "N", answer.next)
		}
	})
}

// capped gives no more rows than most, whatever is asked for.
func capped(rows, most int) func(oddRequest) oddAnswer {
	return func(asked oddRequest) oddAnswer {
		asked.limit = min(asked.limit, most)
		return honest(rows)(asked)
	}
}

// always gives pages of one size, whatever is asked for.
func always(rows, size int) func(oddRequest) oddAnswer {
	return func(asked oddRequest) oddAnswer {
		asked.limit = size
		return honest(rows)(asked)
	}
}

// tokens gives cursors that name the row before.
func tokens(rows int) func(oddRequest) oddAnswer {
	return func(asked oddRequest) oddAnswer {
		if after, is := strings.CutPrefix(asked.cursor, "after "); is {
			asked.offset = slices.Index(firstIDs(rows), after) + 1
		}
		answer := honest(rows)(asked)
		if answer.next != "" {
			answer.next = "after " + answer.ids[len(answer.ids)-1]
		}
		return answer
	}
}

// numbered gives the number of the next page as its cursor.
func numbered(rows int) func(oddRequest) oddAnswer {
	return func(asked oddRequest) oddAnswer {
		number, _ := strconv.Atoi(cmp.Or(asked.cursor, "0"))
		asked.offset = number * asked.limit
		answer := honest(rows)(asked)
		if answer.next != "" {
			answer.next = strconv.Itoa(number + 1)
		}
		return answer
	}
}

// numberLike has 5 rows on two pages, the second of which it gives at this token only.
func numberLike(token string) func(oddRequest) oddAnswer {
	return func(asked oddRequest) oddAnswer {
		switch asked.cursor {
		case "":
			return oddAnswer{ids: firstIDs(3), more: true, next: token}
		case token:
			return oddAnswer{ids: firstIDs(5)[3:]}
		}
		return oddAnswer{}
	}
}
