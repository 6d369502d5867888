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
	harness.MustRead(provider.Server("test")())
	os.Exit(m.Run())
}

// leavesNothing is an environment variable with a directory for temporary files, in
// which a test may leave nothing.
func leavesNothing(t *testing.T) (variable, dir string) {
	t.Helper()
	variable, dir = "TMPDIR", t.TempDir()
	if runtime.GOOS == "windows" {
		variable = "TMP"
	}
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
	return variable, dir
}

func TestDemo(t *testing.T) {
	harness.NotShort(t)
	t.Setenv(leavesNothing(t))
	// What a user may have set, none of which may matter.
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
				t.Errorf("a server gets %q, want the key %q", got, key)
			}
		}
	}
	service, selfHosted := len(d.service.Requests()), len(d.selfHosted.Requests())
	if service < 4 || selfHosted < 4 {
		t.Errorf("%d and %d requests: the lists must have four pages at least", service, selfHosted)
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
			t.Errorf("doesn't show %q", want)
		}
	}
	if ids, lists := strings.Index(out.String(), "Outputs:\n\nline_procedure_ids"), strings.Index(out.String(), "procedures.all"); ids < 0 || ids > lists {
		t.Error("lists come before the IDs")
	}
	for _, unwanted := range []string{"Warning", d.dir} {
		if strings.Contains(out.String(), unwanted) {
			t.Errorf("shows %q", unwanted)
		}
	}
	if t.Failed() {
		t.Log(&out)
	}
}

// TestOutsideClone runs the demo where the source of the provider isn't.
func TestOutsideClone(t *testing.T) {
	t.Parallel()
	demo := exec.CommandContext(t.Context(), harness.Build(t, ".", filepath.Join(t.TempDir(), "demo")))
	demo.Dir = t.TempDir()
	said, err := demo.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "run the demo in a clone of https://"+module+", or use -serve") || strings.Contains(string(said), "go.mod") {
		t.Errorf("error %v:\n%s", err, said)
	}
}

// runLive runs the demo against a server of the test's.
func runLive(t *testing.T, ctx context.Context, server http.Handler, key string) (out string, err error) {
	t.Helper()
	harness.NotShort(t)
	listening := httptest.NewServer(server)
	defer listening.Close()
	var text strings.Builder
	args := []string{"-live", "-terraform", os.Getenv("TF_ACC_TERRAFORM_PATH")}
	err = run(ctx, args, append(os.Environ(), "TOFUPILOT_URL="+listening.URL, "TOFUPILOT_API_KEY="+key), &text)
	return text.String(), err
}

func TestLiveFails(t *testing.T) {
	t.Setenv(leavesNothing(t))
	fake := fakeapi.New()
	out, err := runLive(t, t.Context(), fake, "a-wrong-key")
	if err == nil || !strings.Contains(err.Error(), "terraform plan: ") || !strings.Contains(err.Error(), "The server doesn't accept the API key") {
		t.Errorf("error: %v", err)
	}
	if len(fake.Requests()) == 0 || !strings.HasSuffix(out, "failed\n") || strings.Contains(out+fmt.Sprint(err), "a-wrong-key") {
		t.Errorf("%d requests, output: %s", len(fake.Requests()), out)
	}
}

func TestInterrupted(t *testing.T) {
	t.Setenv(leavesNothing(t))
	ctx, interrupt := context.WithCancel(t.Context())
	var first sync.Once
	out, err := runLive(t, ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first.Do(func() {
			interrupt()
			<-r.Context().Done() // the provider has given up
		})
		// A read that Terraform begins after it told the provider to stop.
		http.Error(w, "", http.StatusUnauthorized)
	}), fakeapi.Key)
	if !errors.Is(err, errInterrupted) {
		t.Errorf("error: %v\n%s", err, out)
	}
}

func TestArguments(t *testing.T) {
	t.Setenv(leavesNothing(t))
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
			t.Errorf("%s: error %v", c.args, err)
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
		log  string
		want counts
		fail string
	}{
		"one":                {log: other + read + ` filters="" pages=6 rows=550 timestamp=x` + "\n", want: counts{1, 550, 6}},
		"several, any order": {log: read + " rows=0 pages=1\n" + other + read + " pages=2 tf_rpc=x rows=101\r\n", want: counts{2, 101, 3}},
		"filter":             {log: read + ` filters="search_query=+pages%3D9" pages=1 rows=2`, want: counts{1, 2, 1}},
		"no read":            {log: other, fail: "Read procedures"},
		"no pages":           {log: read + " rows=550", fail: "without pages"},
		"second is bad":      {log: read + " rows=1 pages=1\n" + read, fail: "without rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseReads(c.log)
			if got != c.want || (err != nil) != (c.fail != "") || err != nil && !strings.Contains(err.Error(), c.fail) {
				t.Errorf("got %+v, error %v", got, err)
			}
		})
	}
}
