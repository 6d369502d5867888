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

// needed are the arguments of the data sources that can't be read without any.
var needed = map[string]Values{
	"tofupilot_procedure":     {"name": fakeapi.Example2026().Name},
	"tofupilot_procedure_ids": {"names": []any{fakeapi.Example2026().Name}},
}

// longestRead is how long the read of one procedure may take on a busy machine.
const longestRead = 20 * time.Second

// MustRead reads each data source once, before all tests of a package (TestMain).
// If a read returns nothing, or doesn't return, MustRead says so and exits: nearly
// all tests would fail, many of them after a long wait.
func MustRead(server tfprotov6.ProviderServer) {
	if err := readEach(context.Background(), server); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readEach(ctx context.Context, server tfprotov6.ProviderServer) error {
	api := httptest.NewServer(fakeapi.New(fakeapi.Example2026()))
	defer api.Close()
	schema, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	config, err := inJSON(Values{"url": api.URL, "api_key": fakeapi.Key})
	if err != nil {
		return err
	}
	if _, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: config}); err != nil {
		return err
	}
	for dataSource, schema := range schema.DataSourceSchemas {
		ended := make(chan error, 1)
		go func() { ended <- readOne(ctx, server, dataSource, schema) }()
		select {
		case err = <-ended:
		case <-time.After(longestRead):
			err = fmt.Errorf("doesn't return: it was given up after %s", longestRead)
		}
		if err != nil {
			return fmt.Errorf("the provider's Read of %s %w", dataSource, err)
		}
	}
	return nil
}

// readOne wants an answer: an error, or a value that wasn't given.
func readOne(ctx context.Context, server tfprotov6.ProviderServer, dataSource string, schema *tfprotov6.Schema) error {
	config, err := inJSON(needed[dataSource])
	if err != nil {
		return err
	}
	resp, err := server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: dataSource, Config: config})
	if err != nil {
		return fmt.Errorf("fails: %w", err)
	}
	if len(resp.Diagnostics) > 0 {
		return nil
	}
	if resp.State != nil {
		state, err := resp.State.Unmarshal(schema.ValueType())
		if err != nil {
			return fmt.Errorf("returns what isn't a state: %w", err)
		}
		attributes := map[string]tftypes.Value{}
		if err := state.As(&attributes); err != nil {
			return fmt.Errorf("returns what isn't a state: %w", err)
		}
		for name, value := range attributes {
			if _, given := needed[dataSource][name]; !given && !value.IsNull() {
				return nil
			}
		}
	}
	return errors.New("returns nothing: neither a value nor an error")
}

// inJSON is a configuration with these arguments; the others are null.
func inJSON(arguments Values) (*tfprotov6.DynamicValue, error) {
	if arguments == nil {
		arguments = Values{}
	}
	encoded, err := json.Marshal(arguments)
	return &tfprotov6.DynamicValue{JSON: encoded}, err
}
