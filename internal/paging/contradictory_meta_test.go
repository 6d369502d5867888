package paging

import "strconv"

// Cursors that mean no offset. Where a page's
// cursor isn't its offset plus its rows, two passes have to agree.
var oddForms = []oddCase{
	{name: "a token", answer: tokens(8), rows: 8, begins: 3},
	{name: "a token, and pages of one", answer: tokens(8), limit: 1, rows: 8, begins: 3},
	{name: "the number of the page", answer: numbered(8), rows: 8, begins: 4},
	{name: "the number of the page, and pages of one", answer: numbered(8), limit: 1, rows: 8, begins: 4},
	{name: "a token that looks like a number", answer: numberLike("007"), rows: 5, begins: 3},
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
	{name: "no more, but a cursor to where nothing is", answer: twisted(8, func(asked oddRequest, answer *oddAnswer) {
		if answer.next == "" && len(answer.ids) > 0 {
			answer.next = strconv.Itoa(asked.offset + len(answer.ids))
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
