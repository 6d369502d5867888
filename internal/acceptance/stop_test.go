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

// TestCtrlC checks that Ctrl-C ends a plan and all of its processes within 2 seconds, and that the plan
// prints the error about an interrupted read. TestStop tests more servers.
func TestCtrlC(t *testing.T) { //nolint:paralleltest // The test measures time.
	w := harness.NewWorkingDir(t, harness.Block(`provider "tofupilot"`)+harness.Procedures("all", "page_size = 2"))
	for _, name := range []string{"no response", "a rate limit of a minute", "a list that keeps changing"} { //nolint:paralleltest // The test measures time.
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
			waitUntilBusy(t, target)

			interrupted := time.Now()
			harness.Interrupt(t, plan)
			err := harness.Receive(t, ended, stopTimeout, "the plan")
			if took := time.Since(interrupted); took > 2*time.Second {
				t.Errorf("the plan ended after %s, want at most 2 s", took)
			}
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
				t.Errorf("got %v, want exit status 1: %s", err, &output)
			}
			harness.CheckNoCrash(t, output.String())
			harness.CheckNoKey(t, "the output", output.Bytes())
			if want := harness.OutputPattern("Error: Interrupted", "was interrupted. So far: "); !want.Match(output.Bytes()) {
				t.Errorf("the output doesn't match %s: %s", want, &output)
			}
			harness.CheckGroupEnded(t, plan)
		})
	}
}

// busyTargets returns functions that start servers with which a read takes minutes.
func busyTargets() map[string]targetFunc {
	return map[string]targetFunc{
		"no response":                    harness.NewConnTarget(waitForClose),
		"no TLS handshake":               withScheme("https", harness.NewConnTarget(waitForClose)),
		"a slow body":                    serveHandler(http.HandlerFunc(dripBody)),
		"a pause of a minute":            serveHandler(fakeapi.Status(http.StatusServiceUnavailable, "", "Retry-After", "60")),
		"a rate limit of a minute":       serveHandler(fakeapi.Status(http.StatusTooManyRequests, "", "Retry-After", "60")),
		"a list that keeps changing":     serveChangingList,
		"a second page that never comes": serveHandler(serveWithoutSecondPage()),
	}
}

// waitUntilBusy waits for the first request, and then long enough for the client to read the response,
// if the server sends one.
func waitUntilBusy(t *testing.T, target *harness.Target) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for len(target.Requests()) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the server received no request within a minute")
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
}

// TestStop checks that a read ends with an error within a second after the provider is stopped.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, start := range busyTargets() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.CheckGoroutinesEnd(t, func(t *testing.T) {
				t.Helper()
				target := start(t)
				connection := newConnection(t, harness.Values{"url": target.URL, "api_key": fakeapi.Key, "max_retries": 10}) // enough for minutes with the slow body
				read := connection.StartRead(t.Context(), t, "tofupilot_procedures", harness.Values{"page_size": 2})
				waitUntilBusy(t, target)

				stopped := time.Now()
				if _, err := connection.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
					t.Fatal(err)
				}
				resp := harness.Receive(t, read, stopTimeout, "the read")
				if took := time.Since(stopped); took > time.Second {
					t.Errorf("the read ended after %s, want at most 1 s", took)
				}
				harness.CheckError(t, resp.Diagnostics, harness.WantError("", "Interrupted",
					"Reading the procedures from "+target.URL+"/api was interrupted.", "So far: "))
			})
		})
	}
}

// stopTimeout is the time after which a test fails. A read that is stopped ends sooner, even on a busy
// machine. A read that isn't stopped takes minutes.
const stopTimeout = 10 * time.Second
