package acceptance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// numbered are procedures r0, r1 …, each created a minute after the one before.
func numbered(count int) []fakeapi.Procedure {
	var procedures []fakeapi.Procedure
	for i := range count {
		procedures = append(procedures, fakeapi.Procedure{
			ID: fmt.Sprintf("r%d", i), Name: fmt.Sprintf("Procedure %d", i), CreatedAt: time.Date(2024, 1, 1, 0, i, 0, 0, time.UTC),
		})
	}
	return procedures
}

func idsWithout(procedures []fakeapi.Procedure, gone string) []string {
	return slices.DeleteFunc(harness.IDs(procedures), func(id string) bool { return id == gone })
}

// byActivity is a server that lists what was last active first. When it is asked
// for the second time, r150 becomes the first, and r10 is deleted: every page still
// begins with the row that the one before ended with.
func byActivity(t *testing.T) *harness.Target {
	t.Helper()
	api := fakeapi.New(numbered(250)...)
	activity := func(p fakeapi.Procedure) int {
		number, _ := strconv.Atoi(p.ID[1:])
		return number * 7919 % 250 // in no order of creation
	}
	first := func(id string) func(a, b fakeapi.Procedure) int {
		return func(a, b fakeapi.Procedure) int {
			return cmp.Or(-cmp.Compare(oneIf(a.ID == id), oneIf(b.ID == id)), cmp.Compare(activity(a), activity(b)))
		}
	}
	api.Order(first(""))
	api.Before(func(r fakeapi.Request) {
		if r.Number == 2 {
			api.Delete("r10")
			api.Order(first("r150"))
		}
	})
	return harness.Serving(t, api)
}

func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}

// countedLate is a server with 101 procedures of which one of the first hundred is
// deleted after the first page's rows were taken and before they are counted.
func countedLate(t *testing.T) *harness.Target {
	t.Helper()
	api := fakeapi.New(numbered(101)...)
	api.Order(func(a, b fakeapi.Procedure) int { return a.CreatedAt.Compare(b.CreatedAt) })
	answered := 0
	return harness.Serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := httptest.NewRecorder()
		api.ServeHTTP(page, r)
		if answered++; answered == 1 {
			api.Delete("r5")
			var answer map[string]any
			if err := json.Unmarshal(page.Body.Bytes(), &answer); err != nil {
				panic(err)
			}
			answer["meta"] = map[string]any{"has_more": false, "next_cursor": nil}
			body, err := json.Marshal(answer)
			if err != nil {
				panic(err)
			}
			page.Body = bytes.NewBuffer(body)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(page.Body.Bytes())
	}))
}

// floored is a server whose pages begin at multiples of limit, whatever the cursor.
func floored(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		limit, _ := strconv.Atoi(query.Get("limit"))
		cursor, _ := strconv.Atoi(query.Get("cursor"))
		query.Set("cursor", strconv.Itoa(cursor-cursor%limit))
		other := r.Clone(r.Context())
		other.URL.RawQuery = query.Encode()
		api.ServeHTTP(w, other)
	})
}

// Servers that behave otherwise than documented.
func otherwiseFaults() []fault {
	all := numbered(250)
	return []fault{
		{
			name: "by last activity, and a row moves to the front while another is deleted", at: byActivity,
			ids: idsWithout(all, "r10"), requests: requestsVary,
		},
		{
			name: "rows and count of different moments", at: countedLate,
			ids: idsWithout(all[:101], "r5"), requests: 4, // two pages that don't fit together, and two that do
		},
		{
			name: "cursors rounded down to a multiple of limit",
			at: func(t *testing.T) *harness.Target {
				t.Helper()
				return harness.Serving(t, floored(fakeapi.New(all...)))
			},
			ids: harness.IDs(all), requests: requestsVary,
		},
		{
			name: "a row that the server can't show", at: faulty(answer(http.StatusInternalServerError, `{"message":"Output validation failed","code":"INTERNAL_SERVER_ERROR"}`)),
			fails: harness.Error("", "The server can't return one of its procedures",
				askedFor+" returned HTTP 500 Internal Server Error: Output validation failed.", "Only the server's administrator can fix that. Show them this message.",
			), requests: 1,
		},
	}
}
