// Package acceptance tests the provider from outside: over the plugin protocol, with Terraform, and
// with servers that misbehave. Its helpers are in the package harness.
package acceptance

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// TestMain removes the developer's settings and login from the environment, so that no test sends
// requests to a real server.
func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		panic(err)
	}
	for variable, value := range map[string]string{
		"TOFUPILOT_API_KEY": "", "TOFUPILOT_URL": "", "TOFUPILOT_CA_CERT": "", "TF_APPEND_USER_AGENT": "", "HOME": home, "USERPROFILE": home,
	} {
		if err := os.Setenv(variable, value); err != nil {
			panic(err)
		}
	}
	harness.CheckReads(provider.Server("test")()) // exits if a data source can't be read at all
	code := m.Run()
	_ = os.RemoveAll(home) // if it fails, only a temporary directory remains
	os.Exit(code)
}

// runSteps runs the steps with Terraform and this provider. It skips the test with a Terraform that
// doesn't have terraform_data, if a configuration needs it.
func runSteps(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	harness.SkipShort(t)
	var checks []tfversion.TerraformVersionCheck
	for _, step := range steps {
		if strings.Contains(step.Config, `resource "terraform_data"`) {
			checks = append(checks, tfversion.SkipBelow(tfversion.Version1_4_0))
		}
	}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks: checks,
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"tofupilot": func() (tfprotov6.ProviderServer, error) { return provider.Server("test")(), nil },
		},
		Steps: steps,
	})
}

// connect returns a connection to a provider that isn't configured.
func connect(t *testing.T) harness.Connection {
	t.Helper()
	return harness.Connect(t, provider.Server("test")())
}

// newConnection returns a connection to a provider that is configured with these arguments.
func newConnection(t *testing.T, arguments harness.Values) harness.Connection {
	t.Helper()
	connection := connect(t)
	harness.CheckNoDiagnostics(t, connection.Configure(t, arguments))
	return connection
}

// newFakeConnection returns a connection to a provider that is configured for a fake API.
func newFakeConnection(t *testing.T, url string) harness.Connection {
	t.Helper()
	return newConnection(t, harness.Values{"url": url, "api_key": fakeapi.Key})
}

// stateIDs returns the elements of the attribute ids in a state.
func stateIDs(t *testing.T, state tftypes.Value) []string {
	t.Helper()
	attributes, _ := toJSON(t, state).(object)
	list, _ := attributes["ids"].([]any)
	ids := []string{}
	for _, id := range list {
		ids = append(ids, fmt.Sprint(id))
	}
	return ids
}

// newSet returns a set of names, as a value for harness.Values.
func newSet(names ...string) []any {
	all := []any{}
	for _, name := range names {
		all = append(all, name)
	}
	return all
}
