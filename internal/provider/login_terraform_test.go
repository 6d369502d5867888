package provider

import (
	"encoding/pem"
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// loggedIn makes a home with a login to a server whose certificate nobody else
// trusts.
func loggedIn(t *testing.T, procedures ...fakeapi.Procedure) (*fakeapi.Server, environment) {
	t.Helper()
	api := fakeapi.New(procedures...)
	api.AllowKey(storedKey)
	server := httptest.NewTLSServer(api)
	t.Cleanup(server.Close)
	ca := write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	env, _ := homeWith(t, credentials(server.URL, `"ca_cert": `+quoted(ca)))
	return api, env
}

func TestTerraformReadsWithNothingButALogin(t *testing.T) {
	api, env := loggedIn(t, fakeapi.Procedure{ID: "FVT1", Name: "FVT"})
	t.Setenv("HOME", env["HOME"])
	t.Setenv("USERPROFILE", env["USERPROFILE"])
	terraform(t, resource.TestStep{
		Config: lookup("fvt", `name = "FVT"`) + output("id", "data.tofupilot_procedure.fvt.id"),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("id", knownvalue.StringExact("FVT1")),
		},
		ConfigPlanChecks: emptyPlan,
	})
	authorization := func(r fakeapi.Request) string { return r.Header.Get("Authorization") }
	expectEqual(t, "keys", distinct(api.Requests(), authorization), []string{"Bearer " + storedKey})
}

func TestTerraformSendsTheKeyOfALoginToNoOtherServer(t *testing.T) {
	own, env := loggedIn(t)
	t.Setenv("HOME", env["HOME"])
	t.Setenv("USERPROFILE", env["USERPROFILE"])
	other, url := serve(t)
	terraform(t, resource.TestStep{
		Config:      block(`provider "tofupilot"`, "url = "+hcl(url)) + lookup("fvt", `name = "FVT"`),
		ExpectError: says("Error: No API key", "with provider", "is for https://127.0.0.1:", "and the provider is configured for "+url+"/api;"),
	})
	expectNoRequests(t, "the login's server", own)
	expectNoRequests(t, "the other server", other)
}
