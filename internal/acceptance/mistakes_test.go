package acceptance

import (
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestMistakes makes one mistake of each kind. The single error must show how to correct it.
func TestMistakes(t *testing.T) {
	t.Parallel()
	api, url := harness.NewFakeServer(t, fakeapi.Procedure{ID: "fct", Name: "PCB Functional Test"}, fakeapi.Procedure{ID: "burn", Name: "Burn-in"})
	provider := func(arguments ...string) string { return harness.Block(`provider "tofupilot"`, arguments...) }
	providerFor := func(url string) string { return provider("url = "+harness.Quote(url), "max_retries = 0") }
	const (
		lookup = `name = "PCB Functional Test"`
		key    = "TOFUPILOT_API_KEY=" + fakeapi.Key
	)
	w := harness.NewWorkingDir(t, "")
	for mistake, c := range map[string]struct { //nolint:paralleltest // The cases share the directory.
		config      string
		environment string // a variable and its value
		requests    bool   // whether the fake receives any
		want        []string
	}{
		"no key and no provider block": { // if Configure reported it, Terraform would add wrong advice
			config: harness.Procedure("fct", lookup),
			want:   []string{"Error: No API key", "with data.tofupilot_procedure.fct,", "and set TOFUPILOT_API_KEY to it."},
		},
		"a wrong key": {
			config: providerFor(url) + harness.Procedure("fct", lookup), environment: "TOFUPILOT_API_KEY=tp_of_another_server", requests: true,
			want: []string{
				"Error: The server doesn't accept the API key", "with data.tofupilot_procedure.fct,", "returned HTTP 401 Unauthorized",
				"The key comes from the environment variable TOFUPILOT_API_KEY.", "Check the key, or create a new one in TofuPilot's settings.",
			},
		},
		"a key in quotes": {
			config: providerFor(url) + harness.Procedure("fct", lookup), environment: `TOFUPILOT_API_KEY="tp_key"`,
			want: []string{"Error: Invalid TOFUPILOT_API_KEY", "The value has quotes around it; remove them."},
		},
		"a placeholder instead of a key": {
			config: providerFor(url) + harness.Procedure("fct", lookup), environment: "TOFUPILOT_API_KEY=$(TOFUPILOT_KEY)",
			want: []string{"Error: Invalid TOFUPILOT_API_KEY", "The key looks like a placeholder that wasn't replaced; set the key itself."},
		},
		"a path as the certificate": {
			config: provider("url = "+harness.Quote(url), `ca_cert_pem = "/etc/ssl/ca.pem"`) + harness.Procedure("fct", lookup), environment: key,
			want: []string{"Error: Invalid ca_cert_pem", `ca_cert_pem = "/etc/ssl/ca.pem"`, `If this is the path of a file, use file("…").`},
		},
		"a date without a time": {
			config: providerFor(url) + harness.Procedures("all", `created_after = "2024-01-15"`), environment: key,
			want: []string{
				"Error: Invalid created_after", `created_after = "2024-01-15"`, `"2024-01-15" isn't an RFC 3339 time;`,
				"write it like 2024-01-15T10:30:00Z or 2024-01-15T10:30:00+01:00.",
			},
		},
		"a name that no procedure has": {
			config: providerFor(url) + harness.Procedure("fct", `name = "PCB functional test"`), environment: key, requests: true,
			want: []string{
				"Error: No such procedure", `name = "PCB functional test"`,
				`"PCB functional test" differs from "PCB Functional Test" only in case.`, `Set name to "PCB Functional Test".`,
			},
		},
		"a server that isn't running": {
			config: providerFor(harness.NewDeadTarget(t).URL) + harness.Procedure("fct", lookup), environment: key,
			want: []string{
				"Error: The server can't be reached", "with data.tofupilot_procedure.fct,", "Nothing accepts connections there:",
				"that the server is running.",
			},
		},
	} {
		t.Run(mistake, func(t *testing.T) {
			w.Environment = nil
			if c.environment != "" {
				w.Environment = []string{c.environment}
			}
			w.Write(t, "case.tf", c.config)
			before := len(api.Requests())
			output, err := w.Run(t, "plan", "-no-color", "-input=false")
			if err == nil || strings.Count(output, "Error: ") != 1 || !harness.OutputPattern(c.want...).MatchString(output) {
				t.Errorf("%v, want one error with %q: %s", err, c.want, output)
			}
			if requested := len(api.Requests()) > before; requested != c.requests {
				t.Errorf("the server received requests: %t", requested)
			}
			t.Log(output)
		})
	}
}
