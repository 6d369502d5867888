// Command terraform-provider-tofupilot is the Terraform provider for TofuPilot.
// Terraform runs this program; don't run it directly.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// version is set by the linker in a release.
var version = "dev"

// memoryLimit makes the garbage collector run before garbage and responses together exceed
// 1 GB (see the bounds in internal/rest/memory.go). A list near the protocol's limit may
// take more.
const memoryLimit = 768 << 20 // bytes

func main() {
	// net/http logs unsolicited responses and, with GODEBUG=http2debug=1, the headers of
	// requests. The provider itself logs through tflog.
	log.SetOutput(io.Discard)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	debugging := flag.Bool("debug", false, "serve for a debugger: print what to set TF_REATTACH_PROVIDERS to, and stay until interrupted")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *showVersion {
		fmt.Println(version)
		return
	}

	var options []tf6server.ServeOpt
	if *debugging {
		options = append(options, tf6server.WithManagedDebug())
	}
	err := tf6server.Serve("registry.terraform.io/tofupilot/tofupilot", provider.Server(version), options...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
