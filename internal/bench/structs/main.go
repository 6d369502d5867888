// Command structs is the provider with its list filled the framework's usual way.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	framework "github.com/hashicorp/terraform-plugin-framework/provider"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bench/reference"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

func main() {
	err := providerserver.Serve(context.Background(),
		func() framework.Provider { return reference.Usual(provider.New("bench")()) },
		providerserver.ServeOpts{Address: "registry.terraform.io/tofupilot/tofupilot"})
	if err != nil {
		log.Fatal(err)
	}
}
