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
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// In these tests an argument is whatever attribute the schema of a data source lets
// be set, so that none can be forgotten. The block timeouts is not for the server.

// samples are values for an argument, of which the first valid one is given, with
// how the server must be sent it, or how that must begin.
var samples = []struct {
	value any
	sent  string
}{
	{"2024-01-15T10:30:00Z", "2024-01-15T10:30:00"}, // as good a name or search as any
	{7, "7"},
	{true, "true"},
	{[]any{"2024-01-15T10:30:00Z"}, "2024-01-15T10:30:00"},
}

// argument is one of a data source, with a sample value.
type argument struct {
	dataSource, name string
	narrows          bool // whether less is read with it
	value            any
	sent             string
	required         harness.Values // the arguments without which nothing is read
}

func everyArgument(t *testing.T) []argument {
	t.Helper()
	server := harness.Connect(t, provider.Server("test")())
	var all []argument
	for dataSource, schema := range server.DataSources() {
		required := harness.Values{}
		for _, attribute := range schema.Block.Attributes {
			if attribute.Required {
				required[attribute.Name], _ = sample(t, server, dataSource, attribute, nil)
			}
		}
		for _, attribute := range schema.Block.Attributes {
			if !attribute.Required && !attribute.Optional {
				continue
			}
			value, sent := sample(t, server, dataSource, attribute, required)
			all = append(all, argument{dataSource, attribute.Name, attribute.Optional && !attribute.Computed, value, sent, required})
		}
	}
	return all
}

func sample(t *testing.T, server harness.Connection, dataSource string, attribute *tfprotov6.SchemaAttribute, others harness.Values) (value any, sent string) {
	t.Helper()
	for _, sample := range samples {
		_, several := sample.value.([]any)
		if several != (attribute.Type.Is(tftypes.List{}) || attribute.Type.Is(tftypes.Set{})) ||
			!several && tftypes.ValidateValue(attribute.Type, sample.value) != nil {
			continue
		}
		if len(server.Validate(t, dataSource, and(others, attribute.Name, sample.value))) == 0 {
			return sample.value, sample.sent
		}
	}
	t.Fatalf("%s: none of the samples is valid for the argument %s: add one", dataSource, attribute.Name)
	return nil, ""
}

// and are the values with one more.
func and(values harness.Values, name string, value any) harness.Values {
	more := harness.Values{name: value}
	maps.Copy(more, values)
	return more
}

// sentAs are the parameters that carry the argument in a request.
func (a argument) sentAs(query map[string][]string) (parameters []string) {
	for parameter, values := range query {
		if slices.ContainsFunc(values, func(value string) bool { return strings.HasPrefix(value, a.sent) }) {
			parameters = append(parameters, parameter)
		}
	}
	return parameters
}

// read reads the data source of the argument.
func (a argument) read(t *testing.T, url string, values harness.Values) []*tfprotov6.Diagnostic {
	t.Helper()
	server := configured(t, harness.Values{"url": url, "api_key": fakeapi.Key, "max_retries": 0, "request_timeout": "1s"})
	return server.Read(t, a.dataSource, values).Diagnostics
}

// severalPages are so many that a lookup searches.
var severalPages = fakeapi.Generate(150, fakeapi.WithRepository)

func TestEveryArgumentReachesTheServer(t *testing.T) { //nolint:paralleltest // It comes first: what is forgotten makes others fail, too.
	for _, a := range everyArgument(t) {
		t.Run(a.dataSource+"/"+a.name, func(t *testing.T) {
			t.Parallel()
			api, url := harness.NewFakeServer(t, severalPages...)
			a.read(t, url, and(a.required, a.name, a.value))
			if !slices.ContainsFunc(api.Requests(), func(r fakeapi.Request) bool { return len(a.sentAs(r.Query)) > 0 }) {
				t.Errorf("%s: the argument %s doesn't reach the server, which was asked for %q", a.dataSource, a.name, harness.DistinctValues(api.Requests(), func(r fakeapi.Request) string { return r.RawQuery }))
			}
			for _, r := range api.Requests() {
				for _, parameter := range a.sentAs(r.Query) {
					expectKnown(t, api, parameter)
				}
			}
		})
	}
}

// expectKnown holds a parameter to those of the fake, which ignores others, as the API
// does. One that it knows it refuses when it is given twice, whatever the list.
func expectKnown(t *testing.T, api http.Handler, parameter string) {
	t.Helper()
	if harness.RequestStatus(t, api, url.Values{parameter: {"1", "2"}}) != http.StatusBadRequest {
		t.Errorf("the fake ignores the parameter %s: if that is its name, add it to internal/fakeapi/query.go", parameter)
	}
}

// Whatever the server says of a parameter is said at the argument that it comes
// from.
func TestRefusedArgument(t *testing.T) { //nolint:paralleltest // It comes first: what is forgotten makes others fail, too.
	for _, a := range everyArgument(t) {
		t.Run(a.dataSource+"/"+a.name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(severalPages...)
			at := harness.NewTarget(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if refused := a.sentAs(r.URL.Query()); len(refused) > 0 {
					answer(http.StatusBadRequest, `{"message":"Input validation failed","code":"BAD_REQUEST","issues":[{"path":["`+refused[0]+`"],"message":"Unwelcome"}]}`)(w, r)
					return
				}
				api.ServeHTTP(w, r)
			}))
			diagnostics := a.read(t, at.URL, and(a.required, a.name, a.value))
			if len(diagnostics) != 1 || harness.DiagnosticPath(diagnostics[0]) != a.name {
				t.Errorf("%s: the error isn't on the argument %s, which the server refuses: %s", a.dataSource, a.name, harness.FormatDiagnostics(diagnostics))
			}
		})
	}
}

// A list that takes too long can be narrowed, or read in smaller pages: by which
// arguments, an error says.
func TestNarrowingArguments(t *testing.T) { //nolint:paralleltest // It comes first: what is forgotten makes others fail, too.
	hangs := faulty(func(_ http.ResponseWriter, r *http.Request) { untilGone(r, 10*time.Second) })
	for _, a := range everyArgument(t) {
		if !a.narrows {
			continue
		}
		t.Run(a.dataSource+"/"+a.name, func(t *testing.T) {
			t.Parallel()
			said := harness.FormatDiagnostics(slices.Concat(
				a.read(t, hangs(t).URL, and(a.required, "timeouts", harness.Values{"read": "100ms"})),
				a.read(t, hangs(t).URL, a.required)))
			if !strings.Contains(said, a.name) {
				t.Errorf("%s: no error advises on the argument %s: %s", a.dataSource, a.name, said)
			}
		})
	}
}
