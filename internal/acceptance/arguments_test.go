package acceptance

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// The tests in this file take the arguments from the schemas of the data sources, so that they
// include new ones. The block timeouts is left out, because it isn't sent to the server.

// samples has values for arguments. sampleValue uses the first one that is valid.
var samples = []struct {
	value any
	sent  string // how the value begins in a request
}{
	{"2024-01-15T10:30:00Z", "2024-01-15T10:30:00"}, // also a valid name and search query
	{7, "7"},
	{true, "true"},
	{[]any{"2024-01-15T10:30:00Z"}, "2024-01-15T10:30:00"},
}

// argument is an argument of a data source, with a sample value.
type argument struct {
	dataSource, name string
	narrows          bool // whether setting it makes a read shorter
	value            any
	sent             string
	required         harness.Values // the required arguments of the data source
}

func listArguments(t *testing.T) []argument {
	t.Helper()
	connection := connect(t)
	var all []argument
	for dataSource, schema := range connection.DataSources() {
		required := harness.Values{}
		for _, attribute := range schema.Block.Attributes {
			if attribute.Required {
				required[attribute.Name], _ = sampleValue(t, connection, dataSource, attribute, nil)
			}
		}
		for _, attribute := range schema.Block.Attributes {
			if !attribute.Required && !attribute.Optional {
				continue
			}
			value, sent := sampleValue(t, connection, dataSource, attribute, required)
			all = append(all, argument{dataSource, attribute.Name, attribute.Optional && !attribute.Computed, value, sent, required})
		}
	}
	return all
}

func sampleValue(t *testing.T, connection harness.Connection, dataSource string, attribute *tfprotov6.SchemaAttribute, others harness.Values) (value any, sent string) {
	t.Helper()
	for _, sample := range samples {
		_, several := sample.value.([]any)
		if several != (attribute.Type.Is(tftypes.List{}) || attribute.Type.Is(tftypes.Set{})) ||
			!several && tftypes.ValidateValue(attribute.Type, sample.value) != nil {
			continue
		}
		if len(connection.Validate(t, dataSource, withArgument(others, attribute.Name, sample.value))) == 0 {
			return sample.value, sample.sent
		}
	}
	t.Fatalf("%s: none of the samples is valid for the argument %s: add one", dataSource, attribute.Name)
	return nil, ""
}

// withArgument returns the values with another one.
func withArgument(values harness.Values, name string, value any) harness.Values {
	more := harness.Values{name: value}
	maps.Copy(more, values)
	return more
}

// parameters returns the names of the query parameters that have the argument's value.
func (a argument) parameters(query map[string][]string) (parameters []string) {
	for parameter, values := range query {
		if slices.ContainsFunc(values, func(value string) bool { return strings.HasPrefix(value, a.sent) }) {
			parameters = append(parameters, parameter)
		}
	}
	return parameters
}

// read reads the argument's data source.
func (a argument) read(t *testing.T, url string, values harness.Values) []*tfprotov6.Diagnostic {
	t.Helper()
	connection := newConnection(t, harness.Values{"url": url, "api_key": fakeapi.Key, "max_retries": 0, "request_timeout": "1s"})
	return connection.Read(t, a.dataSource, values).Diagnostics
}

// twoPages has more procedures than a page, so that a lookup searches for a name.
var twoPages = fakeapi.Generate(150, fakeapi.WithRepository)

func TestEveryArgumentReachesTheServer(t *testing.T) { //nolint:paralleltest // It runs before the parallel tests, because its errors name the missing step of a recipe.
	for _, a := range listArguments(t) {
		t.Run(a.dataSource+"/"+a.name, func(t *testing.T) {
			t.Parallel()
			api, url := harness.NewFakeServer(t, twoPages...)
			a.read(t, url, withArgument(a.required, a.name, a.value))
			if !slices.ContainsFunc(api.Requests(), func(r fakeapi.Request) bool { return len(a.parameters(r.Query)) > 0 }) {
				t.Errorf("%s: the argument %s is in none of the queries %q", a.dataSource, a.name, harness.DistinctValues(api.Requests(), func(r fakeapi.Request) string { return r.RawQuery }))
			}
			for _, r := range api.Requests() {
				for _, parameter := range a.parameters(r.Query) {
					checkParameter(t, api, parameter)
				}
			}
		})
	}
}

// checkParameter checks that the fake knows the query parameter. The fake ignores unknown
// parameters, as the API does, and rejects a known one that is given twice.
func checkParameter(t *testing.T, api http.Handler, parameter string) {
	t.Helper()
	if harness.RequestStatus(t, api, url.Values{parameter: {"1", "2"}}) != http.StatusBadRequest {
		t.Errorf("the fake ignores the parameter %s: if that is its name, add it to internal/fakeapi/query.go", parameter)
	}
}

// TestRejectedArgument checks that an issue with a parameter is reported at its argument.
func TestRejectedArgument(t *testing.T) { //nolint:paralleltest // It runs before the parallel tests, because its errors name the missing step of a recipe.
	for _, a := range listArguments(t) {
		t.Run(a.dataSource+"/"+a.name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(twoPages...)
			target := harness.NewTarget(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if names := a.parameters(r.URL.Query()); len(names) > 0 {
					respond(http.StatusBadRequest, `{"message":"Input validation failed","code":"BAD_REQUEST","issues":[{"path":["`+names[0]+`"],"message":"Unwelcome"}]}`)(w, r)
					return
				}
				api.ServeHTTP(w, r)
			}))
			diagnostics := a.read(t, target.URL, withArgument(a.required, a.name, a.value))
			if len(diagnostics) != 1 || harness.DiagnosticPath(diagnostics[0]) != a.name {
				t.Errorf("%s: the error isn't on the argument %s, which the server rejects: %s", a.dataSource, a.name, harness.FormatDiagnostics(diagnostics))
			}
		})
	}
}

// TestNarrowingArguments checks that errors about a list that takes too long name each argument
// that makes the read shorter.
func TestNarrowingArguments(t *testing.T) { //nolint:paralleltest // It runs before the parallel tests, because its errors name the missing step of a recipe.
	newTarget := serveFault(func(_ http.ResponseWriter, r *http.Request) { waitForDisconnect(r, 10*time.Second) })
	for _, a := range listArguments(t) {
		if !a.narrows {
			continue
		}
		t.Run(a.dataSource+"/"+a.name, func(t *testing.T) {
			t.Parallel()
			output := harness.FormatDiagnostics(slices.Concat(
				a.read(t, newTarget(t).URL, withArgument(a.required, "timeouts", harness.Values{"read": "100ms"})),
				a.read(t, newTarget(t).URL, a.required)))
			if !strings.Contains(output, a.name) {
				t.Errorf("%s: no error advises on the argument %s: %s", a.dataSource, a.name, output)
			}
		})
	}
}
