package acceptance

import (
	"bytes"
	"errors"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Ctrl-C goes to Terraform and to the provider. What else a read may be busy with is in
// TestStop.
func TestCtrlC(t *testing.T) { //nolint:paralleltest // What is measured is time.
	w := harness.NewWorkingDir(t, harness.Block(`provider "tofupilot"`)+harness.Procedures("all", "page_size = 2"))
	for _, name := range []string{"no answer", "a rate limit of a minute", "a list that keeps changing"} { //nolint:paralleltest // As above.
		t.Run(name, func(t *testing.T) {
			at := busyWith()[name](t)
			w.Environment = []string{"TOFUPILOT_URL=" + at.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key}
			var output bytes.Buffer
			plan := w.Command(t, "plan", "-no-color", "-input=false")
			plan.Stdout, plan.Stderr = &output, &output
			harness.SetProcessGroup(t, plan)
			if err := plan.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- plan.Wait() }()
			late := time.After(time.Minute)
			for len(at.Requests()) == 0 {
				select {
				case <-late:
					t.Fatal("nothing was asked")
				case err := <-ended:
					t.Fatalf("the plan ended before it asked anything: %v: %s", err, &output)
				case <-time.After(10 * time.Millisecond):
				}
			}
			time.Sleep(100 * time.Millisecond) // what it was asked is answered meanwhile, if it ever is

			interrupted := time.Now()
			harness.Interrupt(t, plan)
			err := harness.Receive(t, ended, stopTime, "the plan")
			if spent := time.Since(interrupted); spent > 2*time.Second {
				t.Errorf("it took %s", spent)
			}
			if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("it ended with %v: %s", err, &output)
			}
			harness.CheckNoCrash(t, output.String())
			harness.CheckNoKey(t, "the output", output.Bytes())
			if !harness.MatchOutput("Error: Interrupted", "was interrupted. So far: ").Match(output.Bytes()) {
				t.Errorf("it says %s", &output)
			}
			harness.CheckGroupEnded(t, plan)
		})
	}
}

// busyWith are targets with which a read would go on for long.
func busyWith() map[string]func(*testing.T) *harness.Target {
	return map[string]func(*testing.T) *harness.Target{
		"no answer":                  harness.NewConnTarget(saysNothing),
		"no TLS handshake":           swapped("https", harness.NewConnTarget(saysNothing)),
		"a body that drips":          faulty(drip),
		"a pause of a minute":        faulty(answer(http.StatusServiceUnavailable, "", "Retry-After", "60")),
		"a rate limit of a minute":   faulty(answer(http.StatusTooManyRequests, "", "Retry-After", "60")),
		"a list that keeps changing": restless,
		"the second of two pages":    around(onSecondPage(func(_ http.ResponseWriter, r *http.Request) { untilGone(r, time.Minute) })),
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	for name, at := range busyWith() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.CheckGoroutinesEnd(t, func(t *testing.T) {
				t.Helper()
				at := at(t)
				server := configured(t, harness.Values{"url": at.URL, "api_key": fakeapi.Key, "max_retries": 10})
				read := server.StartRead(t.Context(), t, "tofupilot_procedures", harness.Values{"page_size": 2})
				for len(at.Requests()) == 0 {
					select {
					case resp := <-read:
						t.Fatalf("the read ended before it asked anything: %s", harness.FormatDiagnostics(resp.Diagnostics))
					case <-time.After(time.Millisecond):
					}
				}
				time.Sleep(100 * time.Millisecond) // what it was asked is answered meanwhile, if it ever is

				stopped := time.Now()
				if _, err := server.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
					t.Fatal(err)
				}
				harness.CheckError(t, harness.Receive(t, read, stopTime, "the read").Diagnostics, harness.WantError("", "Interrupted",
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
