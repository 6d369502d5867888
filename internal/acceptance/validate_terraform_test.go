package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// The testing framework has no step that ends with terraform validate, so here
// Terraform is run by hand. It is run without a key, and with an address at
// which nobody listens: neither may be needed.
func TestTerraformValidateNeedsNeitherKeyNorNetwork(t *testing.T) {
	t.Parallel()
	attach := attachable(t)
	for name, c := range map[string]struct {
		config string
		want   []validation
	}{
		"good": {
			harness.Block(`provider "tofupilot"`, `url = "https://tofupilot.invalid"`) +
				harness.Procedures("all", `search_query = "FVT"`, `timeouts { read = "90s" }`),
			nil,
		},
		"provider": {
			harness.Block(`provider "tofupilot"`, `url = "https://tofupilot.invalid/?a=b"`, `api_key = ""`, `max_retries = 11`, `request_timeout = "-5m"`) +
				harness.Procedures("all"),
			[]validation{
				{`api_key = ""`, "Invalid api_key", "The key is empty; omit api_key to use TOFUPILOT_API_KEY or the login file."},
				{`max_retries = 11`, "Invalid max_retries", "max_retries must be a whole number from 0 to 10, not 11."},
				{`request_timeout = "-5m"`, "Invalid request_timeout", `"-5m" isn't a positive duration.`},
				{`url = "https://tofupilot.invalid/?a=b"`, "Invalid url", "The URL has a query (a ? and what follows it); remove it."},
			},
		},
		"data source": {
			harness.Procedures("all", `search_query = ""`, `created_before = "2024-01-15"`, `page_size = 2.5`, `timeouts { read = "-5m" }`),
			[]validation{
				{`created_before = "2024-01-15"`, "Invalid created_before", `"2024-01-15" isn't an RFC 3339 time; write it like 2024-01-15T10:30:00Z or 2024-01-15T10:30:00+01:00.`},
				{`page_size = 2.5`, "Invalid page_size", "page_size must be a whole number from 1 to 100, not 2.5."},
				{`search_query = ""`, "Invalid Attribute Value Match", "Attribute search_query must be more than white space; omit it to list everything, got: "},
				{`timeouts { read = "-5m" }`, "Invalid timeouts.read", `"-5m" isn't a positive duration.`},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := validate(t, attach, c.config)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// validation is an error of terraform validate: the line it is shown at, and
// what it says.
type validation struct{ line, summary, detail string }

// validate runs terraform validate, with the errors in the order of their lines.
func validate(t *testing.T, attach, config string) []validation {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), harness.CLI(t), "validate", "-json")
	command.Dir, command.Stdout, command.Stderr = dir, &stdout, &stderr
	command.Env = append(os.Environ(), "TF_REATTACH_PROVIDERS="+attach, "CHECKPOINT_DISABLE=1")
	failed := command.Run()
	var answer struct {
		Valid       bool
		Diagnostics []struct {
			Summary, Detail string
			Snippet         struct{ Code string }
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &answer); err != nil {
		t.Fatalf("%v, %v: %s", failed, err, stderr.String())
	}
	if answer.Valid != (failed == nil) {
		t.Errorf("valid: %t, exit: %v", answer.Valid, failed)
	}
	var found []validation
	for _, d := range answer.Diagnostics {
		found = append(found, validation{strings.TrimSpace(d.Snippet.Code), d.Summary, d.Detail})
	}
	slices.SortFunc(found, func(a, b validation) int { return strings.Compare(a.line, b.line) })
	return found
}

// attachable serves the provider to any Terraform that has the returned value as
// its TF_REATTACH_PROVIDERS.
func attachable(t *testing.T) string {
	t.Helper()
	address := harness.ProviderAddress()
	ctx, stop := context.WithCancel(context.Background())
	started, ended, served := make(chan *plugin.ReattachConfig), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(served)
		err := tf6server.Serve(address, provider.Server("test"), tf6server.WithDebug(ctx, started, ended),
			tf6server.WithLoggingSink(t), tf6server.WithGoPluginLogger(hclog.NewNullLogger()))
		if err != nil {
			t.Error(err)
		}
	}()
	var at *plugin.ReattachConfig
	select {
	case at = <-started:
	case <-served:
		t.Fatal("the provider's server ended before Terraform could attach to it")
	}
	t.Cleanup(func() {
		stop()
		<-ended
	})
	text, err := json.Marshal(map[string]any{address: map[string]any{
		"Protocol":        string(at.Protocol),
		"ProtocolVersion": at.ProtocolVersion,
		"Pid":             at.Pid,
		"Test":            at.Test,
		"Addr":            map[string]string{"Network": at.Addr.Network(), "String": at.Addr.String()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
