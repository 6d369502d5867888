package paging

import (
	"slices"
	"testing"
)

// A token that happens to look like a number isn't one.
func TestNumericTokens(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"007", "1e3", "+5", "0x1p4"} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			server := &oddServer{answer: func(asked oddRequest) oddAnswer {
				if asked.cursor == "" {
					return oddAnswer{ids: firstIDs(3), more: true, next: token}
				}
				return oddAnswer{ids: firstIDs(5)[3:], more: false}
			}}
			rows, err := server.pager(3).all(t.Context())
			if err != nil || !slices.Equal(rowIDs(rows), firstIDs(5)) {
				t.Errorf("got %q, %v", rowIDs(rows), err)
			}
			for _, asked := range server.asked {
				if asked.cursor != "" && asked.cursor != token {
					t.Errorf("sent %q back as %q", token, asked.cursor)
				}
			}
		})
	}
}
