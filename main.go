// Command terraform-provider-tofupilot is the Terraform provider for TofuPilot.
// Terraform starts it; people have no need to.
package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// version is set by the linker in a release.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger: print what to set TF_REATTACH_PROVIDERS to, and stay until interrupted")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *showVersion {
		fmt.Println(version)
		return
	}

	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	err := tf6server.Serve("registry.terraform.io/tofupilot/tofupilot", provider.Server(version), options...)
	if err != nil {
		log.Fatal(err)
	}
}
