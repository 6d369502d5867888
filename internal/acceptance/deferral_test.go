package acceptance

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// everyUnknown are provider blocks of which something isn't known yet. Until it
// is, no server may be asked: neither the block's nor the environment's.
func everyUnknown(t *testing.T) map[string]harness.Values {
	t.Helper()
	other, elsewhere := harness.Serve(t)
	t.Setenv("TOFUPILOT_URL", elsewhere)
	t.Setenv("TOFUPILOT_API_KEY", fakeapi.Key)
	api, url := harness.Serve(t)
	t.Cleanup(func() {
		harness.ExpectNoRequests(t, "the server that is half configured", api)
		harness.ExpectNoRequests(t, "the server in the environment", other)
	})
	with := func(name string) harness.Values {
		arguments := harness.Values{"url": url, "api_key": fakeapi.Key}
		arguments[name] = harness.Unknown
		return arguments
	}
	return map[string]harness.Values{
		"api_key":         with("api_key"),
		"url":             with("url"),
		"ca_cert_pem":     with("ca_cert_pem"),
		"max_retries":     with("max_retries"),
		"request_timeout": with("request_timeout"),
		"allow_http":      with("allow_http"),
	}
}

// No released Terraform turns deferral on, so it is shown at the protocol.
//
//nolint:paralleltest // The environment is set.
func TestUnknownProviderValues(t *testing.T) {
	for name, arguments := range everyUnknown(t) {
		t.Run(name+", deferred", func(t *testing.T) {
			server := harness.Connect(t, provider.Server("test")())
			harness.ExpectNoDiagnostics(t, server.Configure(t, true, arguments))

			resp := server.Read(t, "tofupilot_procedures", harness.Values{"search_query": "FVT"})
			harness.ExpectNoDiagnostics(t, resp.Diagnostics)
			if resp.Deferred == nil || resp.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
				t.Errorf("deferred: %+v", resp.Deferred)
			}
			if state := server.State(t, "tofupilot_procedures", resp); state.IsKnown() {
				t.Errorf("the state says more than is known: %s", state)
			}
		})
		t.Run(name+", an error", func(t *testing.T) {
			resp := configured(t, arguments).Read(t, "tofupilot_procedures", nil)
			harness.ExpectError(t, resp.Diagnostics, harness.Error("", "Provider configuration not known yet",
				"known only after apply: "+name+".", "Set them to values that are known when planning. You can also apply what they depend on first: terraform apply -target",
			))
			if resp.Deferred != nil {
				t.Errorf("deferred: %+v", resp.Deferred)
			}
		})
	}
}

// A server may be configured again when the values have come.
func TestReadingWorksOnceTheValuesAreKnown(t *testing.T) {
	t.Parallel()
	for name, deferrals := range map[string]bool{"with deferral": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, url := harness.Serve(t, fakeapi.Generate(1, fakeapi.WithRepository)...)
			server := harness.Connect(t, provider.Server("test")())
			harness.ExpectNoDiagnostics(t, server.Configure(t, deferrals, harness.Values{"url": harness.Unknown, "api_key": harness.Unknown}))
			harness.ExpectNoDiagnostics(t, server.Configure(t, deferrals, harness.Values{"url": url, "api_key": fakeapi.Key}))
			resp := server.Read(t, "tofupilot_procedures", nil)
			harness.ExpectNoDiagnostics(t, resp.Diagnostics)
			if resp.Deferred != nil || len(api.Requests()) != 1 {
				t.Errorf("deferred: %+v, after %d requests", resp.Deferred, len(api.Requests()))
			}
		})
	}
}

// validate is asked of a provider that was never configured; whatever comes of a
// read then, it is no crash.
func TestReadingWithoutAConfiguredProviderIsAnError(t *testing.T) {
	t.Parallel()
	resp := harness.Connect(t, provider.Server("test")()).Read(t, "tofupilot_procedures", nil)
	harness.ExpectError(t, resp.Diagnostics, harness.Error("", "Provider not configured", "bug in Terraform or in the provider"))
}
