// Command baseline is a provider that returns a prepared state, with the schemas of the real provider.
// It needs no server and no API key. A plan with it takes the time that Terraform itself needs.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

func main() {
	err := tf6server.Serve("registry.terraform.io/tofupilot/tofupilot", func() tfprotov6.ProviderServer {
		return baseline{provider.Server("bench")()}
	})
	if err != nil {
		log.Fatal(err)
	}
}

type baseline struct{ tfprotov6.ProviderServer }

func (baseline) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (baseline) ReadDataSource(context.Context, *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	state, err := os.ReadFile(os.Getenv("BENCH_STATE")) //nolint:gosec // the benchmark sets the file
	return &tfprotov6.ReadDataSourceResponse{State: &tfprotov6.DynamicValue{MsgPack: state}}, err
}
