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

// programs maps the names of the providers that Terraform runs to their packages.
var programs = map[string]string{
	"provider": module,
	"baseline": module + "/internal/bench/baseline",
	"structs":  module + "/internal/bench/structs",
	"rusage":   module + "/internal/bench/rusage",
}

// workingDir is a temporary directory. For each of the programs, it contains the binary, and a CLI
// configuration that makes Terraform use this binary.
type workingDir struct{ dir string }

func newWorkingDir(ctx context.Context) (workingDir, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return workingDir{}, err
	}
	w := workingDir{dir}
	for name, pkg := range programs { // built as for a release, but without a version
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags=grpcnotrace", "-ldflags=-s -w", "-o", w.binary(name), pkg) //nolint:gosec // the names above
		if output, err := build.CombinedOutput(); err != nil {
			w.close()
			return w, fmt.Errorf("%s: %w\n%s", build, err, output)
		}
		config := fmt.Sprintf("provider_installation {\n  dev_overrides { \"tofupilot/tofupilot\" = %q }\n}\n", filepath.Dir(w.binary(name)))
		if err := os.WriteFile(w.cliConfig(name), []byte(config), 0o600); err != nil {
			w.close()
			return w, err
		}
	}
	return w, nil
}

func (w workingDir) close() { _ = os.RemoveAll(w.dir) }

func (w workingDir) binary(name string) string {
	return filepath.Join(w.dir, name, "terraform-provider-tofupilot")
}

func (w workingDir) cliConfig(name string) string { return filepath.Join(w.dir, name+".rc") }
func (w workingDir) state() string                { return filepath.Join(w.dir, "state.msgpack") }
func (w workingDir) usage() string                { return filepath.Join(w.dir, "usage") }

// machine describes the machine, Terraform and Go.
func (w workingDir) machine(ctx context.Context) (string, error) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	model := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(info)
	if model == nil {
		return "", errors.New("no model name in /proc/cpuinfo")
	}
	output, err := exec.CommandContext(ctx, "terraform", "version").Output()
	if err != nil {
		return "", err
	}
	version, _, _ := strings.Cut(string(output), "\n")
	return fmt.Sprintf("%d cores of an %s, %s, %s", runtime.NumCPU(), model[1], version, strings.Replace(runtime.Version(), "go", "Go ", 1)), nil
}

// Directories with Terraform configurations. Each configuration has an output "count", the number of
// procedures or IDs.
const (
	allProcedures = "all"
	someIDs       = "ids"
)

const namesCount = 5 // the number of names that the configuration in someIDs looks up

// serve starts a fake API, and writes the configurations and the state that the command baseline
// returns. The caller must call stop.
func (w workingDir) serve(ctx context.Context, size size) (stop func(), err error) {
	procedures := reference.Procedures(size.Procedures, size.Runs)
	server := httptest.NewServer(fakeapi.New(procedures...))
	var names []string
	for i := range namesCount {
		names = append(names, strconv.Quote(procedures[i*len(procedures)/namesCount].Name))
	}
	err = errors.Join(
		w.configure(allProcedures, server.URL, `data "tofupilot_procedures" "all" {}`, "data.tofupilot_procedures.all.procedures"),
		w.configure(someIDs, server.URL, fmt.Sprintf("data \"tofupilot_procedure_ids\" \"some\" {\n  names = [%s]\n}", strings.Join(names, ", ")), "data.tofupilot_procedure_ids.some.ids"),
		w.writeState(ctx, server.URL),
	)
	if err != nil {
		server.Close()
	}
	return server.Close, err
}

// configure writes a configuration with one data source, and an output "count" with the length of an
// expression.
func (w workingDir) configure(directory, url, dataSource, expression string) error {
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
`, url, fakeapi.Key, dataSource, expression)
	err := os.MkdirAll(filepath.Join(w.dir, directory), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(w.dir, directory, "main.tf"), []byte(configuration), 0o600)
	}
	return err
}

func (w workingDir) writeState(ctx context.Context, url string) error {
	reader, err := reference.NewReader(ctx, provider.Server("bench")(), url)
	if err != nil {
		return err
	}
	state, err := reader.Read(ctx)
	if err != nil {
		return err
	}
	return os.WriteFile(w.state(), state, 0o600)
}
