package acceptance

import (
	"net/http"
	"sync"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

const limited = "The server limits the rate of requests"

// What may pass is asked again, and what a server asks of its clients is done.
func retryFaults() []fault {
	one := harness.Values{"max_retries": 1}
	stays := func(name string, code int, body, summary string, words ...string) fault {
		return fault{
			name: name, at: faulty(answer(code, body)), provider: one,
			fails:    harness.Error("", summary, append([]string{askedFor + " (2 attempts) returned "}, words...)...),
			requests: 2, retries: 1, within: retried(1),
		}
	}
	cannotWait := func(name, after, says string) fault {
		return fault{
			name: name, at: faulty(answer(429, `{"message":"Not now"}`, "Retry-After", after)),
			fails:    harness.Error("timeouts.read", limited, askedFor+" returned HTTP 429 Too Many Requests: Not now.", says),
			requests: 1,
		}
	}
	return []fault{
		stays("500 for ever", 500, `{"message":"Internal server error","code":"INTERNAL_SERVER_ERROR","issues":[]}`, inTrouble, "HTTP 500 Internal Server Error: Internal server error.", askTheAdmin),
		stays("502 as HTML", 502, proxyPage, inTrouble, "HTTP 502 Bad Gateway (text/html, not an API answer).", askTheAdmin),
		{
			name: "429 for ever, with a time", at: faulty(answer(429, "", "Retry-After", "1")), provider: one,
			fails: harness.Error("", limited, askedFor+" (2 attempts) returned HTTP 429",
				"The server asks to wait 1s. Try again later, or raise the provider's max_retries, which is 1."),
			requests: 2, retries: 1, pause: time.Second, within: quick + time.Second,
		},
		cannotWait("429 with an hour", "3600",
			"The server asks to wait 1h, but only 5m of timeouts.read remains. Try again after that time, or raise timeouts.read above 1h."),
		cannotWait("429 with a date in two years", time.Now().AddDate(2, 0, 0).UTC().Format(http.TimeFormat),
			"The server asks to wait a year or longer. Ask its administrator why."),
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
