// Package harness is what black-box tests are made with: a connection to a
// provider without the process between, a real Terraform in a directory of its
// own, servers to send a provider to, and what to expect of all of them. Only
// tests import it.
package harness

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Connection talks to a provider as Terraform does, without the process between.
type Connection struct {
	tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
}

// Connect begins a conversation with a server.
func Connect(t *testing.T, server tfprotov6.ProviderServer) Connection {
	t.Helper()
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	ExpectNoDiagnostics(t, schema.Diagnostics)
	return Connection{server, schema}
}

// DataSources are all that the provider has, by name.
func (c Connection) DataSources() map[string]*tfprotov6.Schema { return c.schema.DataSourceSchemas }

// Type is the type of a data source's values.
func (c Connection) Type(dataSource string) tftypes.Type {
	return c.schema.DataSourceSchemas[dataSource].ValueType()
}

// Values are the attributes of an object: string, int, float64, bool, Unknown,
// []any for a list or a set, or Values again, for an object or a map. The others
// are null.
type Values map[string]any

// Unknown is a value that is known only after apply.
const Unknown = tftypes.UnknownValue

// Encode is a configuration with these arguments.
func Encode(t *testing.T, of tftypes.Type, arguments Values) *tfprotov6.DynamicValue {
	t.Helper()
	dynamic, err := tfprotov6.NewDynamicValue(of, Value(t, of, arguments))
	if err != nil {
		t.Fatal(err)
	}
	return &dynamic
}

// Value is a value of this type, made of what Values take.
func Value(t *testing.T, of tftypes.Type, given any) tftypes.Value {
	t.Helper()
	if elements, ok := given.([]any); ok {
		return listOf(t, of, elements)
	}
	arguments, ok := given.(Values)
	if !ok {
		return tftypes.NewValue(of, given)
	}
	attributes := map[string]tftypes.Value{}
	if of, ok := of.(tftypes.Map); ok {
		for key, value := range arguments {
			attributes[key] = Value(t, of.ElementType, value)
		}
		return tftypes.NewValue(of, attributes)
	}
	object, ok := of.(tftypes.Object)
	if !ok {
		t.Fatalf("%s takes no arguments", of)
	}
	for name, attribute := range object.AttributeTypes {
		attributes[name] = Value(t, attribute, arguments[name])
	}
	for name := range arguments {
		if _, ok := attributes[name]; !ok {
			t.Fatalf("there is no attribute %s", name)
		}
	}
	return tftypes.NewValue(of, attributes)
}

func listOf(t *testing.T, of tftypes.Type, elements []any) tftypes.Value {
	t.Helper()
	var element tftypes.Type
	switch of := of.(type) {
	case tftypes.List:
		element = of.ElementType
	case tftypes.Set:
		element = of.ElementType
	default:
		t.Fatalf("%s has no elements", of)
	}
	converted := []tftypes.Value{}
	for _, given := range elements {
		converted = append(converted, Value(t, element, given))
	}
	return tftypes.NewValue(of, converted)
}

// ValidateProvider validates a provider block.
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

// Configure configures the provider, from a Terraform that takes deferrals or
// from one that doesn't.
func (c Connection) Configure(t *testing.T, deferrals bool, arguments Values) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := c.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion:   "1.11.4",
		Config:             Encode(t, c.schema.Provider.ValueType(), arguments),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: deferrals},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// Validate validates a data source's arguments.
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

// Read reads a data source.
func (c Connection) Read(t *testing.T, dataSource string, arguments Values) *tfprotov6.ReadDataSourceResponse {
	t.Helper()
	return c.ReadIn(t.Context(), t, 2*time.Minute, dataSource, arguments) // far more than any read takes on a busy machine
}

// ReadIn reads with a context of the test's own, for its log or its end, and gives
// a read up that takes longer than atMost.
func (c Connection) ReadIn(ctx context.Context, t *testing.T, atMost time.Duration, dataSource string, arguments Values) *tfprotov6.ReadDataSourceResponse {
	t.Helper()
	return Await(t, c.StartRead(ctx, t, dataSource, arguments), atMost, "the read of "+dataSource)
}

// StartRead doesn't wait for the end of a read.
func (c Connection) StartRead(ctx context.Context, t *testing.T, dataSource string, arguments Values) <-chan *tfprotov6.ReadDataSourceResponse {
	t.Helper()
	request := &tfprotov6.ReadDataSourceRequest{TypeName: dataSource, Config: Encode(t, c.Type(dataSource), arguments)}
	read := make(chan *tfprotov6.ReadDataSourceResponse, 1)
	go func() { // which may outlive the test
		resp, err := c.ReadDataSource(ctx, request)
		if err != nil {
			resp = &tfprotov6.ReadDataSourceResponse{Diagnostics: []*tfprotov6.Diagnostic{
				{Severity: tfprotov6.DiagnosticSeverityError, Summary: "ReadDataSource failed", Detail: err.Error()},
			}}
		}
		read <- resp
	}()
	return read
}

// State is what an answer to a read holds.
func (c Connection) State(t *testing.T, dataSource string, resp *tfprotov6.ReadDataSourceResponse) tftypes.Value {
	t.Helper()
	state, err := resp.State.Unmarshal(c.Type(dataSource))
	if err != nil {
		t.Fatal(err)
	}
	return state
}
