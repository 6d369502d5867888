package acceptance

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	tookTooLong = "Reading took too long"
	raise       = "Raise timeouts.read, or narrow the list by search_query"
)

// The time of a whole read is over, whatever it was busy with.
func deadlineFaults() []fault {
	limit := func(read string) harness.Values {
		return harness.Values{"timeouts": harness.Values{"read": read}, "page_size": 2}
	}
	ended := func(read string, words ...string) harness.Diagnosis {
		return harness.Error("timeouts.read", tookTooLong, append([]string{
			"Reading the procedures from {url}/api didn't finish within " + read + ", the limit that timeouts.read sets.",
		}, words...)...)
	}
	hangs := func(_ http.ResponseWriter, r *http.Request) { untilGone(r, time.Minute) }
	return []fault{
		{
			name: "the deadline while the first page hangs", at: faulty(hangs), arguments: limit("200ms"),
			fails: ended("200ms", "So far: 1 request, 0 procedures.", raise), requests: 1,
		},
		{
			name: "the deadline while the second page hangs", at: around(onSecondPage(hangs)), arguments: limit("300ms"),
			fails: ended("300ms", "So far: 3 requests, 2 procedures.", raise), requests: 3,
		},
		{
			name: "the deadline during a pause", at: faulty(answer(http.StatusTooManyRequests, `{"message":"Too many requests."}`)), arguments: limit("500ms"),
			fails:    ended("500ms", "The last request failed: GET {url}/api/v2/procedures?limit=2 returned HTTP 429 Too Many Requests: Too many requests.\n\n"+raise),
			requests: 1, retries: 1,
		},
		{
			name: "the deadline while the list keeps changing", at: restless, arguments: limit("1s"),
			fails: ended("1s", "The list changed while it was read, so the provider read it from the start ", "Last change: the page at offset 1 begins with ", raise,
				"The provider returns complete lists only. You can also try again when fewer procedures are being created or deleted."),
			requests: requestsVary,
		},
	}
}

// restless is a list, newest first, to which a procedure is added before every answer.
func restless(t *testing.T) *harness.Target {
	t.Helper()
	api, added := fakeapi.New(few...), new(atomic.Int64)
	api.Before(func(fakeapi.Request) {
		next := added.Add(1)
		api.Add(fakeapi.Procedure{ID: fmt.Sprintf("new-%d", next), CreatedAt: time.Now().Add(time.Duration(next) * time.Second)})
	})
	return harness.Serving(t, api)
}
