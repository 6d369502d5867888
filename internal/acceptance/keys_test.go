package acceptance

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestNoKeyNeeded(t *testing.T) {
	t.Parallel()
	w := harness.NewWorkingDir(t, "")
	off := harness.Procedures("all", "count = 0") +
		harness.Procedure("one", "for_each = toset([])", "name = each.key") +
		harness.Block(`data "tofupilot_procedure_ids" "none"`, "names = []")
	for name, c := range map[string]struct { //nolint:paralleltest // They share the directory.
		config   string
		commands [][]string
	}{
		"validate":                      {harness.Block(`provider "tofupilot"`, `url = "https://tofupilot.invalid"`) + harness.Procedures("all", `timeouts { read = "90s" }`), [][]string{{"validate"}}},
		"console":                       {harness.Procedures("all"), [][]string{{"console"}}},
		"destroy, with nothing applied": {harness.Procedures("all"), [][]string{{"destroy", "-auto-approve"}}},
		"lookups that are off":          {off, [][]string{{"plan"}, {"apply", "-auto-approve"}, {"destroy", "-auto-approve"}}},
		"a block and no lookups":        {harness.Block(`provider "tofupilot"`) + harness.Output("x", "1"), [][]string{{"plan"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w.Write(t, "case.tf", c.config)
			_ = os.Remove(filepath.Join(w.Dir, "terraform.tfstate")) // of the case before
			for _, command := range c.commands {
				if said, err := w.Run(t, append(command, "-no-color")...); err != nil {
					t.Errorf("%s: %v: %s", command[0], err, said)
				}
			}
		})
	}
}

// Terraform refreshes before it destroys, and so reads the lookups that stay in the
// configuration. The provider isn't told why it reads.
func TestDestroyWithoutKey(t *testing.T) {
	t.Parallel()
	harness.NeedVersion(t, 4, 6) // terraform_data
	_, url := harness.Serve(t)
	w := harness.NewWorkingDir(t, harness.Procedures("all")+harness.KnownAfterApply("count", "length(data.tofupilot_procedures.all.ids)"))
	w.Environment = []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}
	if said, err := w.Run(t, "apply", "-auto-approve", "-no-color"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	w.Environment = nil
	said, err := w.Run(t, "destroy", "-auto-approve", "-no-color")
	if err == nil || !strings.Contains(said, "No API key") {
		t.Errorf("%v: %s", err, said)
	}
	if said, err := w.Run(t, "destroy", "-auto-approve", "-no-color", "-refresh=false"); err != nil || !strings.Contains(said, "1 destroyed") {
		t.Errorf("%v: %s", err, said)
	}
}

const storedKey = "tp_stored"

// logIn leaves a login to a server whose certificate nobody else trusts.
func logIn(t *testing.T, procedures ...fakeapi.Procedure) *fakeapi.Server {
	t.Helper()
	api := fakeapi.New(procedures...)
	api.AllowKey(storedKey)
	server := httptest.NewTLSServer(api)
	t.Cleanup(server.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, []byte(harness.InPEM("CERTIFICATE", server.Certificate().Raw)), 0o600); err != nil {
		t.Fatal(err)
	}
	harness.LogIn(t, map[string]string{"api_key": storedKey, "base_url": server.URL, "ca_cert": authority})
	return api
}

func TestLogin(t *testing.T) { //nolint:paralleltest // The environment is set.
	api := logIn(t, fakeapi.Procedure{ID: "FVT1", Name: "FVT"})
	runSteps(t, resource.TestStep{
		Config: harness.Procedure("fvt", `name = "FVT"`) + harness.Output("id", "data.tofupilot_procedure.fvt.id"),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("id", knownvalue.StringExact("FVT1")),
		},
		ConfigPlanChecks: harness.EmptyPlan,
	})
	authorization := func(r fakeapi.Request) string { return r.Header.Get("Authorization") }
	harness.ExpectEqual(t, "keys", harness.Distinct(api.Requests(), authorization), []string{"Bearer " + storedKey})
}

func TestLoginToAnotherServer(t *testing.T) { //nolint:paralleltest // The environment is set.
	own := logIn(t)
	other, url := harness.Serve(t)
	runSteps(t, resource.TestStep{
		Config:      harness.Block(`provider "tofupilot"`, "url = "+harness.Quote(url)) + harness.Procedure("fvt", `name = "FVT"`),
		ExpectError: harness.Says("Error: No API key", "with data.tofupilot_procedure.fvt", "is for https://127.0.0.1:", "The provider is configured for "+url+"."),
	})
	harness.ExpectNoRequests(t, "the login's server", own)
	harness.ExpectNoRequests(t, "the other server", other)
}
