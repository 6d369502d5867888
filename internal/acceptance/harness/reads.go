package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// requiredArguments lists the arguments that readDataSource sets, for data sources that require some.
var requiredArguments = map[string]Values{
	"tofupilot_procedure":     {"name": fakeapi.Example2026().Name},
	"tofupilot_procedure_ids": {"names": []any{fakeapi.Example2026().Name}},
}

// readTimeout is longer than a read of one procedure takes on a busy machine.
const readTimeout = 20 * time.Second

// CheckReads reads each data source once. If a read returns nothing or doesn't return, CheckReads
// prints an error and exits. TestMain calls it before the tests, because nearly all of them would
// fail, many after a long wait.
func CheckReads(server tfprotov6.ProviderServer) {
	if err := readEach(context.Background(), server); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// readEach configures the provider for a fake API and reads each data source.
func readEach(ctx context.Context, server tfprotov6.ProviderServer) error {
	api := httptest.NewServer(fakeapi.New(fakeapi.Example2026()))
	defer api.Close()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	config, err := encodeJSON(Values{"url": api.URL, "api_key": fakeapi.Key})
	if err != nil {
		return err
	}
	if _, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: config}); err != nil {
		return err
	}
	for dataSource, schema := range schemas.DataSourceSchemas {
		ended := make(chan error, 1)
		go func() { ended <- readDataSource(ctx, server, dataSource, schema) }()
		select {
		case err = <-ended:
		case <-time.After(readTimeout):
			err = fmt.Errorf("didn't return within %s", readTimeout)
		}
		if err != nil {
			return fmt.Errorf("the provider's Read of %s: %w", dataSource, err)
		}
	}
	return nil
}

// readDataSource reads a data source. It returns an error if the read returns nothing: no
// diagnostic, and no values other than those of the arguments.
func readDataSource(ctx context.Context, server tfprotov6.ProviderServer, dataSource string, schema *tfprotov6.Schema) error {
	config, err := encodeJSON(requiredArguments[dataSource])
	if err != nil {
		return err
	}
	resp, err := server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: dataSource, Config: config})
	if err != nil {
		return err
	}
	if len(resp.Diagnostics) > 0 {
		return nil
	}
	if resp.State != nil {
		state, err := resp.State.Unmarshal(schema.ValueType())
		if err != nil {
			return fmt.Errorf("invalid state: %w", err)
		}
		attributes := map[string]tftypes.Value{}
		if err := state.As(&attributes); err != nil {
			return fmt.Errorf("invalid state: %w", err)
		}
		for name, value := range attributes {
			if _, isArgument := requiredArguments[dataSource][name]; !isArgument && !value.IsNull() {
				return nil
			}
		}
	}
	return errors.New("it returned neither a value nor an error")
}

// encodeJSON encodes these arguments in JSON, which needs no schema. Other arguments are null.
func encodeJSON(arguments Values) (*tfprotov6.DynamicValue, error) {
	if arguments == nil {
		arguments = Values{} // nil would be encoded as null
	}
	encoded, err := json.Marshal(arguments)
	return &tfprotov6.DynamicValue{JSON: encoded}, err
}
