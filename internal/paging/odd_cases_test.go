package paging

import "strconv"

// Cursors that mean no offset: two passes have to agree.
var oddForms = []oddCase{
	{name: "a token", answer: tokens(8), rows: 8, begins: 3},
	{name: "a token, and pages of one", answer: tokens(8), limit: 1, rows: 8, begins: 3},
	{name: "the number of the page", answer: numbered(8), rows: 8, begins: 4},
	{name: "the number of the page, and pages of one", answer: numbered(8), limit: 1, rows: 8, begins: 4},
	{name: "a token that looks like the offset that follows", answer: numberLike("03"), rows: 5, begins: 3},
	{name: "a token that looks like a number too large for JSON", answer: numberLike("9007199254740992"), rows: 5, begins: 3},
	{name: "a token in the form of a float", answer: numberLike("1e3"), rows: 5, begins: 3},
	{name: "another number from the second page on", answer: twisted(9, func(asked oddRequest, answer *oddAnswer) {
		switch {
		case asked.offset == 0 || answer.next == "":
		case asked.offset < 6: // overlapping or not, it is not the offset that follows
			*answer = oddAnswer{ids: firstIDs(9)[asked.offset : asked.offset+3], more: true, next: strconv.Itoa(100 + asked.offset + 3)}
		}
		if asked.offset > 100 {
			*answer = honest(9)(oddRequest{offset: asked.offset - 100, limit: asked.limit})
		}
	}), rows: 9, begins: 4},
	{name: "a negative number", answer: nextAs(0, "-N"), begins: 4, fails: `next_cursor "-3", which doesn't advance`},
	{name: "a negative number, later", answer: nextAs(2, "-N"), begins: 4, fails: `after the page at cursor "3" it gives next_cursor "-6"`},
}

// Meta that contradicts itself, or what came before.
var oddMeta = []oddCase{
	{name: "a cursor that is repeated", answer: nextAs(2, "3"), begins: 4, fails: `after the page at cursor "3" it gives next_cursor "3", which doesn't advance`},
	{name: "a token that is repeated", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if asked.cursor == "again" {
			answer.ids = []string{"r6", "r7"}
		}
		if asked.offset > 0 || asked.cursor == "again" {
			answer.more, answer.next = true, "again"
		}
	}), begins: 3, fails: `after the page at cursor "again" it gives next_cursor "again", which doesn't advance`},
	{name: "a cursor that goes back", answer: twisted(9, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset >= 6 {
			answer.more, answer.next = true, "3"
		}
	}), begins: 4, fails: `after the page at cursor "6" it gives next_cursor "3", which doesn't advance`},
	{name: "more, and no cursor", answer: nextAs(0, ""), begins: 2, fails: `has more after the page at cursor "", but gives no next_cursor`},
	{name: "more, and no cursor, later", answer: nextAs(2, ""), begins: 2, fails: `has more after the page at cursor "3", but gives no next_cursor`},
	{name: "no more, but cursors to where nothing is", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if answer.next == "" {
			answer.next = strconv.Itoa(asked.offset + max(1, len(answer.ids)))
		}
	}), rows: 8, begins: 3},
	{name: "no more, but a cursor to more", answer: twisted(8, func(_ oddRequest, answer *oddAnswer) {
		answer.more = false
	}), rows: 8, begins: 3},
	{name: "no more, but a cursor to the start", answer: twisted(8, func(_ oddRequest, answer *oddAnswer) {
		if answer.next == "" {
			answer.next = "0"
		}
	}), rows: 8, begins: 3},
}

// Pages with other rows than they should have.
var oddPages = []oddCase{
	{name: "an empty first page that has more", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 0 {
			answer.ids, answer.next = nil, "0"
		}
	}), begins: 4, fails: `after the page at cursor "" it gives next_cursor "0", which doesn't advance`},
	{name: "an empty page that has more", answer: twisted(9, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 4 {
			answer.ids, answer.next = nil, "4"
		}
	}), rows: 9, begins: 4}, // by its own cursors, which lead past the page
	{name: "an empty page that has more, twice, after other rows", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		switch {
		case asked.begins <= 2 && asked.offset == 2:
			answer.ids, answer.next = nil, "2"
		case asked.begins == 2 && asked.offset == 0:
			answer.ids[0] = "r7"
		}
	}), rows: 8, begins: 3},
	{name: "an empty page that has more, then another", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		switch {
		case asked.begins == 1 && asked.offset == 2:
			answer.ids, answer.next = nil, "2"
		case asked.begins == 2 && asked.offset == 2:
			answer.ids[0] = "r7"
		}
	}), rows: 8, begins: 3},
	{name: "an empty page that has more, between tokens", answer: twisted(6, func(asked oddRequest, answer *oddAnswer) {
		switch asked.cursor {
		case "":
			*answer = oddAnswer{ids: firstIDs(3), more: true, next: "a"}
		case "a":
			*answer = oddAnswer{more: true, next: "b"}
		case "b":
			*answer = oddAnswer{ids: firstIDs(6)[3:], more: false}
		}
	}), rows: 6, begins: 3},
	{name: "the same page again and again", answer: twisted(8, func(_ oddRequest, answer *oddAnswer) {
		*answer = oddAnswer{ids: firstIDs(3), more: true, next: "3"}
	}), begins: 4, fails: `after the page at cursor "3" it gives next_cursor "3", which doesn't advance`},
	{name: "the same rows at every offset", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		*answer = oddAnswer{ids: firstIDs(3), more: true, next: strconv.Itoa(asked.offset + 3)}
	}), begins: 4, fails: `"r0" came twice, each time that the list is read`},
	{name: "a row that comes again on every later page", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset > 0 && len(answer.ids) > 1 {
			answer.ids[1] = "r1"
		}
	}), begins: 4, fails: `"r1" came twice, each time that the list is read`},
	{name: "an ID twice in the first page", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 0 {
			answer.ids = []string{"r0", "r0", "r2"}
		}
	}), begins: 1, fails: `"r0" is twice in one page`},
	{name: "an ID twice in the only page", answer: twisted(3, func(_ oddRequest, answer *oddAnswer) {
		answer.ids[1] = "r0"
	}), begins: 1, fails: `"r0" is twice in one page`},
	{name: "an ID twice in a later page", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 4 {
			answer.ids = []string{"r4", "r5", "r5"}
		}
	}), begins: 1, fails: `"r5" is twice in one page`},
	{name: "ties that swap places and back", answer: swapping(func(asked oddRequest) bool { return asked.begins == 1 && asked.offset > 0 }), rows: 8, begins: 2},
	{name: "ties that swap places and stay so", answer: swapping(func(asked oddRequest) bool { return asked.begins == 1 && asked.offset == 0 }), rows: 8, begins: 2},
	{name: "ties that swap places always", answer: swapping(func(asked oddRequest) bool { return asked.offset > 0 }), begins: 4, fails: `"r2" came twice, each time that the list is read`},
}

// Limits that aren't kept.
var oddLimits = []oddCase{
	{name: "a cap below the limit", answer: capped(8, 2), rows: 8, begins: 1},
	{name: "a cap far below the limit", answer: capped(250, 20), limit: 100, rows: 250, begins: 1},
	{name: "a cap of 1", answer: capped(8, 1), rows: 8, begins: 4},
	{name: "a cap of 1 where 1 is asked for", answer: capped(8, 1), limit: 1, rows: 8, begins: 4},
	{name: "pages larger than the limit", answer: always(23, 5), rows: 23, begins: 1},
	{name: "pages larger than any limit", answer: always(1_000, 250), limit: 100, rows: 1_000, begins: 1},
	{name: "pages larger where 1 is asked for", answer: always(23, 5), limit: 1, rows: 23, begins: 1},
	{name: "everything at once", answer: always(23, 23), rows: 23, begins: 1},
	{name: "only the first page larger", answer: twisted(23, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 0 {
			*answer = honest(23)(oddRequest{limit: 5})
		}
	}), rows: 23, begins: 1},
	{name: "only the first page larger than any limit", answer: twisted(500, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 0 {
			*answer = honest(500)(oddRequest{limit: 250})
		}
	}), limit: 100, rows: 500, begins: 4},
	{name: "a short first page that has more", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 0 {
			*answer = honest(8)(oddRequest{limit: 2})
		}
	}), rows: 8, begins: 1},
	{name: "a first page of one row that has more", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 0 {
			*answer = honest(8)(oddRequest{limit: 1})
		}
	}), rows: 8, begins: 4},
	{name: "a short first page whose cursor counts what was asked", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 0 {
			answer.ids = answer.ids[:2]
		}
	}), lacks: "r2", rows: 8, begins: 4},
	{name: "a short page in the middle", answer: twisted(9, func(asked oddRequest, answer *oddAnswer) {
		if asked.offset == 4 {
			*answer = honest(9)(oddRequest{offset: 4, limit: 2})
		}
	}), rows: 9, begins: 4},
	{name: "a short page in the middle, whose last row begins the next", answer: twisted(9, func(asked oddRequest, answer *oddAnswer) {
		switch {
		case asked.begins == 1 && asked.offset == 4:
			*answer = honest(9)(oddRequest{offset: 4, limit: 2})
		case asked.begins == 1 && asked.offset == 6:
			answer.ids[0] = "r5"
		}
	}), rows: 9, begins: 2},
}

// swapping has the ties r2 and r3, which stand the other way round whenever
// that is so.
func swapping(swapped func(oddRequest) bool) func(oddRequest) oddAnswer {
	return twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if !swapped(asked) {
			return
		}
		for i, id := range answer.ids {
			switch id {
			case "r2":
				answer.ids[i] = "r3"
			case "r3":
				answer.ids[i] = "r2"
			}
		}
	})
}
