package paging

import (
	"cmp"
	"context"
	"fmt"
)

// follow reads the list by following the server's own cursors.
func (p *pager[R]) follow(ctx context.Context) error {
	at, followed := "", map[string]bool{}
	for range maxRows { // a page may be empty
		page, err := p.Fetch(ctx, at, p.PageSize)
		if err != nil {
			return err
		}
		// Check the cursor first: if it doesn't advance, repeated rows aren't a sign of a change.
		advances := page.Next != "" && !followed[page.Next] && !isBehind(page.Next, at)
		switch {
		case page.More && page.Next == "":
			return &InconsistentError{What: fmt.Sprintf("it has more after the page at cursor %q, but gives no next_cursor", at)}
		case page.More && !advances: // once, an old count may cause this; twice, it is how the server counts
			return changedError("after the page at cursor %q it gives next_cursor %q, which doesn't advance", at, page.Next)
		}
		if err := p.add(page.Rows, 0); err != nil {
			return err
		}
		p.ends = append(p.ends, len(p.rows))
		// has_more may come from an old count: another cursor is followed until a page is empty.
		if !page.More && (!advances || len(page.Rows) == 0) {
			return nil
		}
		at = page.Next
		followed[at] = true
	}
	return errTooManyRows
}

// isBehind reports whether both cursors are offsets, and the first isn't larger.
func isBehind(next, at string) bool {
	to, ok := offsetOf(next)
	from, atOffset := offsetOf(cmp.Or(at, "0"))
	return ok && atOffset && to <= from
}
