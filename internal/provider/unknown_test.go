package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// later is a value that is known only after apply.
func later(name, value string) string {
	return block(`resource "terraform_data" "`+name+`"`, "input = "+value)
}

func expectNoRequests(t *testing.T, whose string, api *fakeapi.Server) {
	t.Helper()
	if requests := api.Requests(); len(requests) > 0 {
		t.Errorf("%s got %d requests", whose, len(requests))
	}
}

// In these tests another server is in the environment, and a key that it takes:
// they must not stand in for what isn't known yet.

func TestUnknownProviderValuesLetPlanWhatDoesNotRead(t *testing.T) {
	other, elsewhere := serve(t)
	t.Setenv(envURL, elsewhere)
	t.Setenv(envAPIKey, fakeapi.Key)
	stored := fakeapi.Generate(3, fakeapi.Gen2026)
	api, url := serve(t, stored...)
	requestsBeforeApply := -1
	terraform(t, resource.TestStep{
		Config: later("url", hcl(url)) + later("key", hcl(fakeapi.Key)) + later("query", hcl("no such procedure")) +
			block(`provider "tofupilot"`, "url = terraform_data.url.output", "api_key = terraform_data.key.output") +
			procedures("none", "search_query = terraform_data.query.output") +
			procedures("all", "depends_on = [terraform_data.query]"),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectUnknownValue("data.tofupilot_procedures.none", tfjsonpath.New("procedures")),
			plancheck.ExpectUnknownValue("data.tofupilot_procedures.all", tfjsonpath.New("ids")),
			planCheck(func() { requestsBeforeApply = len(api.Requests()) }),
		}},
		ConfigStateChecks: []statecheck.StateCheck{
			known("none", "procedures", knownvalue.ListExact(nil)),
			known("all", "ids", texts(idsOf(oldestFirst(stored))...)),
		},
	})
	if requestsBeforeApply != 0 {
		t.Errorf("%d requests were made while planning", requestsBeforeApply)
	}
	expectNoRequests(t, "the server in the environment", other)
}

func TestUnknownProviderValuesAreAnErrorWhereSomethingMustBeRead(t *testing.T) {
	other, elsewhere := serve(t)
	t.Setenv(envURL, elsewhere)
	t.Setenv(envAPIKey, fakeapi.Key)
	for name, c := range map[string]struct { //nolint:paralleltest // The environment is set.
		arguments []string
		words     string
	}{
		"url":     {[]string{"url = terraform_data.x.output"}, "known only after apply: url. Make them known while planning"},
		"api_key": {[]string{"api_key = terraform_data.x.output"}, "known only after apply: api_key. Make them known while planning"},
		"both":    {[]string{"url = terraform_data.x.output", "api_key = terraform_data.x.output"}, "known only after apply: api_key, url."},
	} {
		t.Run(name, func(t *testing.T) {
			terraform(t, resource.TestStep{
				Config:      later("x", hcl("http://127.0.0.1:9")) + block(`provider "tofupilot"`, c.arguments...) + procedures("all"),
				ExpectError: says("Error: Provider configuration not known yet", "with data.tofupilot_procedures.all", c.words),
			})
		})
	}
	expectNoRequests(t, "the server in the environment", other)
}
