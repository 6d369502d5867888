package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

func TestMain(m *testing.M) {
	harness.CheckReads(provider.Server("test")())
	os.Exit(m.Run())
}

// newTempDir returns a directory for temporary files and the environment variable for it. It
// fails the test if files remain in the directory at the end.
func newTempDir(t *testing.T) (variable, dir string) {
	t.Helper()
	variable, dir = "TMPDIR", t.TempDir()
	if runtime.GOOS == "windows" {
		variable = "TMP"
	}
	t.Cleanup(func() {
		files, err := os.ReadDir(dir)
		if err != nil || len(files) > 0 {
			t.Errorf("files remain: %v, %v", files, err)
		}
	})
	return variable, dir
}

func TestDemo(t *testing.T) {
	harness.SkipShort(t)
	t.Setenv(newTempDir(t))
	// The demo must ignore the user's settings.
	t.Setenv("TF_CLI_CONFIG_FILE", "/nonexistent")
	t.Setenv("TF_CLI_ARGS", "-nonsense")
	t.Setenv("TF_WORKSPACE", "other")
	t.Setenv("TF_VAR_self_hosted_url", "https://192.0.2.1")
	t.Setenv("TOFUPILOT_URL", "https://192.0.2.1")
	t.Setenv("TOFUPILOT_API_KEY", "the user's")
	t.Setenv("TOFUPILOT_CA_CERT", "/nonexistent")

	var out strings.Builder
	d := &demo{env: os.Environ(), out: &out, terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")}
	if err := d.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}

	for key, server := range map[string]*fakeapi.Server{fakeapi.Key: d.service, selfHostedKey: d.selfHosted} {
		for _, r := range server.Requests() {
			if got := r.Header.Get("Authorization"); got != "Bearer "+key {
				t.Errorf("got Authorization %q, want the key %q", got, key)
			}
		}
	}
	service, selfHosted := len(d.service.Requests()), len(d.selfHosted.Requests())
	if service < 4 || selfHosted < 4 {
		t.Errorf("got %d and %d requests, want at least 4 each", service, selfHosted)
	}
	for _, want := range []string{
		" requests: 1189 procedures in all reads together\n",
		"\"Battery Test Procedrue\": no procedure has this name; the nearest: \"Battery Test Procedure\"\n",
		"\"Radar Unit EOL Test Rev A\": 2 procedures have this name\n",
		"\ndata.tofupilot_procedures.all: 554 found\n",
		"\n  … and 551 more\n",
		"\ndata.tofupilot_procedures.battery: 8 found\n",
		"\ndata.tofupilot_procedures.self_hosted: 524 found\n",
		"\n  550e8400-e29b-41d4-a716-446655440000  Battery Test Procedure ",
		"\nline_procedure_ids = tomap({\n  \"Battery Test Procedure\" = \"550e8400-e29b-41d4-a716-446655440000\"\n",
		"\nprocedure_count = 554\n",
		"\noutput \"line_procedure_ids\" {\n",
		" CREATED     REPOSITORY\n",
		" CREATED     RUNS  FPY\n",
		"-serve",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in the output", want)
		}
	}
	if ids, lists := strings.Index(out.String(), "Outputs:\n\nline_procedure_ids"), strings.Index(out.String(), "procedures.all"); ids < 0 || ids > lists {
		t.Error("the lists come before the outputs")
	}
	for _, unwanted := range []string{"Warning", d.dir} {
		if strings.Contains(out.String(), unwanted) {
			t.Errorf("%q in the output", unwanted)
		}
	}
	if t.Failed() {
		t.Log(&out)
	}
}

// TestOutsideClone runs the demo outside a clone of the repository.
func TestOutsideClone(t *testing.T) {
	t.Parallel()
	demo := exec.CommandContext(t.Context(), harness.Build(t, ".", filepath.Join(t.TempDir(), "demo")))
	demo.Dir = t.TempDir()
	output, err := demo.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "run the demo in a clone of https://"+module+", or use -serve") || strings.Contains(string(output), "go.mod") {
		t.Errorf("error %v:\n%s", err, output)
	}
}

// runLive runs the demo with -live and a server with this handler.
func runLive(t *testing.T, ctx context.Context, handler http.Handler, key string) (output string, err error) {
	t.Helper()
	harness.SkipShort(t)
	server := httptest.NewServer(handler)
	defer server.Close()
	var text strings.Builder
	args := []string{"-live", "-terraform", os.Getenv("TF_ACC_TERRAFORM_PATH")}
	err = run(ctx, args, append(os.Environ(), "TOFUPILOT_URL="+server.URL, "TOFUPILOT_API_KEY="+key), &text)
	return text.String(), err
}

func TestLiveWithWrongKey(t *testing.T) {
	t.Setenv(newTempDir(t))
	api := fakeapi.New()
	output, err := runLive(t, t.Context(), api, "a-wrong-key")
	if err == nil || !strings.Contains(err.Error(), "terraform plan: ") || !strings.Contains(err.Error(), "The server doesn't accept the API key") {
		t.Errorf("error: %v", err)
	}
	if len(api.Requests()) == 0 || !strings.HasSuffix(output, "failed\n") || strings.Contains(output+fmt.Sprint(err), "a-wrong-key") {
		t.Errorf("got %d requests, output: %s", len(api.Requests()), output)
	}
}

// TestInterrupted interrupts the demo while the provider waits for a response.
func TestInterrupted(t *testing.T) {
	t.Setenv(newTempDir(t))
	ctx, interrupt := context.WithCancel(t.Context())
	var first sync.Once
	output, err := runLive(t, ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first.Do(func() {
			interrupt()
			<-r.Context().Done() // the provider has canceled the request
		})
		http.Error(w, "", http.StatusUnauthorized) // Terraform may begin another read after the interrupt
	}), fakeapi.Key)
	if !errors.Is(err, errInterrupted) {
		t.Errorf("error: %v\n%s", err, output)
	}
}

func TestInvalidArguments(t *testing.T) {
	t.Setenv(newTempDir(t))
	for _, c := range []struct{ args, want string }{
		{"-nonsense", "flag provided but not defined"},
		{"live", "unexpected argument"},
		{"-live -terraform /nonexistent/terraform", "Finding Terraform: "},
		{"-serve -live", "can't be combined"},
		{"-port 8080", "-port needs -serve"},
		{"-serve -port 65535", "-port must be"},
	} {
		var out strings.Builder
		err := run(t.Context(), strings.Fields(c.args), os.Environ(), &out)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.args, err, c.want)
		}
	}
}

func TestParseReads(t *testing.T) {
	t.Parallel()
	const (
		other = "2026-01-02T03:04:05.678Z [INFO]  provider: plugin process exited: plugin=x id=580\n"
		read  = "2026-01-02T03:04:05.678Z [INFO]  provider.terraform-provider-tofupilot_v0.0.1: Read procedures: @module=tofupilot duration=33.2ms"
	)
	for name, c := range map[string]struct {
		log     string
		want    counts
		wantErr string // part of it
	}{
		"one read":                   {log: other + read + ` filters="" pages=6 rows=550 timestamp=x` + "\n", want: counts{1, 550, 6}},
		"several reads, any order":   {log: read + " rows=0 pages=1\n" + other + read + " pages=2 tf_rpc=x rows=101\r\n", want: counts{2, 101, 3}},
		"filter with a field's name": {log: read + ` filters="search_query=+pages%3D9" pages=1 rows=2`, want: counts{1, 2, 1}},
		"no read":                    {log: other, wantErr: "Read procedures"},
		"no pages":                   {log: read + " rows=550", wantErr: "without pages"},
		"no rows in the second read": {log: read + " rows=1 pages=1\n" + read, wantErr: "without rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseReads(c.log)
			if got != c.want || (err != nil) != (c.wantErr != "") || err != nil && !strings.Contains(err.Error(), c.wantErr) {
				t.Errorf("got %+v, error %v; want %+v, %q", got, err, c.want, c.wantErr)
			}
		})
	}
}
