package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// object is a JSON object, or an object of a state.
type object = map[string]any

// readCase says how to read all procedures of a server with a data source.
type readCase struct {
	servers   map[string][]*fakeapi.Server         // by the origin of their procedures
	path      string                               // of the list on the servers
	arguments func(rows []object) []harness.Values // returns the arguments of each read, for a server with these rows
	rows      func(state object) []object          // returns the rows in a state
}

// newListCase returns the readCase of a data source that reads a whole list at once. The list has the
// same name in the API's path and in the state.
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

// readCases say how to read each data source.
var readCases = map[string]readCase{
	"tofupilot_procedures": newListCase("procedures", procedureServers),
	"tofupilot_procedure": {
		servers: procedureServers, path: "/api/v2/procedures",
		arguments: func(rows []object) (reads []harness.Values) {
			for _, row := range rows {
				reads = append(reads, harness.Values{"id": row["id"]}, harness.Values{"name": row["name"]})
			}
			return reads
		},
		rows: func(state object) []object { return []object{state} },
	},
	"tofupilot_procedure_ids": {
		servers: procedureServers, path: "/api/v2/procedures",
		arguments: func(rows []object) []harness.Values {
			var names []any
			for _, row := range rows {
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

// procedureServers are fake APIs, by the origin of their procedures. In the procedures of each origin,
// every field has a value at least once.
var procedureServers = map[string][]*fakeapi.Server{
	"examples":  {fakeapi.New(fakeapi.Example2025()), fakeapi.New(fakeapi.Example2026())}, // two servers, because the examples have the same ID
	"generated": {fakeapi.New(fakeapi.Generate(50, fakeapi.WithRunsAndFPY)...), fakeapi.New(fakeapi.Generate(50, fakeapi.WithRepository)...)},
}

// TestEveryAttribute checks that each data source has a readCase, that the attributes in its states
// equal the fields that the server sent, and that no computed attribute is null in every state. This
// finds a field that is missing in the client, in the schema or in the fake.
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
		for origin, servers := range readCases[dataSource].servers {
			t.Run(dataSource+"/"+origin, func(t *testing.T) {
				t.Parallel()
				var valuePaths []string // of all values in the states
				for _, api := range servers {
					valuePaths = append(valuePaths, checkStates(t, dataSource, api)...)
				}
				for _, attribute := range computedPaths("", schema.Block.Attributes) {
					if !slices.ContainsFunc(valuePaths, func(path string) bool { return isWithin(path, attribute) }) {
						t.Errorf("%s: the attribute %s is always null: none of the fake's %s procedures has it", dataSource, attribute, origin)
					}
				}
			})
		}
	}
}

// computedPaths returns the paths of the computed attributes, such as .procedures.created_at.
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

// isWithin reports whether the path of a value is the attribute's path, or leads to a value inside
// the attribute. It ignores the keys of list elements in the path.
func isWithin(path, attribute string) bool {
	path = elementKey.ReplaceAllString(path, "")
	return path == attribute || strings.HasPrefix(path, attribute+".")
}

// checkStates reads all procedures of a server and compares the rows in the states with the server's.
// It returns the paths of all values in the states.
func checkStates(t *testing.T, dataSource string, api *fakeapi.Server) (paths []string) {
	t.Helper()
	read := readCases[dataSource]
	served := fetchRows(t, api, read.path)
	connection := newFakeConnection(t, harness.NewTarget(t, api).URL)
	for _, arguments := range read.arguments(served) {
		resp := connection.Read(t, dataSource, arguments)
		harness.CheckNoDiagnostics(t, resp.Diagnostics)
		state, _ := toJSON(t, connection.State(t, dataSource, resp)).(object)
		paths = slices.AppendSeq(paths, maps.Keys(flatten(state)))
		for _, row := range read.rows(state) {
			checkRow(t, dataSource, row, served)
		}
	}
	return paths
}

// checkRow compares a row of a state with the server's row that has the same ID. It leaves out the
// fields for which the data source has no attribute.
func checkRow(t *testing.T, dataSource string, row object, served []object) {
	t.Helper()
	i := slices.IndexFunc(served, func(candidate object) bool { return candidate["id"] == row["id"] })
	if i < 0 {
		t.Fatalf("%s: the server sent no row with the ID %v", dataSource, row["id"])
	}
	fields := maps.Clone(served[i])
	maps.DeleteFunc(fields, func(name string, _ any) bool {
		_, isAttribute := row[snakeCase(name)]
		return !isAttribute
	})
	got := flatten(row)
	want := flatten(fields)
	if !maps.Equal(got, want) {
		t.Errorf("%s: got %q, and the server sent %q", dataSource, got, want)
	}
}

// fetchRows requests a list of at most 100 rows at a path, and returns the rows.
func fetchRows(t *testing.T, api http.Handler, path string) []object {
	t.Helper()
	var page struct{ Data []object }
	decoder := json.NewDecoder(harness.Get(t, api, path, url.Values{"limit": {"100"}}).Body)
	decoder.UseNumber()
	if err := decoder.Decode(&page); err != nil {
		t.Fatal(err)
	}
	return page.Data
}

// numberDigits is the precision with which numbers are compared. No fake sends as many digits.
const numberDigits = 50

// toJSON converts a value of a state to the types that encoding/json decodes to.
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
		return json.Number(number.Text('g', numberDigits))
	case value.As(&elements) == nil:
		list := []any{}
		for _, element := range elements {
			list = append(list, toJSON(t, element))
		}
		return list
	case value.As(&members) == nil:
		converted := object{}
		for name, member := range members {
			converted[name] = toJSON(t, member)
		}
		return converted
	}
	t.Fatalf("a value has the type %s", value.Type())
	return nil
}

// flatten returns the values in an object by their paths, such as .runs[7f3a].unit.id, without nulls.
// In a path, the key of a list element is its ID or its text, because the server's order may differ.
func flatten(row object) map[string]string {
	values := map[string]string{}
	addValues(values, "", row)
	return values
}

// addValues adds the scalars in a JSON value to values, by their paths. path is the path of the value
// itself.
func addValues(values map[string]string, path string, value any) {
	switch value := value.(type) {
	case nil:
	case object:
		for name, member := range value {
			addValues(values, path+"."+snakeCase(name), member)
		}
	case []any:
		for _, element := range value {
			key := element
			if member, ok := element.(object); ok {
				key = member["id"]
			}
			addValues(values, fmt.Sprintf("%s[%v]", path, key), element)
		}
	case json.Number: // in one form, because the server may send 85.50 for 85.5
		number, _, _ := big.ParseFloat(string(value), 10, 512, big.ToNearestEven) // valid, because it comes from JSON
		values[path] = number.Text('g', numberDigits)
	default:
		values[path] = fmt.Sprint(value)
	}
}

// snakeCase converts the name of a field, such as linkedRepository, to the name of its attribute.
func snakeCase(name string) string {
	return strings.ToLower(upperCase.ReplaceAllString(name, "_$0"))
}

var upperCase = regexp.MustCompile(`[A-Z]`)
