package acceptance

import (
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// The commonest mistakes end in one error each, which stands at the line to correct
// and says how.
func TestMistakes(t *testing.T) {
	t.Parallel()
	maya := &fakeapi.User{ID: "u1", Email: "maya@example.com"}
	api, url := harness.Serve(t, created(1, "fct", "PCB Functional Test", maya), created(2, "burn-1", "Burn-in", maya), created(3, "burn-2", "Burn-in", nil))
	provider := func(arguments ...string) string { return harness.Block(`provider "tofupilot"`, arguments...) }
	at := func(url string) string { return provider("url = "+harness.Quote(url), "max_retries = 0") }
	const (
		lookup = `name = "PCB Functional Test"`
		key    = "TOFUPILOT_API_KEY=" + fakeapi.Key
	)
	w := harness.NewWorkingDir(t, "")
	for mistake, c := range map[string]struct { //nolint:paralleltest // The cases share the directory.
		config      string
		environment string // a variable and its value
		asks        bool   // whether the fake gets a request
		says        []string
	}{
		"no key": {
			config: at(url) + harness.Procedure("fct", lookup),
			says:   []string{"Error: No API key", "with data.tofupilot_procedure.fct,", "set the environment variable TOFUPILOT_API_KEY"},
		},
		"no key and no provider block": { // for which Terraform has wrong advice, if the provider fails to configure
			config: harness.Procedure("fct", lookup),
			says:   []string{"Error: No API key", "with data.tofupilot_procedure.fct,", "set the environment variable TOFUPILOT_API_KEY"},
		},
		"a wrong key": {
			config: at(url) + harness.Procedure("fct", lookup), environment: "TOFUPILOT_API_KEY=tp_of_another_server", asks: true,
			says: []string{
				"Error: The server doesn't accept the API key", "with data.tofupilot_procedure.fct,", "returned HTTP 401 Unauthorized",
				"The key comes from the environment variable TOFUPILOT_API_KEY.", "Check the key, or create a new one in TofuPilot's settings.",
			},
		},
		"a key with the word before it": {
			config: at(url) + harness.Procedure("fct", lookup), environment: "TOFUPILOT_API_KEY=Bearer tp_key",
			says: []string{"Error: Invalid TOFUPILOT_API_KEY", "includes the word Bearer, which the provider adds; keep only what follows it."},
		},
		"a key in quotes": {
			config: at(url) + harness.Procedure("fct", lookup), environment: `TOFUPILOT_API_KEY="tp_key"`,
			says: []string{"Error: Invalid TOFUPILOT_API_KEY", "The value has quotes around it; remove them."},
		},
		"a key with a dash from a text": {
			config: at(url) + harness.Procedure("fct", lookup), environment: "TOFUPILOT_API_KEY=tp\u2014key",
			says: []string{"Error: Invalid TOFUPILOT_API_KEY", "Character 3 of the key is U+2014", "remove or correct it."},
		},
		"a path as the certificate": {
			config: provider("url = "+harness.Quote(url), `ca_cert_pem = "/etc/ssl/ca.pem"`) + harness.Procedure("fct", lookup), environment: key,
			says: []string{"Error: Invalid ca_cert_pem", `ca_cert_pem = "/etc/ssl/ca.pem"`, `If this is the path of a file, use file("…").`},
		},
		"an address in quotes": {
			config: provider(`api_key = "tp_key"`) + harness.Procedure("fct", lookup), environment: `TOFUPILOT_URL="https://tofupilot.example.com"`,
			says: []string{"Error: Invalid TOFUPILOT_URL", "The value has quotes around it; remove them."},
		},
		"a misspelt timeout": {
			config: at(url) + harness.Procedure("fct", lookup, `timeouts { reads = "2s" }`), environment: key,
			says: []string{"Error: Unsupported argument", `timeouts { reads = "2s" }`, `Did you mean "read"?`},
		},
		"an ID as the name": {
			config: at(url) + harness.Procedure("fct", `name = "fct"`), environment: key, asks: true,
			says: []string{"Error: No such procedure", `It is the ID of "PCB Functional Test".`, `Set id to "fct" instead of name, or set name to "PCB Functional Test".`},
		},
		"an address that ends with /api/v2": {
			config: at(url+"/api/v2") + harness.Procedure("fct", lookup), environment: key,
			says: []string{"Error: Invalid url", `url = "` + url + `/api/v2"`, "drop /v2 and anything after it."},
		},
		"an address of a page": {
			config: at(url+"/organization/settings") + harness.Procedure("fct", lookup), environment: key, asks: true,
			says: []string{
				"Error: The API doesn't answer at this address", "with data.tofupilot_procedure.fct,", "returned HTTP 404 Not Found",
				"comes from the provider's url.", "remove /organization/settings from it unless yours is.",
			},
		},
		"a misspelt argument": {
			config: at(url) + harness.Procedures("all", `serach_query = "PCB"`), environment: key,
			says: []string{"Error: Unsupported argument", `serach_query = "PCB"`, `Did you mean "search_query"?`},
		},
		"a date without a time": {
			config: at(url) + harness.Procedures("all", `created_after = "2024-01-15"`), environment: key,
			says: []string{
				"Error: Invalid created_after", `created_after = "2024-01-15"`, `"2024-01-15" isn't an RFC 3339 time;`,
				"write it like 2024-01-15T10:30:00Z or 2024-01-15T10:30:00+01:00.",
			},
		},
		"both ID and name": {
			config: at(url) + harness.Procedure("fct", lookup, `id = "fct"`), environment: key,
			says: []string{"Error: Invalid Attribute Combination", "with data.tofupilot_procedure.fct,", "Exactly one of these attributes must be configured: [id,name]"},
		},
		"a name that no procedure has": {
			config: at(url) + harness.Procedure("fct", `name = "PCB functional test"`), environment: key, asks: true,
			says: []string{
				"Error: No such procedure", `name = "PCB functional test"`, "The API key can read 3 procedures.",
				`- fct "PCB Functional Test"`, "To read one of them, copy its name exactly.",
			},
		},
		"a name that two procedures have": {
			config: at(url) + harness.Procedure("burn", `name = "Burn-in"`), environment: key, asks: true,
			says: []string{
				"Error: Several procedures have this name", `name = "Burn-in"`, `- burn-1 "Burn-in", created `, " by maya@example.com", `- burn-2 "Burn-in", created `,
				"Set id instead of name, to the ID of the procedure that you want.",
			},
		},
		"http:// to another machine": {
			config: at("http://tofupilot.example.com") + harness.Procedure("fct", lookup), environment: key,
			says: []string{
				"Error: Invalid url", `url = "http://tofupilot.example.com"`, "The provider doesn't send the API key unencrypted over http://;",
				"use https://, or set allow_http to true if you trust the network.",
			},
		},
		"no way to the server": {
			config: at(harness.Nobody(t).URL) + harness.Procedure("fct", lookup), environment: key,
			says: []string{
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
			said, err := w.Run(t, "plan", "-no-color", "-input=false")
			if err == nil || strings.Count(said, "Error: ") != 1 || !harness.Says(c.says...).MatchString(said) {
				t.Errorf("%v, not one error that says %q: %s", err, c.says, said)
			}
			if asked := len(api.Requests()) > before; asked != c.asks {
				t.Errorf("asked the server: %v", asked)
			}
			t.Log(said)
		})
	}
}
