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

// TestCtrlC sends Ctrl-C to Terraform and the provider. TestStop has more cases.
func TestCtrlC(t *testing.T) { //nolint:paralleltest // It measures time.
	w := harness.NewWorkingDir(t, harness.Block(`provider "tofupilot"`)+harness.Procedures("all", "page_size = 2"))
	for _, name := range []string{"no response", "a rate limit of a minute", "a list that keeps changing"} { //nolint:paralleltest // As above.
		t.Run(name, func(t *testing.T) {
			target := busyTargets()[name](t)
			w.Environment = []string{"TOFUPILOT_URL=" + target.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key}
			var output bytes.Buffer
			plan := w.Command(t, "plan", "-no-color", "-input=false")
			plan.Stdout, plan.Stderr = &output, &output
			harness.SetProcessGroup(t, plan)
			if err := plan.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- plan.Wait() }()
			timeout := time.After(time.Minute)
			for len(target.Requests()) == 0 {
				select {
				case <-timeout:
					t.Fatal("the plan sent no request")
				case err := <-ended:
					t.Fatalf("the plan ended before its first request: %v: %s", err, &output)
				case <-time.After(10 * time.Millisecond):
				}
			}
			time.Sleep(100 * time.Millisecond) // until the response to the first request is read, if there is one

			interrupted := time.Now()
			harness.Interrupt(t, plan)
			err := harness.Receive(t, ended, stopTime, "the plan")
			if took := time.Since(interrupted); took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
			if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("it ended with %v: %s", err, &output)
			}
			harness.CheckNoCrash(t, output.String())
			harness.CheckNoKey(t, "the output", output.Bytes())
			if !harness.OutputPattern("Error: Interrupted", "was interrupted. So far: ").Match(output.Bytes()) {
				t.Errorf("the output is %s", &output)
			}
			harness.CheckGroupEnded(t, plan)
		})
	}
}

// busyTargets returns functions that start targets with which a read takes minutes.
func busyTargets() map[string]targetFunc {
	return map[string]targetFunc{
		"no response":                    harness.NewConnTarget(waitForClose),
		"no TLS handshake":               withScheme("https", harness.NewConnTarget(waitForClose)),
		"a slow body":                    serveHandler(http.HandlerFunc(dripBody)),
		"a pause of a minute":            serveHandler(fakeapi.Status(http.StatusServiceUnavailable, "", "Retry-After", "60")),
		"a rate limit of a minute":       serveHandler(fakeapi.Status(http.StatusTooManyRequests, "", "Retry-After", "60")),
		"a list that keeps changing":     serveChangingList,
		"a second page that never comes": serveHandler(failSecondPage(newAPI(), neverRespond)),
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	for name, newTarget := range busyTargets() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.CheckGoroutinesEnd(t, func(t *testing.T) {
				t.Helper()
				target := newTarget(t)
				connection := newConnection(t, harness.Values{"url": target.URL, "api_key": fakeapi.Key, "max_retries": 10})
				read := connection.StartRead(t.Context(), t, "tofupilot_procedures", harness.Values{"page_size": 2})
				for len(target.Requests()) == 0 {
					select {
					case resp := <-read:
						t.Fatalf("the read ended before its first request: %s", harness.FormatDiagnostics(resp.Diagnostics))
					case <-time.After(time.Millisecond):
					}
				}
				time.Sleep(100 * time.Millisecond) // until the response to the first request is read, if there is one

				stopped := time.Now()
				if _, err := connection.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
					t.Fatal(err)
				}
				harness.CheckError(t, harness.Receive(t, read, stopTime, "the read").Diagnostics, harness.WantError("", "Interrupted",
					"Reading the procedures from "+target.URL+"/api was interrupted.", "So far: ",
				))
				if took := time.Since(stopped); took > time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// stopTime is the time within which a read must end after it is stopped, on a busy machine.
// Without the stop, it would take minutes.
const stopTime = 10 * time.Second
