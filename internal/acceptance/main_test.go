// Package acceptance tests the provider from outside, as Terraform and its users
// see it: over the protocol, with a real Terraform, and against servers that
// misbehave. What the tests are made with is in the harness.
package acceptance

import (
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// TestMain keeps a developer's own settings and login out of the tests: they
// must neither decide what is asked nor reach a real server.
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
	harness.MustRead(provider.Server("test")())
	code := m.Run()
	_ = os.RemoveAll(home) // a leftover does no harm
	os.Exit(code)
}

// runSteps runs the steps with the real Terraform and this provider. Where a
// configuration is too new for this Terraform, it skips the test.
func runSteps(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	harness.SkipShort(t)
	var needs []tfversion.TerraformVersionCheck
	for _, step := range steps {
		if strings.Contains(step.Config, `resource "terraform_data"`) {
			needs = append(needs, tfversion.SkipBelow(tfversion.Version1_4_0))
		}
	}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks: needs,
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"tofupilot": func() (tfprotov6.ProviderServer, error) { return provider.Server("test")(), nil },
		},
		Steps: steps,
	})
}

// configured is a connection to this provider, with this configuration.
func configured(t *testing.T, arguments harness.Values) harness.Connection {
	t.Helper()
	server := harness.Connect(t, provider.Server("test")())
	harness.CheckNoDiagnostics(t, server.Configure(t, false, arguments))
	return server
}
