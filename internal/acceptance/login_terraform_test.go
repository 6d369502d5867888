package acceptance

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

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

func TestTerraformReadsWithNothingButALogin(t *testing.T) { //nolint:paralleltest // The environment is set.
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

func TestTerraformSendsTheKeyOfALoginToNoOtherServer(t *testing.T) { //nolint:paralleltest // The environment is set.
	own := logIn(t)
	other, url := harness.Serve(t)
	runSteps(t, resource.TestStep{
		Config:      harness.Block(`provider "tofupilot"`, "url = "+harness.Quote(url)) + harness.Procedure("fvt", `name = "FVT"`),
		ExpectError: harness.Says("Error: No API key", "with data.tofupilot_procedure.fvt", "is for https://127.0.0.1:", "The provider is configured for "+url+"."),
	})
	harness.ExpectNoRequests(t, "the login's server", own)
	harness.ExpectNoRequests(t, "the other server", other)
}
