package reference

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// dataSource is the type of the data source that benchmarks read.
const dataSource = "tofupilot_procedures"

// Reader reads all procedures of a fake API with a provider in this process.
type Reader struct {
	server    tfprotov6.ProviderServer
	arguments *tfprotov6.DynamicValue // of the data source
}

// NewReader configures the provider in server for the fake API at url, and returns a Reader that reads
// with it.
func NewReader(ctx context.Context, server tfprotov6.ProviderServer, url string) (*Reader, error) {
	schema, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	config, err := encodeBlock(schema.Provider, map[string]string{"url": url, "api_key": fakeapi.Key})
	if err != nil {
		return nil, err
	}
	configured, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: config})
	if err != nil {
		return nil, err
	}
	if err := firstError(configured.Diagnostics); err != nil {
		return nil, err
	}
	arguments, err := encodeBlock(schema.DataSourceSchemas[dataSource], nil)
	return &Reader{server, arguments}, err
}

// Read returns the encoded state that Terraform would receive.
func (r *Reader) Read(ctx context.Context) ([]byte, error) {
	response, err := r.server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: dataSource, Config: r.arguments})
	if err != nil {
		return nil, err
	}
	if err := firstError(response.Diagnostics); err != nil {
		return nil, err
	}
	return response.State.MsgPack, nil
}

// encodeBlock encodes a block with these arguments, which are strings. All others are null.
func encodeBlock(schema *tfprotov6.Schema, arguments map[string]string) (*tfprotov6.DynamicValue, error) {
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		return nil, fmt.Errorf("the type of the block is %s instead of an object", schema.ValueType())
	}
	values := map[string]tftypes.Value{}
	for name, attributeType := range object.AttributeTypes { // includes nested blocks
		values[name] = tftypes.NewValue(attributeType, nil)
		if value, ok := arguments[name]; ok {
			values[name] = tftypes.NewValue(attributeType, value)
		}
	}
	encoded, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	return &encoded, err
}

// firstError returns the first diagnostic, even a warning, as an error.
func firstError(diagnostics []*tfprotov6.Diagnostic) error {
	if len(diagnostics) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s", diagnostics[0].Summary, diagnostics[0].Detail)
}
