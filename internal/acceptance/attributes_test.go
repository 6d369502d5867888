package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// A field of the API is said in several places: in the client's struct, in the
// object of the schema, in the fake's examples, and in what the fake generates.
// Here every attribute of every data source is held to what the fake serves.

// object is one of JSON, or of a state.
type object = map[string]any

// wholeRead is how a data source reads all that a server has.
type wholeRead struct {
	sources   map[string][]*fakeapi.Server           // what is read, by where the fake has it from
	path      string                                 // of the list on these servers
	arguments func(served []object) []harness.Values // of each read
	rows      func(state object) []object            // that a state shows
}

// wholeList is how a list is read.
func wholeList(name string, sources map[string][]*fakeapi.Server) wholeRead {
	return wholeRead{
		sources, "/api/v2/" + name,
		func([]object) []harness.Values { return []harness.Values{{}} },
		func(state object) (rows []object) {
			list, _ := state[name].([]any)
			for _, row := range list {
				rows = append(rows, row.(object)) //nolint:forcetypeassert // The schema's type.
			}
			return rows
		},
	}
}

// wholeReads are those of all data sources.
var wholeReads = map[string]wholeRead{
	"tofupilot_procedures": wholeList("procedures", procedures),
	"tofupilot_procedure": {
		procedures, "/api/v2/procedures",
		func(served []object) (reads []harness.Values) {
			for _, row := range served {
				reads = append(reads, harness.Values{"id": row["id"]}, harness.Values{"name": row["name"]})
			}
			return reads
		},
		func(state object) []object { return []object{state} },
	},
	"tofupilot_procedure_ids": {
		procedures, "/api/v2/procedures",
		func(served []object) []harness.Values {
			var names []any
			for _, row := range served {
				names = append(names, row["name"])
			}
			return []harness.Values{{"names": names}}
		},
		func(state object) (rows []object) {
			ids, _ := state["ids"].(object)
			for name, id := range ids {
				rows = append(rows, object{"name": name, "id": id})
			}
			return rows
		},
	},
}

// procedures are those of the fake.
var procedures = map[string][]*fakeapi.Server{
	"examples":  {fakeapi.New(fakeapi.Example2025()), fakeapi.New(fakeapi.Example2026())}, // which share an ID
	"generated": {fakeapi.New(fakeapi.Generate(50, fakeapi.WithRunsAndFPY)...), fakeapi.New(fakeapi.Generate(50, fakeapi.WithRepository)...)},
}

func TestEveryAttribute(t *testing.T) { //nolint:paralleltest // It comes first: what is forgotten makes others fail, too.
	dataSources := harness.Connect(t, provider.Server("test")()).DataSources()
	for dataSource := range wholeReads {
		if _, ok := dataSources[dataSource]; !ok {
			t.Errorf("the provider has no %s: add its constructor to DataSources", dataSource)
		}
	}
	for dataSource, schema := range dataSources {
		if _, ok := wholeReads[dataSource]; !ok {
			t.Errorf("%s is read by no test over the wire: add it to wholeReads", dataSource)
		}
		for source, servers := range wholeReads[dataSource].sources {
			t.Run(dataSource+"/"+source, func(t *testing.T) {
				t.Parallel()
				values := map[string]string{}
				for _, api := range servers {
					readWhole(t, dataSource, api, values)
				}
				for _, attribute := range computed("", schema.Block.Attributes) {
					if !slices.ContainsFunc(slices.Collect(maps.Keys(values)), func(path string) bool { return within(path, attribute) }) {
						t.Errorf("%s: the attribute %s is null throughout: nothing of the fake's %s has it", dataSource, attribute, source)
					}
				}
			})
		}
	}
}

// computed are the paths of the attributes that a read fills.
func computed(in string, attributes []*tfprotov6.SchemaAttribute) (paths []string) {
	for _, attribute := range attributes {
		if !attribute.Computed {
			continue
		}
		paths = append(paths, in+"."+attribute.Name)
		if attribute.NestedType != nil {
			paths = append(paths, computed(in+"."+attribute.Name, attribute.NestedType.Attributes)...)
		}
	}
	return paths
}

var key = regexp.MustCompile(`\[.*?\]`)

// within tells whether a value is one of an attribute.
func within(path, attribute string) bool {
	path = key.ReplaceAllString(path, "")
	return path == attribute || strings.HasPrefix(path, attribute+".")
}

// readWhole reads a data source, adds what its states hold to the values, and holds
// each row to the server's.
func readWhole(t *testing.T, dataSource string, api *fakeapi.Server, values map[string]string) {
	t.Helper()
	url := harness.NewTarget(t, api).URL
	read := wholeReads[dataSource]
	rows := served(t, url+read.path)
	server := configured(t, harness.Values{"url": url, "api_key": fakeapi.Key})
	for _, arguments := range read.arguments(rows) {
		resp := server.Read(t, dataSource, arguments)
		harness.CheckNoDiagnostics(t, resp.Diagnostics)
		state, _ := plain(t, server.State(t, dataSource, resp)).(object)
		flatten("", state, values)
		for _, shown := range read.rows(state) {
			expectAsServed(t, dataSource, shown, rows)
		}
	}
}

// expectAsServed holds a row that a state shows to the served one of its ID.
func expectAsServed(t *testing.T, dataSource string, shown object, rows []object) {
	t.Helper()
	at := slices.IndexFunc(rows, func(row object) bool { return row["id"] == shown["id"] })
	if at < 0 {
		t.Fatalf("%s: no row of the ID %v was served", dataSource, shown["id"])
	}
	asServed := object{}
	for name, value := range rows[at] {
		if _, ok := shown[snakeCase(name)]; ok {
			asServed[name] = value
		}
	}
	got, want := map[string]string{}, map[string]string{}
	flatten("", shown, got)
	flatten("", asServed, want)
	paths := maps.Clone(got)
	maps.Copy(paths, want)
	for path := range paths {
		if got[path] != want[path] {
			t.Errorf("%s: %s is %q, and was served as %q", dataSource, path, got[path], want[path])
		}
	}
}

// served are the rows of a list, as the server sends them.
func served(t *testing.T, url string) []object {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"?limit=100", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+fakeapi.Key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var page struct{ Data []object }
	decoder := json.NewDecoder(answer.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&page); err != nil {
		t.Fatal(err)
	}
	return page.Data
}

// plain is a value as JSON would have it.
func plain(t *testing.T, value tftypes.Value) any {
	t.Helper()
	if value.IsNull() {
		return nil
	}
	var (
		elements []tftypes.Value
		members  map[string]tftypes.Value
		text     string
		number   big.Float
	)
	switch {
	case value.As(&text) == nil:
		return text
	case value.As(&number) == nil:
		return json.Number(number.Text('g', 50))
	case value.As(&elements) == nil:
		list := []any{}
		for _, element := range elements {
			list = append(list, plain(t, element))
		}
		return list
	case value.As(&members) == nil:
		of := object{}
		for name, member := range members {
			of[name] = plain(t, member)
		}
		return of
	}
	t.Fatalf("a value of type %s", value.Type())
	return nil
}

// flatten notes every value below, by its path. Elements of lists are told apart by
// their IDs, since the order may be another.
func flatten(path string, value any, into map[string]string) {
	switch value := value.(type) {
	case nil:
	case object:
		for name, member := range value {
			flatten(path+"."+snakeCase(name), member, into)
		}
	case []any:
		for _, element := range value {
			id := element
			if row, ok := element.(object); ok {
				id = row["id"]
			}
			flatten(fmt.Sprintf("%s[%v]", path, id), element, into)
		}
	case json.Number:
		number, _, _ := big.ParseFloat(string(value), 10, 512, big.ToNearestEven) // JSON's are all numbers
		into[path] = number.Text('g', 50)
	default:
		into[path] = fmt.Sprint(value)
	}
}

// snakeCase is how Terraform writes a name of the API.
func snakeCase(name string) string {
	return strings.ToLower(upper.ReplaceAllString(name, "_$0"))
}

var upper = regexp.MustCompile(`[A-Z]`)
