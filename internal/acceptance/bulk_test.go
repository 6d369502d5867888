package acceptance

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"pgregory.net/rapid"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/bench/reference"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// referenceServer is a bare framework server of the same provider that fills its
// state the usual way: Go structs with tags, and State.Set. What it sends is what
// the fast path is held to.
func referenceServer() tfprotov6.ProviderServer {
	return providerserver.NewProtocol6(reference.Usual(provider.New("test")()))()
}

// What Terraform receives through the fast path is, value for value and to the last
// digit, what the framework would have sent, and what the provider gives on a bare
// framework server. Everything on the way takes part: the server's JSON,
// the client, the schema and the encoding.
func TestFastPathSendsWhatTheFrameworkWouldHaveSent(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(nil)
	api := fakeapi.New()
	server.Config.Handler = api
	server.Start()
	t.Cleanup(server.Close)

	ours, usual := harness.Connect(t, provider.Server("test")()), harness.Connect(t, referenceServer())
	bare := harness.Connect(t, providerserver.NewProtocol6(provider.New("test")())())
	for _, each := range []harness.Connection{ours, usual, bare} {
		harness.ExpectNoDiagnostics(t, each.Configure(t, false, harness.Values{"url": server.URL, "api_key": fakeapi.Key}))
	}
	rapid.Check(t, func(r *rapid.T) {
		stored := drawProcedures(r)
		api.Add(stored...)
		defer api.Delete(harness.IDs(stored)...)
		arguments := drawArguments(r)

		read := func(from harness.Connection) *tfprotov6.ReadDataSourceResponse {
			return from.Read(t, "tofupilot_procedures", arguments)
		}
		got, want, slow := read(ours), read(usual), read(bare)
		for _, resp := range []*tfprotov6.ReadDataSourceResponse{got, want, slow} {
			if len(resp.Diagnostics) > 0 {
				r.Fatal(harness.Describe(resp.Diagnostics))
			}
		}
		if difference := differences(t, ours, got, want); difference != "" {
			r.Errorf("other values than the framework's: %s", difference)
		}
		if difference := differences(t, ours, got, slow); difference != "" {
			r.Errorf("other values than on a bare framework server: %s", difference)
		}
	})
}

// differences says where two answers differ in value.
func differences(t *testing.T, server harness.Connection, a, b *tfprotov6.ReadDataSourceResponse) string {
	t.Helper()
	found, err := server.State(t, "tofupilot_procedures", a).Diff(server.State(t, "tofupilot_procedures", b))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, difference := range found {
		lines = append(lines, difference.String())
	}
	return strings.Join(lines, "\n")
}

func drawArguments(r *rapid.T) harness.Values {
	arguments := harness.Values{}
	if rapid.Bool().Draw(r, "with page_size") {
		arguments["page_size"] = 100
	}
	if rapid.Bool().Draw(r, "with timeouts") {
		arguments["timeouts"] = harness.Values{"read": "1m"}
	}
	return arguments
}
