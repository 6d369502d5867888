package acceptance

import (
	"net/http"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const limited = "The server limits the rate of requests"

// retryFaults returns faults with statuses that are retried. Some of the servers ask for a pause.
func retryFaults() []fault {
	oneRetry := harness.Values{"max_retries": 1}
	cannotWait := func(name, retryAfter string, words ...string) fault {
		return fault{
			name: name, target: serveHandler(fakeapi.Status(http.StatusTooManyRequests, `{"message":"Not now"}`, "Retry-After", retryAfter)),
			wantError: harness.WantError("timeouts.read", limited, append([]string{firstRequest + " returned HTTP 429 Too Many Requests: Not now."}, words...)...),
			requests:  1,
		}
	}
	return []fault{
		{
			name: "500 for every attempt", target: serveHandler(fakeapi.Status(http.StatusInternalServerError, `{"message":"Internal server error","code":"INTERNAL_SERVER_ERROR","issues":[]}`)), provider: oneRetry,
			wantError: harness.WantError("", inTrouble, firstRequest+" (2 attempts) returned HTTP 500 Internal Server Error: Internal server error.", askTheAdmin),
			requests:  2, retries: 1, timeout: retryTimeout,
		},
		{
			name: "429 for every attempt, with Retry-After", target: serveHandler(fakeapi.Status(http.StatusTooManyRequests, "", "Retry-After", "1")), provider: oneRetry,
			wantError: harness.WantError("", limited, firstRequest+" (2 attempts) returned HTTP 429",
				"The server asks to wait 1s. Try again later, or raise the provider's max_retries, which is 1."),
			requests: 2, retries: 1, pause: time.Second, timeout: retryTimeout,
		},
		{
			name: "503 for every attempt", target: serveHandler(fakeapi.Status(http.StatusServiceUnavailable, `{"message":"In maintenance"}`)), provider: oneRetry,
			wantError: harness.WantError("", "The server is unavailable", firstRequest+" (2 attempts) returned HTTP 503 Service Unavailable: In maintenance.",
				"The provider's max_retries is 1, which may be too few if the server limits the rate of requests."),
			requests: 2, retries: 1, timeout: retryTimeout,
		},
		cannotWait("429 with Retry-After of an hour", "3600",
			"The server asks to wait 1h, but only ", " of timeouts.read remains. Try again after that time, or raise timeouts.read by 1h."),
		cannotWait("429 with Retry-After of a date in two years", time.Now().AddDate(2, 0, 0).UTC().Format(http.TimeFormat),
			"The server asks to wait a year or longer. Ask its administrator why."),
	}
}

const (
	tookTooLong = "Reading took too long"
	raiseRead   = "Raise timeouts.read, or narrow the list by search_query"
)

// deadlineFaults returns faults with which a read reaches its deadline, timeouts.read.
func deadlineFaults() []fault {
	readWithin := func(deadline string) harness.Values {
		return harness.Values{"timeouts": harness.Values{"read": deadline}, "page_size": 2} // for serveWithoutSecondPage
	}
	wantTimeout := func(deadline string, words ...string) harness.WantDiagnostic {
		return harness.WantError("timeouts.read", tookTooLong, append([]string{
			"Reading the procedures from {url}/api didn't finish within " + deadline + ", the limit that timeouts.read sets.",
		}, words...)...)
	}
	return []fault{
		{
			name: "the deadline during the request for the second page", target: serveHandler(serveWithoutSecondPage()), arguments: readWithin("300ms"),
			wantError: wantTimeout("300ms", "So far: 3 requests, 2 procedures.", raiseRead), requests: 3, // the first page, then the second and third at the same time
		},
		{
			name: "the deadline during a pause", target: serveHandler(fakeapi.Status(http.StatusTooManyRequests, `{"message":"Too many requests."}`)), arguments: readWithin("500ms"),
			wantError: wantTimeout("500ms", "The last request failed: GET {url}/api/v2/procedures?limit=2 returned HTTP 429 Too Many Requests: Too many requests.\n\n"+raiseRead),
			requests:  1, retries: 1, // a retry is logged before its pause
		},
		{
			name: "the deadline while the list keeps changing", target: serveChangingList, arguments: readWithin("1s"),
			wantError: wantTimeout("1s", "The list changed while it was read, so the provider read it from the start ", "Last change: the page at offset 1 begins with ", raiseRead,
				"The provider returns complete lists only. You can also try again when fewer procedures are being created or deleted."),
			requests: anyNumber, // the list is read again and again
		},
	}
}
