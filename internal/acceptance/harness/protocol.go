// Package harness contains helpers for tests of the provider from outside: calls of the plugin
// protocol in the same process, Terraform in a working directory, servers, and checks. Only
// tests import it.
package harness

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Connection calls a provider over the plugin protocol, in the same process.
type Connection struct {
	tfprotov6.ProviderServer
	DeferralAllowed bool // whether Terraform supports deferring a read to a later plan

	schema *tfprotov6.GetProviderSchemaResponse
}

// Connect returns a connection to a provider's server.
func Connect(t *testing.T, server tfprotov6.ProviderServer) Connection {
	t.Helper()
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	CheckNoDiagnostics(t, schema.Diagnostics)
	return Connection{ProviderServer: server, schema: schema}
}

// DataSources returns the schemas of the provider's data sources, by name.
func (c Connection) DataSources() map[string]*tfprotov6.Schema { return c.schema.DataSourceSchemas }

// Type returns the type of a data source's configuration and state.
func (c Connection) Type(dataSource string) tftypes.Type {
	return c.schema.DataSourceSchemas[dataSource].ValueType()
}

// Values holds the attributes of an object, or the elements of a map. A value is nil, Unknown,
// a string, an int, a float64, a bool or a *big.Float. A list or a set is []any; an object or a map is
// Values. Attributes that are missing are null.
type Values map[string]any

// Unknown is a value that is known only after apply.
const Unknown = tftypes.UnknownValue

// Encode encodes these arguments for the protocol.
func Encode(t *testing.T, valueType tftypes.Type, arguments Values) *tfprotov6.DynamicValue {
	t.Helper()
	dynamic, err := tfprotov6.NewDynamicValue(valueType, Value(t, valueType, arguments))
	if err != nil {
		t.Fatal(err)
	}
	return &dynamic
}

// Value converts a Go value to a Terraform value of the given type. The comment on Values says which Go
// values are possible.
func Value(t *testing.T, valueType tftypes.Type, value any) tftypes.Value {
	t.Helper()
	switch value := value.(type) {
	case []any:
		return newList(t, valueType, value)
	case Values:
		if mapType, ok := valueType.(tftypes.Map); ok {
			return newMap(t, mapType, value)
		}
		return newObject(t, valueType, value)
	default:
		return tftypes.NewValue(valueType, value)
	}
}

func newMap(t *testing.T, mapType tftypes.Map, values Values) tftypes.Value {
	t.Helper()
	elements := map[string]tftypes.Value{}
	for key, value := range values {
		elements[key] = Value(t, mapType.ElementType, value)
	}
	return tftypes.NewValue(mapType, elements)
}

func newObject(t *testing.T, valueType tftypes.Type, values Values) tftypes.Value {
	t.Helper()
	objectType, ok := valueType.(tftypes.Object)
	if !ok {
		t.Fatalf("%s isn't an object type", valueType)
	}
	attributes := map[string]tftypes.Value{}
	for name, attributeType := range objectType.AttributeTypes {
		attributes[name] = Value(t, attributeType, values[name])
	}
	for name := range values {
		if _, ok := attributes[name]; !ok {
			t.Fatalf("%s has no attribute %s", objectType, name)
		}
	}
	return tftypes.NewValue(objectType, attributes)
}

func newList(t *testing.T, listType tftypes.Type, elements []any) tftypes.Value {
	t.Helper()
	var elementType tftypes.Type
	switch listType := listType.(type) {
	case tftypes.List:
		elementType = listType.ElementType
	case tftypes.Set:
		elementType = listType.ElementType
	default:
		t.Fatalf("%s is neither a list nor a set", listType)
	}
	values := []tftypes.Value{}
	for _, element := range elements {
		values = append(values, Value(t, elementType, element))
	}
	return tftypes.NewValue(listType, values)
}

// ValidateProvider validates a provider block and returns the diagnostics.
func (c Connection) ValidateProvider(t *testing.T, arguments Values) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := c.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{
		Config: Encode(t, c.schema.Provider.ValueType(), arguments),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// Configure configures the provider and returns the diagnostics.
func (c Connection) Configure(t *testing.T, arguments Values) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := c.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion:   "1.11.4", // only sent in the User-Agent
		Config:             Encode(t, c.schema.Provider.ValueType(), arguments),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: c.DeferralAllowed},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// Validate validates a data source's arguments and returns the diagnostics.
func (c Connection) Validate(t *testing.T, dataSource string, arguments Values) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := c.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: dataSource, Config: Encode(t, c.Type(dataSource), arguments),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// Read reads a data source. The test fails after a timeout that is far longer than any read takes on
// a busy machine.
func (c Connection) Read(t *testing.T, dataSource string, arguments Values) *tfprotov6.ReadDataSourceResponse {
	t.Helper()
	return c.ReadWithContext(t.Context(), t, 2*time.Minute, dataSource, arguments)
}

// ReadWithContext is like Read, with a context and a timeout.
func (c Connection) ReadWithContext(ctx context.Context, t *testing.T, timeout time.Duration, dataSource string, arguments Values) *tfprotov6.ReadDataSourceResponse {
	t.Helper()
	return Receive(t, c.StartRead(ctx, t, dataSource, arguments), timeout, "the read of "+dataSource)
}

// StartRead starts a read and returns a channel that receives its response.
func (c Connection) StartRead(ctx context.Context, t *testing.T, dataSource string, arguments Values) <-chan *tfprotov6.ReadDataSourceResponse {
	t.Helper()
	request := &tfprotov6.ReadDataSourceRequest{TypeName: dataSource, Config: Encode(t, c.Type(dataSource), arguments)}
	responses := make(chan *tfprotov6.ReadDataSourceResponse, 1)
	go func() { // the read may run longer than the test
		resp, err := c.ReadDataSource(ctx, request)
		if err != nil {
			resp = &tfprotov6.ReadDataSourceResponse{Diagnostics: []*tfprotov6.Diagnostic{
				{Severity: tfprotov6.DiagnosticSeverityError, Summary: "ReadDataSource failed", Detail: err.Error()},
			}}
		}
		responses <- resp
	}()
	return responses
}

// State decodes the state in the response to a read.
func (c Connection) State(t *testing.T, dataSource string, resp *tfprotov6.ReadDataSourceResponse) tftypes.Value {
	t.Helper()
	state, err := resp.State.Unmarshal(c.Type(dataSource))
	if err != nil {
		t.Fatal(err)
	}
	return state
}
