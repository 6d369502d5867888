package tofupilot

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A token that happens to look like a number isn't one.
func TestATokenThatLooksLikeANumberIsSentBackAsItCame(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"007", "1e3", "+5", "0x1p4"} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			server := &oddServer{answer: func(asked oddRequest) oddAnswer {
				if asked.cursor == "" {
					return oddAnswer{ids: firstIDs(3), more: "true", next: strconv.Quote(token)}
				}
				return oddAnswer{ids: firstIDs(5)[3:], more: "false", next: "null"}
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

// An empty cursor asks for the first page, so there is nothing to follow.
func TestAnEmptyCursorIsNone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer func(oddRequest) oddAnswer
		fails  string
	}{
		{"at the end of the only page", twisted(3, func(_ oddRequest, answer *oddAnswer) { answer.next = `""` }), ""},
		{"at the end of the second page", twisted(5, func(asked oddRequest, answer *oddAnswer) {
			if asked.offset > 0 {
				answer.next = `""`
			}
		}), ""},
		{"where there is more", nextAs(0, `""`), "the server's paging can't be followed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				rows, err := (&oddServer{answer: test.answer}).pager(3).all(ctx)
				if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got %q, %v; want an error that says %q", rowIDs(rows), err, test.fails)
				}
			})
		})
	}
}
