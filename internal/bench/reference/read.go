package reference

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// DataSource is the type of the data source that is read.
const DataSource = "tofupilot_procedures"

// Configure configures a provider for a fake API. It returns a function that reads all
// procedures and returns the encoded state that Terraform would receive.
func Configure(ctx context.Context, server tfprotov6.ProviderServer, url string) (read func() ([]byte, error), err error) {
	schema, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	config, err := encodeBlock(schema.Provider, map[string]string{"url": url, "api_key": fakeapi.Key})
	if err != nil {
		return nil, err
	}
	configured, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: config})
	if err == nil {
		err = firstError(configured.Diagnostics)
	}
	if err != nil {
		return nil, err
	}
	arguments, err := encodeBlock(schema.DataSourceSchemas[DataSource], nil)
	if err != nil {
		return nil, err
	}
	return func() ([]byte, error) {
		response, err := server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: DataSource, Config: arguments})
		if err == nil {
			err = firstError(response.Diagnostics)
		}
		if err != nil {
			return nil, err
		}
		return response.State.MsgPack, nil
	}, nil
}

// encodeBlock encodes a block with these strings. All other arguments are null.
func encodeBlock(schema *tfprotov6.Schema, arguments map[string]string) (*tfprotov6.DynamicValue, error) {
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		return nil, fmt.Errorf("the type of the block is %s instead of an object", schema.ValueType())
	}
	values := map[string]tftypes.Value{}
	for name, attributeType := range object.AttributeTypes { // includes nested blocks
		var value any // null
		if text, ok := arguments[name]; ok {
			value = text
		}
		values[name] = tftypes.NewValue(attributeType, value)
	}
	encoded, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	return &encoded, err
}

func firstError(diagnostics []*tfprotov6.Diagnostic) error {
	for _, diagnostic := range diagnostics {
		return fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
	}
	return nil
}
