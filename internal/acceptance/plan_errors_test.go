package acceptance

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Variables are unknown to terraform validate and known to plan.
func TestArgumentsThatAreKnownWhilePlanningAreCheckedThen(t *testing.T) {
	t.Parallel()
	api, url := harness.Serve(t)
	runSteps(t, resource.TestStep{
		Config:          harness.Block(`variable "value"`, "type = string") + harness.Configuration(url, harness.Procedures("all", "created_before = var.value")),
		ConfigVariables: config.Variables{"value": config.StringVariable("2024-01-15T10:30:00+1:00")},
		PlanOnly:        true,
		ExpectError:     harness.Says("Error: Invalid created_before", "created_before = var.value", `"2024-01-15T10:30:00+1:00" isn't an RFC 3339 time`),
	})
	harness.ExpectNoRequests(t, "the server", api)
}

func TestArgumentsThatAreKnownAfterApplyAreCheckedThen(t *testing.T) {
	t.Parallel()
	api, url := harness.Serve(t)
	planned := false
	runSteps(t, resource.TestStep{
		Config: harness.Configuration(url,
			harness.KnownAfterApply("from", harness.Quote("2025-01-01T00:00:00Z")),
			harness.Procedures("all", "created_after = terraform_data.from.output", `created_before = "2024-01-01T00:00:00Z"`)),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{harness.PlanCheck(func() { planned = true })}},
		ExpectError: harness.Says("Error: Invalid created_after", "created_after = terraform_data.from.output",
			"created_after (2025-01-01T00:00:00Z) is later than created_before (2024-01-01T00:00:00Z): nothing can match. Swap or correct them."),
	})
	if !planned {
		t.Error("the plan failed, though the value isn't known yet")
	}
	harness.ExpectNoRequests(t, "the server", api)
}

func TestProviderArgumentsThatAreKnownAfterApplyAreCheckedThen(t *testing.T) {
	t.Parallel()
	planned := false
	runSteps(t, resource.TestStep{
		Config: harness.KnownAfterApply("value", `"https://user:hunter2@example.com"`) +
			harness.Block(`provider "tofupilot"`, "url = terraform_data.value.output") +
			harness.Procedures("all", "depends_on = [terraform_data.value]"),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{harness.PlanCheck(func() { planned = true })}},
		ExpectError: harness.Says("Error: Invalid url", "url = terraform_data.value.output",
			"The URL contains user info (the part before @), which may be a password;"),
	})
	if !planned {
		t.Error("the plan failed, though the value isn't known yet")
	}
}

func TestEnvironmentConfiguresTheProvider(t *testing.T) {
	stored := fakeapi.Generate(2, fakeapi.WithRepository)
	api, url := harness.Serve(t, stored...)
	t.Setenv("TOFUPILOT_URL", url+"/api/")
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	runSteps(t, resource.TestStep{
		Config:            harness.Procedures("all"),
		ConfigStateChecks: []statecheck.StateCheck{harness.Known("all", "ids", harness.Texts(harness.IDs(harness.OldestFirst(stored))...))},
	})
	harness.ExpectEqual(t, "paths", harness.Distinct(api.Requests(), func(r fakeapi.Request) string { return r.Path }), []string{"/api/v2/procedures"})
}
