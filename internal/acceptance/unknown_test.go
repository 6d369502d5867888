package acceptance

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestPlanWithUnknownProvider checks that the environment isn't used for unknown values.
func TestPlanWithUnknownProvider(t *testing.T) {
	other, otherURL := harness.NewFakeServer(t)
	t.Setenv("TOFUPILOT_URL", otherURL)
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	stored := fakeapi.Generate(3, fakeapi.WithRepository)
	api, url := harness.NewFakeServer(t, stored...)
	requestsBeforeApply := -1
	runSteps(t, resource.TestStep{
		Config: harness.UnknownValue("url", harness.Quote(url)) + harness.UnknownValue("key", harness.Quote(fakeapi.Key)) + harness.UnknownValue("query", harness.Quote("no such procedure")) +
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
			harness.Known("all", "ids", harness.StringList(harness.IDs(harness.SortByCreation(stored))...)),
		},
	})
	if requestsBeforeApply != 0 {
		t.Errorf("%d requests were made while planning", requestsBeforeApply)
	}
	harness.CheckNoRequests(t, "the server in the environment", other)
}

// TestUnknownProvider checks that no request is sent while a value of the provider block is
// unknown. It uses the protocol, because no released Terraform enables deferral.
//
//nolint:paralleltest // The environment is set.
func TestUnknownProvider(t *testing.T) {
	other, otherURL := harness.NewFakeServer(t)
	t.Setenv("TOFUPILOT_URL", otherURL)
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	api, url := harness.NewFakeServer(t)
	arguments := harness.Values{"url": url, "api_key": harness.Unknown}
	t.Run("deferred", func(t *testing.T) {
		connection := connect(t)
		harness.CheckNoDiagnostics(t, connection.Configure(t, true, arguments))

		resp := connection.Read(t, "tofupilot_procedures", harness.Values{"search_query": "FVT"})
		harness.CheckNoDiagnostics(t, resp.Diagnostics)
		if resp.Deferred == nil || resp.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
			t.Errorf("deferred: %+v", resp.Deferred)
		}
		if state := connection.State(t, "tofupilot_procedures", resp); state.IsKnown() {
			t.Errorf("the state is known: %s", state)
		}
	})
	t.Run("an error", func(t *testing.T) {
		resp := newConnection(t, arguments).Read(t, "tofupilot_procedures", nil)
		harness.CheckError(t, resp.Diagnostics, harness.WantError("", "Provider configuration not known yet",
			"known only after apply: api_key.", "Set them to values that are known when planning. You can also apply what they depend on first: terraform apply -target",
		))
		if resp.Deferred != nil {
			t.Errorf("deferred: %+v", resp.Deferred)
		}
	})
	t.Run("one header", func(t *testing.T) {
		resp := newConnection(t, harness.Values{"url": url, "api_key": fakeapi.Key, "headers": harness.Values{"X-Org": "acme", "X-Token": harness.Unknown}}).Read(t, "tofupilot_procedures", nil)
		harness.CheckError(t, resp.Diagnostics, harness.WantError("", "Provider configuration not known yet", "known only after apply: headers."))
	})
	harness.CheckNoRequests(t, "the server with an unknown key", api)
	harness.CheckNoRequests(t, "the server in the environment", other)
}

// TestProviderKnownLater configures a provider again when its values are known.
func TestProviderKnownLater(t *testing.T) {
	t.Parallel()
	for name, deferrals := range map[string]bool{"with deferral": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, url := harness.NewFakeServer(t, fakeapi.Generate(1, fakeapi.WithRepository)...)
			connection := connect(t)
			harness.CheckNoDiagnostics(t, connection.Configure(t, deferrals, harness.Values{"url": harness.Unknown, "api_key": harness.Unknown}))
			harness.CheckNoDiagnostics(t, connection.Configure(t, deferrals, harness.Values{"url": url, "api_key": fakeapi.Key}))
			resp := connection.Read(t, "tofupilot_procedures", nil)
			harness.CheckNoDiagnostics(t, resp.Diagnostics)
			if resp.Deferred != nil || len(api.Requests()) != 1 {
				t.Errorf("deferred: %+v, after %d requests", resp.Deferred, len(api.Requests()))
			}
		})
	}
}

// TestUnconfiguredProvider checks that a read without Configure returns an error.
func TestUnconfiguredProvider(t *testing.T) {
	t.Parallel()
	resp := connect(t).Read(t, "tofupilot_procedures", nil)
	harness.CheckError(t, resp.Diagnostics, harness.WantError("", "Provider not configured", "bug in Terraform or in the provider"))
}

func TestUnknownArguments(t *testing.T) {
	t.Parallel()
	api, url := harness.NewFakeServer(t)
	planned := false
	runSteps(t, resource.TestStep{
		Config: harness.NewConfiguration(url,
			harness.UnknownValue("from", harness.Quote("2025-01-01T00:00:00Z")),
			harness.Procedures("all", "created_after = terraform_data.from.output", `created_before = "2024-01-01T00:00:00Z"`)),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{harness.PlanCheck(func() { planned = true })}},
		ExpectError: harness.OutputPattern("Error: Invalid created_after", "created_after = terraform_data.from.output",
			"created_after (2025-01-01T00:00:00Z) is later than created_before (2024-01-01T00:00:00Z): nothing can match. Swap or correct them."),
	})
	if !planned {
		t.Error("the plan failed, though the value isn't known yet")
	}
	harness.CheckNoRequests(t, "the server", api)
}
