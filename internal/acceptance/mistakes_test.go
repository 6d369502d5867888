package acceptance

import (
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestMistakes checks that Terraform prints exactly one error for a mistake, that the error says how to
// correct it, and that requests are sent only for mistakes that the server finds.
func TestMistakes(t *testing.T) {
	t.Parallel()
	api, url := harness.NewFakeServer(t, fakeapi.Procedure{ID: "fct", Name: "PCB Functional Test"}, fakeapi.Procedure{ID: "burn", Name: "Burn-in"})
	provider := func(arguments ...string) string {
		return harness.Block(`provider "tofupilot"`, append(arguments, "url = "+harness.Quote(url), "max_retries = 0")...)
	}
	lookup := harness.Procedure("fct", `name = "PCB Functional Test"`)
	w := harness.NewWorkingDir(t, "")
	for mistake, c := range map[string]struct { //nolint:paralleltest // The cases share the directory.
		config       string
		key          string // TOFUPILOT_API_KEY; empty counts as unset
		sendsRequest bool
		want         []string // parts of the output, in this order
	}{
		"no key and no provider block": { // reported by the data source, because Terraform adds wrong advice to an error of Configure
			config: lookup,
			want:   []string{"Error: No API key", "with data.tofupilot_procedure.fct,", "and set TOFUPILOT_API_KEY to it."},
		},
		"a wrong key": {
			config: provider() + lookup, key: "tp_of_another_server", sendsRequest: true,
			want: []string{
				"Error: The server doesn't accept the API key", "with data.tofupilot_procedure.fct,", "returned HTTP 401 Unauthorized",
				"The key comes from the environment variable TOFUPILOT_API_KEY.", "Check the key, or create a new one in TofuPilot's settings.",
			},
		},
		"a key in quotes": {
			config: provider() + lookup, key: `"tp_key"`,
			want: []string{"Error: Invalid TOFUPILOT_API_KEY", "The value has quotes around it; remove them."},
		},
		"a path as the certificate": {
			config: provider(`ca_cert_pem = "/etc/ssl/ca.pem"`) + lookup, key: fakeapi.Key,
			want: []string{"Error: Invalid ca_cert_pem", `ca_cert_pem = "/etc/ssl/ca.pem"`, `If this is the path of a file, use file("…").`},
		},
		"a date without a time": {
			config: provider() + harness.Procedures("all", `created_after = "2024-01-15"`), key: fakeapi.Key,
			want: []string{
				"Error: Invalid created_after", `created_after = "2024-01-15"`, `"2024-01-15" isn't an RFC 3339 time;`,
				"write it like 2024-01-15T10:30:00Z or 2024-01-15T10:30:00+01:00.",
			},
		},
		"a name that no procedure has": {
			config: provider() + harness.Procedure("fct", `name = "PCB functional test"`), key: fakeapi.Key, sendsRequest: true,
			want: []string{
				"Error: No such procedure", `name = "PCB functional test"`,
				`"PCB functional test" differs from "PCB Functional Test" only in case.`, `Set name to "PCB Functional Test".`,
			},
		},
	} {
		t.Run(mistake, func(t *testing.T) {
			w.Environment = []string{"TOFUPILOT_API_KEY=" + c.key}
			w.Write(t, "case.tf", c.config)
			api.Forget()
			output, err := w.Run(t, "plan", "-no-color", "-input=false")
			if err == nil {
				t.Error("the plan succeeded")
			}
			if count := strings.Count(output, "Error: "); count != 1 {
				t.Errorf("got %d errors, want 1: %s", count, output)
			}
			if !harness.OutputPattern(c.want...).MatchString(output) {
				t.Errorf("want %q: %s", c.want, output)
			}
			if sentRequest := len(api.Requests()) > 0; sentRequest != c.sendsRequest {
				t.Errorf("requests were sent: got %t, want %t", sentRequest, c.sendsRequest)
			}
		})
	}
}
