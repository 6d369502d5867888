package acceptance

import (
	"net/http"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

const limited = "The server limits the rate of requests"

// retryFaults has statuses that are retried, and pauses that the server asks for.
func retryFaults() []fault {
	one := harness.Values{"max_retries": 1}
	cannotWait := func(name, after string, words ...string) fault {
		return fault{
			name: name, target: serveFault(respond(429, `{"message":"Not now"}`, "Retry-After", after)),
			wantError: harness.WantError("timeouts.read", limited, append([]string{firstRequest + " returned HTTP 429 Too Many Requests: Not now."}, words...)...),
			requests:  1,
		}
	}
	return []fault{
		{
			name: "500 for every attempt", target: serveFault(respond(500, `{"message":"Internal server error","code":"INTERNAL_SERVER_ERROR","issues":[]}`)), provider: one,
			wantError: harness.WantError("", inTrouble, firstRequest+" (2 attempts) returned HTTP 500 Internal Server Error: Internal server error.", askTheAdmin),
			requests:  2, retries: 1, timeout: retryTimeout,
		},
		{
			name: "429 for every attempt, with Retry-After", target: serveFault(respond(429, "", "Retry-After", "1")), provider: one,
			wantError: harness.WantError("", limited, firstRequest+" (2 attempts) returned HTTP 429",
				"The server asks to wait 1s. Try again later, or raise the provider's max_retries, which is 1."),
			requests: 2, retries: 1, pause: time.Second, timeout: quickTimeout + time.Second,
		},
		{
			name: "503 for every attempt", target: serveFault(respond(503, `{"message":"In maintenance"}`)), provider: one,
			wantError: harness.WantError("", "The server is unavailable", firstRequest+" (2 attempts) returned HTTP 503 Service Unavailable: In maintenance.",
				"The provider's max_retries is 1, which may be too few if the server limits the rate of requests."),
			requests: 2, retries: 1, timeout: quickTimeout + 5*time.Second/4,
		},
		cannotWait("429 with Retry-After of an hour", "3600",
			"The server asks to wait 1h, but only ", " of timeouts.read remains. Try again after that time, or raise timeouts.read by 1h."),
		cannotWait("429 with Retry-After of a date in two years", time.Now().AddDate(2, 0, 0).UTC().Format(http.TimeFormat),
			"The server asks to wait a year or longer. Ask its administrator why."),
	}
}

const (
	tookTooLong = "Reading took too long"
	raise       = "Raise timeouts.read, or narrow the list by search_query"
)

// deadlineFaults has reads that reach timeouts.read at different steps.
func deadlineFaults() []fault {
	limit := func(read string) harness.Values {
		return harness.Values{"timeouts": harness.Values{"read": read}, "page_size": 2}
	}
	wantTimeout := func(read string, words ...string) harness.WantDiagnostic {
		return harness.WantError("timeouts.read", tookTooLong, append([]string{
			"Reading the procedures from {url}/api didn't finish within " + read + ", the limit that timeouts.read sets.",
		}, words...)...)
	}
	hangs := func(_ http.ResponseWriter, r *http.Request) { waitForDisconnect(r, time.Minute) }
	return []fault{
		{
			name: "the deadline during the request for the second page", target: serveWrapped(failSecondPage(hangs)), arguments: limit("300ms"),
			wantError: wantTimeout("300ms", "So far: 3 requests, 2 procedures.", raise), requests: 3,
		},
		{
			name: "the deadline during a pause", target: serveFault(respond(http.StatusTooManyRequests, `{"message":"Too many requests."}`)), arguments: limit("500ms"),
			wantError: wantTimeout("500ms", "The last request failed: GET {url}/api/v2/procedures?limit=2 returned HTTP 429 Too Many Requests: Too many requests.\n\n"+raise),
			requests:  1, retries: 1,
		},
		{
			name: "the deadline while the list keeps changing", target: serveChangingList, arguments: limit("1s"),
			wantError: wantTimeout("1s", "The list changed while it was read, so the provider read it from the start ", "Last change: the page at offset 1 begins with ", raise,
				"The provider returns complete lists only. You can also try again when fewer procedures are being created or deleted."),
			requests: anyNumber,
		},
	}
}
