package acceptance

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// The tests in this file read the arguments from the schemas of the data sources, so that they
// include new arguments. They leave out the block timeouts, because it isn't sent to the server.

// samples are values for arguments. sampleValue returns the first one that is valid.
var samples = []struct {
	value any
	sent  string // the beginning of the value in a request, where times have milliseconds
}{
	{"2024-01-15T10:30:00Z", "2024-01-15T10:30:00"}, // valid as a time, a name and a search query
	{7, "7"},
	{true, "true"},
	{[]any{"2024-01-15T10:30:00Z"}, "2024-01-15T10:30:00"},
}

// argument is an argument of a data source, with a sample value.
type argument struct {
	dataSource string
	name       string
	narrows    bool // optional and without a default: setting it makes a list shorter
	value      any
	sent       string         // the beginning of the value in a request
	required   harness.Values // the required arguments of the data source
}

// listArguments returns the arguments of all data sources.
func listArguments(t *testing.T) []argument {
	t.Helper()
	connection := connect(t)
	var all []argument
	for dataSource, schema := range connection.DataSources() {
		required := harness.Values{}
		for _, attribute := range schema.Block.Attributes {
			if attribute.Required {
				required[attribute.Name], _ = sampleValue(t, connection, dataSource, attribute, nil) // nil: no other arguments
			}
		}
		for _, attribute := range schema.Block.Attributes {
			if !attribute.Required && !attribute.Optional {
				continue
			}
			value, sent := sampleValue(t, connection, dataSource, attribute, required)
			narrows := attribute.Optional && !attribute.Computed // shortens the list; an argument with a default is also computed
			all = append(all, argument{dataSource: dataSource, name: attribute.Name, narrows: narrows, value: value, sent: sent, required: required})
		}
	}
	return all
}

// sampleValue returns the first sample that is valid together with the other arguments.
func sampleValue(t *testing.T, connection harness.Connection, dataSource string, attribute *tfprotov6.SchemaAttribute, others harness.Values) (value any, sent string) {
	t.Helper()
	for _, sample := range samples {
		if !hasType(sample.value, attribute.Type) {
			continue
		}
		diagnostics := connection.Validate(t, dataSource, withArgument(others, attribute.Name, sample.value))
		if len(diagnostics) == 0 {
			return sample.value, sample.sent
		}
	}
	t.Fatalf("%s: none of the samples is valid for the argument %s: add one", dataSource, attribute.Name)
	return nil, ""
}

// hasType reports whether a sample can have the type of an attribute. It doesn't check elements of lists.
func hasType(sample any, attributeType tftypes.Type) bool {
	if attributeType.Is(tftypes.List{}) || attributeType.Is(tftypes.Set{}) {
		_, isList := sample.([]any)
		return isList
	}
	return tftypes.ValidateValue(attributeType, sample) == nil
}

// withArgument returns the arguments and one more.
func withArgument(arguments harness.Values, name string, value any) harness.Values {
	all := harness.Values{name: value}
	maps.Copy(all, arguments)
	return all
}

// sentParameters returns the names of the query parameters that have the argument's value.
func (a argument) sentParameters(query url.Values) (parameters []string) {
	for parameter, values := range query {
		if slices.ContainsFunc(values, func(value string) bool { return strings.HasPrefix(value, a.sent) }) {
			parameters = append(parameters, parameter)
		}
	}
	return parameters
}

// read reads the argument's data source and returns the diagnostics. Requests time out after a second
// and aren't retried.
func (a argument) read(t *testing.T, url string, arguments harness.Values) []*tfprotov6.Diagnostic {
	t.Helper()
	connection := newConnection(t, harness.Values{"url": url, "api_key": fakeapi.Key, "max_retries": 0, "request_timeout": "1s"})
	return connection.Read(t, a.dataSource, arguments).Diagnostics
}

// twoPages are procedures that don't fit on one page. If they did, a lookup of several names would
// read that page instead of searching.
var twoPages = fakeapi.Generate(150, fakeapi.WithRepository)

// TestEveryArgumentReachesTheServer checks that each argument is sent in a query parameter that the
// fake knows.
func TestEveryArgumentReachesTheServer(t *testing.T) { //nolint:paralleltest // The test runs before the parallel ones, because its errors name the missing step of a recipe in CONTRIBUTING.md.
	for _, a := range listArguments(t) {
		t.Run(a.dataSource+"/"+a.name, func(t *testing.T) {
			t.Parallel()
			api, url := harness.NewFakeServer(t, twoPages...)
			a.read(t, url, withArgument(a.required, a.name, a.value))
			var queries, parameters []string
			for _, r := range api.Requests() {
				queries = append(queries, r.RawQuery)
				parameters = append(parameters, a.sentParameters(r.Query)...)
			}
			if len(parameters) == 0 {
				t.Errorf("%s: the argument %s is in none of the queries %q", a.dataSource, a.name, queries)
			}
			for _, parameter := range parameters {
				checkParameter(t, api, parameter)
			}
		})
	}
}

// checkParameter checks that the fake knows a query parameter. The fake rejects a request that has a
// known parameter twice. Like the API, it ignores unknown parameters.
func checkParameter(t *testing.T, api http.Handler, parameter string) {
	t.Helper()
	if harness.Get(t, api, "/api/v2/procedures", url.Values{parameter: {"1", "2"}}).Code != http.StatusBadRequest {
		t.Errorf("the fake ignores the parameter %s: if the API has it, add it to internal/fakeapi/query.go", parameter)
	}
}

// TestRejectedArgument checks that the error is reported at an argument if the server rejects the query
// parameter in which the argument was sent.
func TestRejectedArgument(t *testing.T) { //nolint:paralleltest // The test runs before the parallel ones, because its errors name the missing step of a recipe in CONTRIBUTING.md.
	for _, a := range listArguments(t) {
		t.Run(a.dataSource+"/"+a.name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(twoPages...)
			target := harness.NewTarget(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if names := a.sentParameters(r.URL.Query()); len(names) > 0 {
					fakeapi.Status(http.StatusBadRequest, `{"message":"Input validation failed","code":"BAD_REQUEST","issues":[{"path":["`+names[0]+`"],"message":"Unwelcome"}]}`).ServeHTTP(w, r)
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

// TestNarrowingArguments checks that an argument that makes a list shorter is named by the error for
// a read that takes too long, or by the error for a request that takes too long.
func TestNarrowingArguments(t *testing.T) { //nolint:paralleltest // The test runs before the parallel ones, because its errors name the missing step of a recipe in CONTRIBUTING.md.
	for _, a := range listArguments(t) {
		if !a.narrows {
			continue
		}
		t.Run(a.dataSource+"/"+a.name, func(t *testing.T) {
			t.Parallel()
			url := harness.NewTarget(t, neverRespond).URL
			slowRead := a.read(t, url, withArgument(a.required, "timeouts", harness.Values{"read": "100ms"}))
			slowRequest := a.read(t, url, a.required) // times out after a second
			output := harness.FormatDiagnostics(append(slowRead, slowRequest...))
			if !strings.Contains(output, a.name) {
				t.Errorf("%s: no error advises on the argument %s: %s", a.dataSource, a.name, output)
			}
		})
	}
}
