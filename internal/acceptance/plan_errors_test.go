package acceptance

import (
	"strings"
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
	for name, c := range map[string]struct {
		argument, value string
		words           []string
	}{
		"search_query": {
			"search_query", strings.Repeat("🔋", 102),
			[]string{"Error: Invalid Attribute Value Length", "search_query = var.value", "Attribute search_query UTF-8 character count must be at most 100, got: 102"},
		},
		"created_before": {
			"created_before", "2024-01-15T10:30:00+1:00",
			[]string{"Error: Invalid created_before", "created_before = var.value", `"2024-01-15T10:30:00+1:00" isn't an RFC 3339 time`},
		},
		"page_size": {
			"page_size", "0",
			[]string{"Error: Invalid page_size", "page_size = var.value", "page_size must be a whole number from 1 to 100, not 0."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, url := harness.Serve(t)
			runSteps(t, resource.TestStep{
				Config:          harness.Block(`variable "value"`, "type = string") + harness.Configuration(url, harness.Procedures("all", c.argument+" = var.value")),
				ConfigVariables: config.Variables{"value": config.StringVariable(c.value)},
				PlanOnly:        true,
				ExpectError:     harness.Says(c.words...),
			})
			harness.ExpectNoRequests(t, "the server", api)
		})
	}
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
	for name, c := range map[string]struct{ argument, value, summary, detail string }{
		"max_retries": {"max_retries", "11", "Error: Invalid max_retries", "max_retries must be a whole number from 0 to 10, not 11."},
		"user info":   {"url", `"https://user:hunter2@example.com"`, "Error: Invalid url", "The URL contains user info (the part before @), which may be a password;"},
		"plain http":  {"url", `"http://tofupilot.invalid"`, "Error: Invalid url", "doesn't send the API key unencrypted over http://"},
		"api_key":     {"api_key", `""`, "Error: Invalid api_key", "The key is empty; omit api_key to use TOFUPILOT_API_KEY or the login file."},
		"url":         {"url", `""`, "Error: Invalid url", "The URL is empty; omit url to use TOFUPILOT_URL,"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			planned := false
			runSteps(t, resource.TestStep{
				Config: harness.KnownAfterApply("value", c.value) +
					harness.Block(`provider "tofupilot"`, c.argument+" = terraform_data.value.output") +
					harness.Procedures("all", "depends_on = [terraform_data.value]"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{harness.PlanCheck(func() { planned = true })}},
				ExpectError:      harness.Says(c.summary, c.argument+" = terraform_data.value.output", c.detail),
			})
			if !planned {
				t.Error("the plan failed, though the value isn't known yet")
			}
		})
	}
}

func TestWithoutAKeyTheErrorNamesEveryPlaceItMayComeFrom(t *testing.T) {
	t.Parallel()
	api, url := harness.Serve(t)
	runSteps(t, resource.TestStep{
		Config: harness.Block(`provider "tofupilot"`, "url = "+harness.Quote(url)) + harness.Procedures("all"),
		ExpectError: harness.Says("Error: No API key", "with data.tofupilot_procedures.all", "Reading from TofuPilot requires an API key.",
			"set the environment variable TOFUPILOT_API_KEY", "run `tofupilot login`", "or set the provider's api_key."),
	})
	harness.ExpectNoRequests(t, "the server", api)
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
