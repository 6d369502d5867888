package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// everyUnknown are provider blocks of which something isn't known yet. Until it
// is, no server may be asked: neither the block's nor the environment's.
func everyUnknown(t *testing.T) map[string]values {
	t.Helper()
	other, elsewhere := serve(t)
	t.Setenv(envURL, elsewhere)
	t.Setenv(envAPIKey, fakeapi.Key)
	api, url := serve(t)
	t.Cleanup(func() {
		expectNoRequests(t, "the server that is half configured", api)
		expectNoRequests(t, "the server in the environment", other)
	})
	with := func(name string) values {
		arguments := values{"url": url, "api_key": fakeapi.Key}
		arguments[name] = unknown
		return arguments
	}
	return map[string]values{
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
func TestUnknownProviderValuesDeferReadsWhereTerraformAllowsIt(t *testing.T) {
	for name, arguments := range everyUnknown(t) {
		t.Run(name, func(t *testing.T) {
			server := speak(t, Server("test")())
			expectNoDiagnostics(t, server.configure(t, true, arguments))

			resp := server.read(t, values{"search_query": "FVT"})
			expectNoDiagnostics(t, resp.Diagnostics)
			if resp.Deferred == nil || resp.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
				t.Errorf("deferred: %+v", resp.Deferred)
			}
			state, err := resp.State.Unmarshal(server.procedures)
			if err != nil {
				t.Fatal(err)
			}
			if state.IsKnown() {
				t.Errorf("the state says more than is known: %s", state)
			}
		})
	}
}

//nolint:paralleltest // The environment is set.
func TestUnknownProviderValuesAreAnErrorWhereDeferralIsNotAllowed(t *testing.T) {
	for name, arguments := range everyUnknown(t) {
		t.Run(name, func(t *testing.T) {
			server := speak(t, Server("test")())
			expectNoDiagnostics(t, server.configure(t, false, arguments))

			resp := server.read(t, nil)
			expectError(t, resp.Diagnostics, diagnosis{"", "Provider configuration not known yet", []string{
				"known only after apply: " + name + ".", "Make them known while planning", "terraform apply -target",
			}})
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
			api, url := serve(t, fakeapi.Generate(1, fakeapi.Gen2026)...)
			server := speak(t, Server("test")())
			expectNoDiagnostics(t, server.configure(t, deferrals, values{"url": unknown, "api_key": unknown}))
			expectNoDiagnostics(t, server.configure(t, deferrals, values{"url": url, "api_key": fakeapi.Key}))
			resp := server.read(t, nil)
			expectNoDiagnostics(t, resp.Diagnostics)
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
	resp := speak(t, Server("test")()).read(t, nil)
	expectError(t, resp.Diagnostics, diagnosis{"", "Provider not configured", []string{"bug of Terraform or of the provider"}})
}
