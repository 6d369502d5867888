package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bench/reference"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

const module = "github.com/tofupilot/terraform-provider-tofupilot"

// programs are the providers that Terraform is run with.
var programs = map[string]string{
	"ours":   module,
	"floor":  module + "/internal/bench/floor",
	"usual":  module + "/internal/bench/structs",
	"rusage": module + "/internal/bench/rusage",
}

// lab is a directory with the programs, and with what Terraform needs to use
// each instead of the released provider.
type lab struct{ dir string }

func newLab(ctx context.Context) (lab, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return lab{}, err
	}
	l := lab{dir}
	for name, of := range programs {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags=grpcnotrace", "-ldflags=-s -w", "-o", l.binary(name), of) //nolint:gosec // the names above
		if said, err := build.CombinedOutput(); err != nil {
			l.close()
			return l, fmt.Errorf("%s: %w\n%s", build, err, said)
		}
		settings := fmt.Sprintf("provider_installation {\n  dev_overrides { \"tofupilot/tofupilot\" = %q }\n}\n", filepath.Dir(l.binary(name)))
		if err := os.WriteFile(l.settings(name), []byte(settings), 0o600); err != nil {
			l.close()
			return l, err
		}
	}
	return l, nil
}

func (l lab) close() { _ = os.RemoveAll(l.dir) }

func (l lab) binary(name string) string {
	return filepath.Join(l.dir, name, "terraform-provider-tofupilot")
}

func (l lab) settings(name string) string { return filepath.Join(l.dir, name+".rc") }
func (l lab) state() string               { return filepath.Join(l.dir, "state.msgpack") }
func (l lab) usage() string               { return filepath.Join(l.dir, "usage") }

// machine says what was measured on, and with what.
func (l lab) machine(ctx context.Context) (string, error) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	model := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(info)
	if model == nil {
		return "", errors.New("/proc/cpuinfo names no model")
	}
	said, err := exec.CommandContext(ctx, "terraform", "version").Output()
	if err != nil {
		return "", err
	}
	version, _, _ := strings.Cut(string(said), "\n")
	return fmt.Sprintf("%d cores of an %s, %s, %s", runtime.NumCPU(), model[1], version, strings.Replace(runtime.Version(), "go", "Go ", 1)), nil
}

// What a plan reads, as the name of a folder with its configuration. Each has an
// output count, of what was read.
const (
	allProcedures = "all"
	someIDs       = "ids"
)

// names is how many names someIDs looks up.
const names = 5

// serve starts a fake API, writes the configurations, and leaves the state that
// comes of reading all procedures to the floor.
func (l lab) serve(ctx context.Context, procedures, runs int) (stop func(), err error) {
	stored := reference.Procedures(procedures, runs)
	server := httptest.NewServer(fakeapi.New(stored...))
	var wanted []string
	for i := range names {
		wanted = append(wanted, strconv.Quote(stored[i*procedures/names].Name))
	}
	err = errors.Join(
		l.configure(allProcedures, server.URL, `data "tofupilot_procedures" "all" {}`, "data.tofupilot_procedures.all.procedures"),
		l.configure(someIDs, server.URL, fmt.Sprintf("data \"tofupilot_procedure_ids\" \"some\" {\n  names = [%s]\n}", strings.Join(wanted, ", ")), "data.tofupilot_procedure_ids.some.ids"),
		l.writeState(ctx, server.URL),
	)
	if err != nil {
		server.Close()
	}
	return server.Close, err
}

// configure writes a configuration with one data source.
func (l lab) configure(folder, url, dataSource, counted string) error {
	configuration := fmt.Sprintf(`
terraform {
  required_providers {
    tofupilot = { source = "tofupilot/tofupilot" }
  }
}

provider "tofupilot" {
  url     = %q
  api_key = %q
}

%s

output "count" {
  value = length(%s)
}
`, url, fakeapi.Key, dataSource, counted)
	err := os.MkdirAll(filepath.Join(l.dir, folder), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(l.dir, folder, "main.tf"), []byte(configuration), 0o600)
	}
	return err
}

func (l lab) writeState(ctx context.Context, url string) error {
	read, err := reference.Configure(ctx, provider.Server("bench")(), url)
	if err != nil {
		return err
	}
	state, err := read()
	if err != nil {
		return err
	}
	return os.WriteFile(l.state(), state, 0o600)
}
