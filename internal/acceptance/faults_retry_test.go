package acceptance

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

const limited = "The server limits the rate of requests"

// What may pass is asked again, and what a server asks of its clients is done.
func retryFaults() []fault {
	one := harness.Values{"max_retries": 1}
	passes := func(name string, first http.HandlerFunc) fault {
		return fault{name: name, at: faulty(first, 1), provider: one, ids: whole, requests: 2, retries: 1, within: retried(1)}
	}
	waits := func(name string, pause time.Duration, header ...string) fault {
		return fault{
			name: name, at: faulty(answer(http.StatusTooManyRequests, "", header...), 1), provider: one,
			ids: whole, requests: 2, retries: 1, pause: pause, within: retried(1) + pause,
		}
	}
	stays := func(name string, code int, body, summary string, words ...string) fault {
		return fault{
			name: name, at: faulty(answer(code, body)), provider: one,
			fails:    harness.Error("", summary, append([]string{askedFor + " (2 attempts) returned "}, words...)...),
			requests: 2, retries: 1, within: retried(1),
		}
	}
	cannotWait := func(name string, code int, after, longest, summary, says string) fault {
		return fault{
			name: name, at: faulty(answer(code, `{"message":"Not now"}`, "Retry-After", after)), arguments: harness.Values{"timeouts": harness.Values{"read": longest}},
			fails:    harness.Error("timeouts.read", summary, fmt.Sprintf(askedFor+" returned HTTP %d %s: Not now.", code, http.StatusText(code)), says),
			requests: 1,
		}
	}
	const endless = "The server asks to wait a year or longer. Ask its administrator why."
	return []fault{
		passes("408, then fine", answer(408, "")),
		stays("500 for ever", 500, `{"message":"Internal server error","code":"INTERNAL_SERVER_ERROR","issues":[]}`, inTrouble, "HTTP 500 Internal Server Error: Internal server error.", askTheAdmin),
		{
			name: "500 for ever, with the three retries of the default", at: faulty(answer(500, "")),
			fails:    harness.Error("", inTrouble, askedFor+" (4 attempts) returned HTTP 500 Internal Server Error", askTheAdmin),
			requests: 4, retries: 3, within: retried(3),
		},
		{
			name: "500 once on each page", at: around(firstAnswers(answer(500, ""))), provider: one, arguments: harness.Values{"page_size": 2},
			ids: whole, requests: 8, retries: 4, within: retried(1) + time.Second, // four pages, the last of which shows that nothing follows
		},
		stays("a status that nobody knows", 599, "", inTrouble, "HTTP 599 (text/html, not an API answer).", askTheAdmin),
		stays("429 for ever", 429, `{"message":"Too many requests"}`, limited, "HTTP 429 Too Many Requests: Too many requests.",
			"Try again later, or raise the provider's max_retries, which is 1."),
		{
			name: "429 for ever, with a time", at: faulty(answer(429, "", "Retry-After", "1")), provider: one,
			fails: harness.Error("", limited, askedFor+" (2 attempts) returned HTTP 429",
				"The server asks to wait 1s. Try again later, or raise the provider's max_retries, which is 1."),
			requests: 2, retries: 1, pause: time.Second, within: quick + time.Second,
		},
		{
			name: "429 without retries", at: faulty(answer(429, "", "Retry-After", "1")), provider: harness.Values{"max_retries": 0},
			fails: harness.Error("", limited, askedFor+" returned HTTP 429",
				"The server asks to wait 1s. Try again later, or raise the provider's max_retries, which is 0."),
			requests: 1,
		},
		waits("429 with a second", time.Second, "Retry-After", "1"),
		cannotWait("429 with an hour", 429, "3600", "5m", limited,
			"The server asks to wait 1h, but only 5m of timeouts.read remains. Try again after that time, or raise timeouts.read above 1h."),
		cannotWait("429 with a number beyond all bounds", 429, "1000000000000000000000", "30s", limited, endless),
		cannotWait("503 with a day", 503, "86400", "30s", inTrouble, "The server asks to wait 24h, but only 30s of timeouts.read remains. Try again after that time, or raise timeouts.read above 24h."),
	}
}

// firstAnswers has the first request for each page meet the fault.
func firstAnswers(fault http.HandlerFunc) func(http.Handler) http.Handler {
	return func(api http.Handler) http.Handler {
		var asked sync.Map
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, again := asked.LoadOrStore(r.URL.RawQuery, nil); !again {
				fault(w, r)
				return
			}
			api.ServeHTTP(w, r)
		})
	}
}
