package acceptance

import (
	"strings"
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

// TestPlanWithUnknownProvider checks that a plan with unknown arguments of the provider succeeds
// without a request, and that the arguments aren't replaced by environment variables.
func TestPlanWithUnknownProvider(t *testing.T) {
	other, otherURL := harness.NewFakeServer(t)
	t.Setenv("TOFUPILOT_URL", otherURL)
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	stored := fakeapi.Generate(3, fakeapi.WithRepository)
	api, url := harness.NewFakeServer(t, stored...)
	runSteps(t, resource.TestStep{
		Config: harness.UnknownValue("url", harness.Quote(url)) + harness.UnknownValue("key", harness.Quote(fakeapi.Key)) + harness.UnknownValue("query", harness.Quote("no such procedure")) +
			harness.Block(`provider "tofupilot"`, "url = terraform_data.url.output", "api_key = terraform_data.key.output") +
			harness.Procedures("none", "search_query = terraform_data.query.output") +
			harness.Procedures("all", "depends_on = [terraform_data.query]") +
			harness.Output("all_ids", `join(" ", data.tofupilot_procedures.all.ids)`),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectUnknownValue("data.tofupilot_procedures.none", tfjsonpath.New("procedures")),
			plancheck.ExpectUnknownValue("data.tofupilot_procedures.all", tfjsonpath.New("ids")),
			harness.PlanCheck(func() {
				harness.CheckNoRequests(t, "before the apply, the server", api)
			}),
		}},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.tofupilot_procedures.none", tfjsonpath.New("procedures"), knownvalue.ListExact(nil)),
			statecheck.ExpectKnownOutputValue("all_ids", knownvalue.StringExact(strings.Join(harness.SortedIDs(stored), " "))),
		},
	})
	harness.CheckNoRequests(t, "the server in the environment", other)
}

// TestUnknownProvider checks that a read sends no request while an argument of the provider is unknown:
// it is deferred if Terraform supports that, and fails otherwise. No released Terraform supports
// deferral, so the test calls the provider over the protocol.
//
//nolint:paralleltest // The test sets the environment.
func TestUnknownProvider(t *testing.T) {
	other, otherURL := harness.NewFakeServer(t)
	t.Setenv("TOFUPILOT_URL", otherURL)
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	api, url := harness.NewFakeServer(t)
	arguments := harness.Values{"url": url, "api_key": harness.Unknown}
	t.Run("with deferral", func(t *testing.T) {
		connection := connect(t)
		connection.DeferralAllowed = true
		harness.CheckNoDiagnostics(t, connection.Configure(t, arguments))
		resp := connection.Read(t, "tofupilot_procedures", harness.Values{"search_query": "FVT"})
		harness.CheckNoDiagnostics(t, resp.Diagnostics)
		const want = tfprotov6.DeferredReasonProviderConfigUnknown
		if resp.Deferred == nil || resp.Deferred.Reason != want {
			t.Errorf("got %+v, want deferred with reason %s", resp.Deferred, want)
		}
		if state := connection.State(t, "tofupilot_procedures", resp); state.IsKnown() {
			t.Errorf("the state is known: %s", state)
		}
	})
	t.Run("without deferral", func(t *testing.T) {
		resp := newConnection(t, arguments).Read(t, "tofupilot_procedures", nil)
		harness.CheckError(t, resp.Diagnostics, harness.WantError("", "Provider configuration not known yet",
			"known only after apply: api_key.", "Set them to values that are known when planning. You can also apply what they depend on first: terraform apply -target",
		))
		if resp.Deferred != nil {
			t.Errorf("got deferred %+v, want none", resp.Deferred)
		}
	})
	t.Run("one unknown header", func(t *testing.T) {
		headers := harness.Values{"X-Org": "acme", "X-Token": harness.Unknown}
		connection := newConnection(t, harness.Values{"url": url, "api_key": fakeapi.Key, "headers": headers})
		resp := connection.Read(t, "tofupilot_procedures", nil)
		harness.CheckError(t, resp.Diagnostics, harness.WantError("", "Provider configuration not known yet", "known only after apply: headers."))
	})
	harness.CheckNoRequests(t, "the server with an unknown key", api)
	harness.CheckNoRequests(t, "the server in the environment", other)
}

// TestProviderKnownLater checks that a provider reads if it is configured again with known arguments.
func TestProviderKnownLater(t *testing.T) {
	t.Parallel()
	for name, deferralAllowed := range map[string]bool{"with deferral": true, "without deferral": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, url := harness.NewFakeServer(t, fakeapi.Generate(1, fakeapi.WithRepository)...)
			connection := connect(t)
			connection.DeferralAllowed = deferralAllowed
			harness.CheckNoDiagnostics(t, connection.Configure(t, harness.Values{"url": harness.Unknown, "api_key": harness.Unknown}))
			harness.CheckNoDiagnostics(t, connection.Configure(t, harness.Values{"url": url, "api_key": fakeapi.Key}))
			resp := connection.Read(t, "tofupilot_procedures", nil)
			harness.CheckNoDiagnostics(t, resp.Diagnostics)
			if resp.Deferred != nil {
				t.Errorf("got deferred %+v, want none", resp.Deferred)
			}
			if requests := len(api.Requests()); requests != 1 {
				t.Errorf("got %d requests, want 1", requests)
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

// TestUnknownArguments checks that arguments are validated in the apply if they are unknown in the plan.
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
		t.Error("the plan failed, although created_after isn't known yet")
	}
	harness.CheckNoRequests(t, "the server", api)
}
