package provider

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// busyWith are places at which a read would go on for long.
func busyWith() map[string]func(*testing.T) *place {
	return map[string]func(*testing.T) *place{
		"no answer":                  byHand(saysNothing),
		"no TLS handshake":           swapped("https", byHand(saysNothing)),
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
			goroutinesEnd(t, func(t *testing.T) {
				t.Helper()
				at := at(t)
				terraform := speak(t, Server("test")())
				expectNoDiagnostics(t, terraform.configure(t, false, values{"url": at.url, "api_key": fakeapi.Key, "max_retries": 10}))
				read := make(chan *tfprotov6.ReadDataSourceResponse, 1)
				go func() { read <- terraform.read(t, values{"page_size": 2}) }()
				for len(at.asked()) == 0 {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(100 * time.Millisecond) // what it was asked is answered meanwhile, if it ever is

				stopped := time.Now()
				if _, err := terraform.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
					t.Fatal(err)
				}
				expectError(t, (<-read).Diagnostics, diagnosis{"", "Interrupted", []string{
					"Reading the procedures from " + at.url + "/api was interrupted.", "So far: ",
				}})
				if spent := time.Since(stopped); spent > time.Second {
					t.Errorf("it took %s", spent)
				}
			})
		})
	}
}
