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

// TestNoKeyNeeded checks that commands that read no data source succeed without an API key.
func TestNoKeyNeeded(t *testing.T) {
	t.Parallel()
	w := harness.NewWorkingDir(t, "")
	disabled := harness.Procedures("all", "count = 0") +
		harness.Procedure("one", "for_each = toset([])", "name = each.key") +
		harness.Block(`data "tofupilot_procedure_ids" "none"`, "names = []")
	for name, c := range map[string]struct { //nolint:paralleltest // The cases share the directory.
		config   string
		commands []string
	}{
		"validate":                      {harness.Block(`provider "tofupilot"`, `url = "https://tofupilot.invalid"`) + harness.Procedures("all", `timeouts { read = "90s" }`), []string{"validate"}},
		"console":                       {harness.Procedures("all"), []string{"console"}},
		"destroy, with nothing applied": {harness.Procedures("all"), []string{"destroy -auto-approve"}},
		"disabled data sources":         {disabled, []string{"plan", "apply -auto-approve", "destroy -auto-approve"}},
		"no data source":                {harness.Block(`provider "tofupilot"`) + harness.Output("x", "1"), []string{"plan"}},
	} {
		t.Run(name, func(t *testing.T) {
			w.Write(t, "case.tf", c.config)
			_ = os.Remove(filepath.Join(w.Dir, "terraform.tfstate")) // of the previous case
			for _, command := range c.commands {
				if output, err := w.Run(t, strings.Fields(command+" -no-color")...); err != nil {
					t.Errorf("%s: %v: %s", command, err, output)
				}
			}
		})
	}
}

// storedKey is an API key in a login file.
const storedKey = "tp_stored"

// TestLogin checks that a read uses the API key, the server and the CA of a login file.
func TestLogin(t *testing.T) { //nolint:paralleltest // The test sets the environment.
	api := fakeapi.New(fakeapi.Procedure{ID: "FVT1", Name: "FVT"})
	api.AllowKey(storedKey)
	server := httptest.NewTLSServer(api)
	t.Cleanup(server.Close)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, []byte(harness.EncodePEM("CERTIFICATE", server.Certificate().Raw)), 0o600); err != nil {
		t.Fatal(err)
	}
	harness.LogIn(t, map[string]string{"api_key": storedKey, "base_url": server.URL, "ca_cert": caFile})
	runSteps(t, resource.TestStep{
		Config: harness.Procedure("fvt", `name = "FVT"`) + harness.Output("id", "data.tofupilot_procedure.fvt.id"),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("id", knownvalue.StringExact("FVT1")),
		},
		ConfigPlanChecks: harness.EmptyPlan,
	})
	for _, r := range api.Requests() {
		if got, want := r.Header.Get("Authorization"), "Bearer "+storedKey; got != want {
			t.Errorf("a request has the Authorization %q, want %q", got, want)
		}
	}
}
