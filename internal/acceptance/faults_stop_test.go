package acceptance

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// busyWith are targets with which a read would go on for long.
func busyWith() map[string]func(*testing.T) *harness.Target {
	return map[string]func(*testing.T) *harness.Target{
		"no answer":                  harness.ByHand(saysNothing),
		"no TLS handshake":           swapped("https", harness.ByHand(saysNothing)),
		"a body that drips":          faulty(drip),
		"a pause of a minute":        faulty(answer(http.StatusServiceUnavailable, "", "Retry-After", "60")),
		"a rate limit of a minute":   faulty(answer(http.StatusTooManyRequests, "", "Retry-After", "60")),
		"a list that keeps changing": restless,
		"the second of two pages":    around(onSecondPage(func(_ http.ResponseWriter, r *http.Request) { untilGone(r, time.Minute) })),
	}
}

func TestStopEndsAReadAtOnceWhateverItIsBusyWith(t *testing.T) {
	t.Parallel()
	for name, at := range busyWith() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.GoroutinesEnd(t, func(t *testing.T) {
				t.Helper()
				at := at(t)
				server := configured(t, harness.Values{"url": at.URL, "api_key": fakeapi.Key, "max_retries": 10})
				read := server.StartRead(t.Context(), t, "tofupilot_procedures", harness.Values{"page_size": 2})
				for len(at.Asked()) == 0 {
					select {
					case resp := <-read:
						t.Fatalf("the read ended before it asked anything: %s", harness.Describe(resp.Diagnostics))
					case <-time.After(time.Millisecond):
					}
				}
				time.Sleep(100 * time.Millisecond) // what it was asked is answered meanwhile, if it ever is

				stopped := time.Now()
				if _, err := server.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
					t.Fatal(err)
				}
				harness.ExpectError(t, harness.Await(t, read, stopTime, "the read").Diagnostics, harness.Error("", "Interrupted",
					"Reading the procedures from "+at.URL+"/api was interrupted.", "So far: ",
				))
				if spent := time.Since(stopped); spent > time.Second {
					t.Errorf("it took %s", spent)
				}
			})
		})
	}
}

// stopTime is how long a read goes on after it is stopped: 2 s, and an allowance for
// a busy machine. Whatever waits here would wait for minutes.
const stopTime = 10 * time.Second
