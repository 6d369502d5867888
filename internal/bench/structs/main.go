// Command structs is the provider of [reference.WithStructs].
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
		func() framework.Provider { return reference.WithStructs(provider.New("bench")()) },
		providerserver.ServeOpts{Address: "registry.terraform.io/tofupilot/tofupilot"})
	if err != nil {
		log.Fatal(err)
	}
}
