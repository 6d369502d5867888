package reference

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// DataSource is what is read.
const DataSource = "tofupilot_procedures"

// Configure configures a provider for a fake API and returns how it reads all
// procedures: the encoded state that Terraform would get.
func Configure(ctx context.Context, server tfprotov6.ProviderServer, url string) (read func() ([]byte, error), err error) {
	schema, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	settings, err := block(schema.Provider, map[string]string{"url": url, "api_key": fakeapi.Key})
	if err != nil {
		return nil, err
	}
	configured, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: settings})
	if err == nil {
		err = firstError(configured.Diagnostics)
	}
	if err != nil {
		return nil, err
	}
	arguments, err := block(schema.DataSourceSchemas[DataSource], nil)
	if err != nil {
		return nil, err
	}
	return func() ([]byte, error) {
		answer, err := server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: DataSource, Config: arguments})
		if err == nil {
			err = firstError(answer.Diagnostics)
		}
		if err != nil {
			return nil, err
		}
		return answer.State.MsgPack, nil
	}, nil
}

// block is a block with a few texts given, encoded.
func block(of *tfprotov6.Schema, given map[string]string) (*tfprotov6.DynamicValue, error) {
	object, ok := of.ValueType().(tftypes.Object)
	if !ok {
		return nil, fmt.Errorf("a block's type is %s, no object", of.ValueType())
	}
	values := map[string]tftypes.Value{}
	for name, is := range object.AttributeTypes { // and those of blocks
		var value any // null
		if text, ok := given[name]; ok {
			value = text
		}
		values[name] = tftypes.NewValue(is, value)
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
