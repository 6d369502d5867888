package acceptance

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// In these tests another server is in the environment, and a key that it takes:
// they must not stand in for what isn't known yet.

func TestUnknownProviderValuesLetPlanWhatDoesNotRead(t *testing.T) {
	other, elsewhere := harness.Serve(t)
	t.Setenv("TOFUPILOT_URL", elsewhere)
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	stored := fakeapi.Generate(3, fakeapi.WithRepository)
	api, url := harness.Serve(t, stored...)
	requestsBeforeApply := -1
	runSteps(t, resource.TestStep{
		Config: harness.KnownAfterApply("url", harness.Quote(url)) + harness.KnownAfterApply("key", harness.Quote(fakeapi.Key)) + harness.KnownAfterApply("query", harness.Quote("no such procedure")) +
			harness.Block(`provider "tofupilot"`, "url = terraform_data.url.output", "api_key = terraform_data.key.output") +
			harness.Procedures("none", "search_query = terraform_data.query.output") +
			harness.Procedures("all", "depends_on = [terraform_data.query]"),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectUnknownValue("data.tofupilot_procedures.none", tfjsonpath.New("procedures")),
			plancheck.ExpectUnknownValue("data.tofupilot_procedures.all", tfjsonpath.New("ids")),
			harness.PlanCheck(func() { requestsBeforeApply = len(api.Requests()) }),
		}},
		ConfigStateChecks: []statecheck.StateCheck{
			harness.Known("none", "procedures", knownvalue.ListExact(nil)),
			harness.Known("all", "ids", harness.Texts(harness.IDs(harness.OldestFirst(stored))...)),
		},
	})
	if requestsBeforeApply != 0 {
		t.Errorf("%d requests were made while planning", requestsBeforeApply)
	}
	harness.ExpectNoRequests(t, "the server in the environment", other)
}
