package provider

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestMain keeps a developer's own settings and login out of the tests: they
// must neither decide what is asked nor reach a real server.
func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		panic(err)
	}
	for variable, value := range map[string]string{
		envAPIKey: "", envURL: "", envCACert: "", "TF_APPEND_USER_AGENT": "", "HOME": home, "USERPROFILE": home,
	} {
		if err := os.Setenv(variable, value); err != nil {
			panic(err)
		}
	}
	// A generated case that fails is printed whole; no file of it belongs in the tree.
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "5s"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	_ = os.RemoveAll(home) // a leftover does no harm
	os.Exit(code)
}

// serve starts a fake API that holds these procedures.
func serve(t *testing.T, procedures ...fakeapi.Procedure) (api *fakeapi.Server, url string) {
	t.Helper()
	api = fakeapi.New(procedures...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, server.URL
}

// terraform runs the steps with the real Terraform and this provider.
func terraform(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"tofupilot": func() (tfprotov6.ProviderServer, error) { return Server("test")(), nil },
		},
		Steps: steps,
	})
}

// configuration is a provider block for the fake at the URL, and whatever else
// stands in the file.
func configuration(url string, blocks ...string) string {
	provider := block(`provider "tofupilot"`, "url = "+hcl(url), "api_key = "+hcl(fakeapi.Key))
	return provider + strings.Join(blocks, "")
}

// procedures is a data source of the kind, with the arguments given as lines.
func procedures(name string, arguments ...string) string {
	return block(fmt.Sprintf("data %q %q", "tofupilot_procedures", name), arguments...)
}

// output makes a plan that isn't empty out of any change in the value.
func output(name, value string) string {
	return block(fmt.Sprintf("output %q", name), "value = "+value)
}

// fingerprint stands for a large value where only its changes matter: large
// outputs make Terraform itself slow.
func fingerprint(value string) string { return "sha256(jsonencode(" + value + "))" }

func block(header string, lines ...string) string {
	return header + " {\n  " + strings.Join(lines, "\n  ") + "\n}\n"
}

// hcl writes a string as a literal of a configuration.
func hcl(value string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strings.TrimSpace(text.String()))
}

// emptyPlan holds the plan after an apply, and after a refresh, to be empty.
var emptyPlan = resource.ConfigPlanChecks{
	PostApplyPreRefresh:  []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
}

// known checks one attribute of a data source in the state.
func known(name, attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.tofupilot_procedures."+name, tfjsonpath.New(attribute), value)
}

func texts(values ...string) knownvalue.Check {
	checks := make([]knownvalue.Check, 0, len(values))
	for _, value := range values {
		checks = append(checks, knownvalue.StringExact(value))
	}
	return knownvalue.ListExact(checks)
}

// oldestFirst is the order that the provider promises, for procedures without
// equal times.
func oldestFirst(procedures []fakeapi.Procedure) []fakeapi.Procedure {
	return slices.SortedFunc(slices.Values(procedures), func(a, b fakeapi.Procedure) int {
		return a.CreatedAt.Compare(b.CreatedAt)
	})
}

func idsOf(procedures []fakeapi.Procedure) []string {
	ids := []string{}
	for _, procedure := range procedures {
		ids = append(ids, procedure.ID)
	}
	return ids
}

// distinct are the different values of something in the requests, sorted.
func distinct(requests []fakeapi.Request, of func(fakeapi.Request) string) []string {
	values := []string{}
	for _, request := range requests {
		values = append(values, of(request))
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func expectEqual[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
