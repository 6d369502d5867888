package fakeapi_test

import (
	"fmt"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestDefaultLimit(t *testing.T) {
	t.Parallel()
	ids := numbered(150)
	s := fakeapi.New(named(ids...)...)
	wantIDs(t, list(t, s, ""), ids[:50]...)
	wantIDs(t, list(t, s, "limit=100"), ids[:100]...)
	wantIDs(t, list(t, s, "limit=1&cursor=149"), "p149")
}

// Every page size, with and without a filter: the two are found in different ways.
func TestPages(t *testing.T) {
	t.Parallel()
	ids := numbered(23)
	s := fakeapi.New(named(ids...)...)
	for _, filter := range []string{"", "&search_query=name", "&created_after=2000-01-01T00:00:00Z"} {
		for limit := 1; limit <= 25; limit++ {
			var got []string
			cursor := 0
			for {
				p := decodePage(t, get(t, s, fmt.Sprintf("limit=%d&cursor=%d%s", limit, cursor, filter)))
				got = append(got, itemIDs(t, p.Data)...)
				if p.next == nil {
					break
				}
				if *p.next != cursor+len(p.Data) || len(p.Data) != limit {
					t.Fatalf("limit %d%s: %d rows, next_cursor %d", limit, filter, len(p.Data), *p.next)
				}
				cursor = *p.next
			}
			wantIDs(t, got, ids...)
		}
	}
}
