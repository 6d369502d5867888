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
)

// A field of a procedure is defined in the client's struct, in the schema, in the fake's
// examples and in its generated procedures. The test in this file compares every attribute of
// every data source with the fake's JSON.

// object is a JSON object, or an object of the state.
type object = map[string]any

// readCase describes how a data source reads everything that a server has.
type readCase struct {
	servers   map[string][]*fakeapi.Server           // by the origin of their procedures
	path      string                                 // of the list on these servers
	arguments func(served []object) []harness.Values // returns the arguments of each read
	rows      func(state object) []object            // returns the rows in a state
}

// newListCase returns the case of a data source that reads a list.
func newListCase(name string, servers map[string][]*fakeapi.Server) readCase {
	return readCase{
		servers: servers, path: "/api/v2/" + name,
		arguments: func([]object) []harness.Values { return []harness.Values{{}} },
		rows: func(state object) (rows []object) {
			list, _ := state[name].([]any)
			for _, row := range list {
				rows = append(rows, row.(object)) //nolint:forcetypeassert // The schema's type.
			}
			return rows
		},
	}
}

// readCases has the case of each data source.
var readCases = map[string]readCase{
	"tofupilot_procedures": newListCase("procedures", procedureServers),
	"tofupilot_procedure": {
		servers: procedureServers, path: "/api/v2/procedures",
		arguments: func(served []object) (reads []harness.Values) {
			for _, row := range served {
				reads = append(reads, harness.Values{"id": row["id"]}, harness.Values{"name": row["name"]})
			}
			return reads
		},
		rows: func(state object) []object { return []object{state} },
	},
	"tofupilot_procedure_ids": {
		servers: procedureServers, path: "/api/v2/procedures",
		arguments: func(served []object) []harness.Values {
			var names []any
			for _, row := range served {
				names = append(names, row["name"])
			}
			return []harness.Values{{"names": names}}
		},
		rows: func(state object) (rows []object) {
			ids, _ := state["ids"].(object)
			for name, id := range ids {
				rows = append(rows, object{"name": name, "id": id})
			}
			return rows
		},
	},
}

// procedureServers has servers with the fake's procedures.
var procedureServers = map[string][]*fakeapi.Server{
	"examples":  {fakeapi.New(fakeapi.Example2025()), fakeapi.New(fakeapi.Example2026())}, // two, because both have the same ID
	"generated": {fakeapi.New(fakeapi.Generate(50, fakeapi.WithRunsAndFPY)...), fakeapi.New(fakeapi.Generate(50, fakeapi.WithRepository)...)},
}

func TestEveryAttribute(t *testing.T) { //nolint:paralleltest // The test runs before the parallel ones, because its errors name the missing step of a recipe in CONTRIBUTING.md.
	dataSources := connect(t).DataSources()
	for dataSource := range readCases {
		if _, ok := dataSources[dataSource]; !ok {
			t.Errorf("the provider has no %s: add its constructor to DataSources", dataSource)
		}
	}
	for dataSource, schema := range dataSources {
		if _, ok := readCases[dataSource]; !ok {
			t.Errorf("%s isn't tested: add it to readCases", dataSource)
		}
		for source, servers := range readCases[dataSource].servers {
			t.Run(dataSource+"/"+source, func(t *testing.T) {
				t.Parallel()
				values := map[string]string{}
				for _, api := range servers {
					readAll(t, dataSource, api, values)
				}
				for _, attribute := range computedPaths("", schema.Block.Attributes) {
					if !slices.ContainsFunc(slices.Collect(maps.Keys(values)), func(path string) bool { return isWithin(path, attribute) }) {
						t.Errorf("%s: the attribute %s is always null: none of the fake's %s procedures has it", dataSource, attribute, source)
					}
				}
			})
		}
	}
}

// computedPaths returns the paths of computed attributes.
func computedPaths(parent string, attributes []*tfprotov6.SchemaAttribute) (paths []string) {
	for _, attribute := range attributes {
		if !attribute.Computed {
			continue
		}
		paths = append(paths, parent+"."+attribute.Name)
		if attribute.NestedType != nil {
			paths = append(paths, computedPaths(parent+"."+attribute.Name, attribute.NestedType.Attributes)...)
		}
	}
	return paths
}

var elementKey = regexp.MustCompile(`\[.*?\]`)

// isWithin reports whether a value's path is an attribute's or below it.
func isWithin(path, attribute string) bool {
	path = elementKey.ReplaceAllString(path, "")
	return path == attribute || strings.HasPrefix(path, attribute+".")
}

// readAll reads a data source, adds the values of each state to values, and compares each row
// with the server's.
func readAll(t *testing.T, dataSource string, api *fakeapi.Server, values map[string]string) {
	t.Helper()
	url := harness.NewTarget(t, api).URL
	read := readCases[dataSource]
	rows := fetchRows(t, url+read.path)
	connection := newFakeConnection(t, url)
	for _, arguments := range read.arguments(rows) {
		resp := connection.Read(t, dataSource, arguments)
		harness.CheckNoDiagnostics(t, resp.Diagnostics)
		state, _ := toJSON(t, connection.State(t, dataSource, resp)).(object)
		flatten("", state, values)
		for _, shown := range read.rows(state) {
			checkRow(t, dataSource, shown, rows)
		}
	}
}

// checkRow compares a row of a state with the served row that has its ID.
func checkRow(t *testing.T, dataSource string, shown object, rows []object) {
	t.Helper()
	at := slices.IndexFunc(rows, func(row object) bool { return row["id"] == shown["id"] })
	if at < 0 {
		t.Fatalf("%s: no row with the ID %v was served", dataSource, shown["id"])
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
			t.Errorf("%s: %s: got %q, and the server sent %q", dataSource, path, got[path], want[path])
		}
	}
}

// fetchRows requests a list of at most 100 rows and decodes them.
func fetchRows(t *testing.T, url string) []object {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"?limit=100", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+fakeapi.Key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var page struct{ Data []object }
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&page); err != nil {
		t.Fatal(err)
	}
	return page.Data
}

// toJSON converts a value of a state to the type that encoding/json decodes to.
func toJSON(t *testing.T, value tftypes.Value) any {
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
			list = append(list, toJSON(t, element))
		}
		return list
	case value.As(&members) == nil:
		of := object{}
		for name, member := range members {
			of[name] = toJSON(t, member)
		}
		return of
	}
	t.Fatalf("a value of type %s", value.Type())
	return nil
}

// flatten adds the values in a JSON value by their paths. The paths of list elements have their
// IDs, because their order may differ.
func flatten(path string, value any, values map[string]string) {
	switch value := value.(type) {
	case nil:
	case object:
		for name, member := range value {
			flatten(path+"."+snakeCase(name), member, values)
		}
	case []any:
		for _, element := range value {
			id := element
			if row, ok := element.(object); ok {
				id = row["id"]
			}
			flatten(fmt.Sprintf("%s[%v]", path, id), element, values)
		}
	case json.Number:
		number, _, _ := big.ParseFloat(string(value), 10, 512, big.ToNearestEven) // valid, because it comes from JSON
		values[path] = number.Text('g', 50)
	default:
		values[path] = fmt.Sprint(value)
	}
}

// snakeCase converts a name of the API to an attribute's name.
func snakeCase(name string) string {
	return strings.ToLower(upper.ReplaceAllString(name, "_$0"))
}

var upper = regexp.MustCompile(`[A-Z]`)
