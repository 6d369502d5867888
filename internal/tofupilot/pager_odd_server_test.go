package tofupilot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// oddAnswer is one page in an odd server's words.
type oddAnswer struct {
	ids  []string
	more string // JSON of has_more
	next string // JSON of next_cursor; empty: no such key
}

// oddServer answers as its function says, in JSON.
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

func (s *oddServer) pager(limit int) *pager[string] {
	return pagerOf(s.fetch, limit)
}

func (s *oddServer) fetch(ctx context.Context, at string, limit int) (*page[string], error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if at == "" {
		s.begins++
	}
	offset, _ := strconv.Atoi(at)
	request := oddRequest{cursor: at, offset: offset, limit: limit, begins: s.begins}
	s.asked = append(s.asked, request)
	return decodeIDs(s.answer(request).body(), at, newCleaner("the-key"))
}

func (a oddAnswer) body() []byte {
	items := make([]string, len(a.ids))
	for i, id := range a.ids {
		number, _ := strconv.Atoi(strings.TrimPrefix(id, "r"))
		items[i] = fmt.Sprintf(`{"id": %q, "created_at": %q}`, id, createdAt(number).Time.Format(time.RFC3339))
	}
	meta := `"has_more": ` + a.more
	if a.next != "" {
		meta += `, "next_cursor": ` + a.next
	}
	return fmt.Appendf(nil, `{"data": [%s], "meta": {%s}}`, strings.Join(items, ", "), meta)
}

// honest answers for a list as the API is documented (API.md, Paging).
func honest(rows int) func(oddRequest) oddAnswer {
	return func(asked oddRequest) oddAnswer {
		from := min(max(asked.offset, 0), rows)
		to := min(from+asked.limit, rows)
		answer := oddAnswer{ids: firstIDs(rows)[from:to], more: "false", next: "null"}
		if to < rows {
			answer.more, answer.next = "true", strconv.Itoa(to)
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
		if asked.offset >= from && answer.next != "null" {
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
		if answer.next != "null" {
			answer.next = strconv.Quote("after " + answer.ids[len(answer.ids)-1])
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
		if answer.next != "null" {
			answer.next = strconv.Itoa(number + 1)
		}
		return answer
	}
}
