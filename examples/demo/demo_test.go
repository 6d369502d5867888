package main

import (
	"context"
	"errors"
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
	harness.CheckReads(provider.Server("test")()) // exits if a read fails, because most tests would fail then, too
	os.Exit(m.Run())
}

// tempDirVariable returns the environment variable that names the directory for temporary files.
func tempDirVariable() string {
	if runtime.GOOS == "windows" {
		return "TMP"
	}
	return "TMPDIR"
}

// newTempDir returns a directory for the demo's temporary files. It fails the test if files remain
// there at the end.
func newTempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		files, err := os.ReadDir(dir)
		if err != nil || len(files) > 0 {
			t.Errorf("got the temporary files %v, want none: %v", files, err)
		}
	})
	return dir
}

// TestDemo checks that the demo reads from both servers, and checks what it prints. The demo
// must ignore the user's settings.
func TestDemo(t *testing.T) {
	harness.SkipShort(t)
	t.Setenv(tempDirVariable(), newTempDir(t))
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
	checkRequests(t, d.service, fakeapi.Key)
	checkRequests(t, d.selfHosted, selfHostedKey)
	output := out.String()
	for _, want := range []string{
		" requests: 1189 procedures in all reads together\n", // 554 + 8 + 524 in the lists below, and 103 in lookups
		"\"Battery Test Procedrue\": no procedure has this name; the nearest: \"Battery Test Procedure\"\n",
		"\"Radar Unit EOL Test Rev A\": 2 procedures have this name\n",
		"\ndata.tofupilot_procedures.all: 554 found\n", // serviceProcedures
		"\n  … and 551 more\n", // than the three in the table
		"\ndata.tofupilot_procedures.battery: 8 found\n",
		"\ndata.tofupilot_procedures.self_hosted: 524 found\n", // selfHostedProcedures
		"\n  550e8400-e29b-41d4-a716-446655440000  Battery Test Procedure ",
		"\nline_procedure_ids = tomap({\n  \"Battery Test Procedure\" = \"550e8400-e29b-41d4-a716-446655440000\"\n",
		"\nprocedure_count = 554\n",
		"\noutput \"line_procedure_ids\" {\n",
		" CREATED     REPOSITORY\n",
		" CREATED     RUNS  FPY\n",
		"-serve", // what to try next
	} {
		if !strings.Contains(output, want) {
			t.Errorf("no %q in the output", want)
		}
	}
	beforeLists, _, _ := strings.Cut(output, "procedures.all")
	if !strings.Contains(beforeLists, "Outputs:\n\nline_procedure_ids") {
		t.Error("the outputs aren't printed before the lists")
	}
	for _, unwanted := range []string{"Warning", d.dir} {
		if strings.Contains(output, unwanted) {
			t.Errorf("%q in the output", unwanted)
		}
	}
	if t.Failed() {
		t.Log(output)
	}
}

// checkRequests checks that all requests to a server had its API key, and that there were at least
// six, because the server's list has six pages.
func checkRequests(t *testing.T, server *fakeapi.Server, key string) {
	t.Helper()
	requests := server.Requests()
	if len(requests) < 6 {
		t.Errorf("got %d requests with the key %q, want at least 6", len(requests), key)
	}
	for _, r := range requests {
		if got := r.Header.Get("Authorization"); got != "Bearer "+key {
			t.Errorf("got Authorization %q, want the key %q", got, key)
		}
	}
}

// TestOutsideClone checks that the demo fails outside a clone of the repository, with advice and
// without the error of the go command.
func TestOutsideClone(t *testing.T) {
	t.Parallel()
	demo := exec.CommandContext(t.Context(), harness.Build(t, ".", filepath.Join(t.TempDir(), "demo")))
	demo.Dir = t.TempDir()
	output, err := demo.CombinedOutput()
	if err == nil {
		t.Error("got no error")
	}
	if want := "run the demo in a clone of https://" + module + ", or use -serve"; !strings.Contains(string(output), want) {
		t.Errorf("got output %q, want %q in it", output, want)
	}
	if strings.Contains(string(output), "go.mod") {
		t.Errorf("the output contains the error of go: %s", output)
	}
}

// runLive runs the demo with -live, a server with this handler and an API key.
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

// TestLiveWithWrongKey checks that -live uses TOFUPILOT_URL and TOFUPILOT_API_KEY. With a wrong key,
// the demo returns the error of the failed step. Neither the error nor the output may contain the key.
func TestLiveWithWrongKey(t *testing.T) {
	t.Setenv(tempDirVariable(), newTempDir(t))
	api := fakeapi.New()
	output, err := runLive(t, t.Context(), api, "a-wrong-key")
	if err == nil {
		t.Fatalf("got no error:\n%s", output)
	}
	for _, want := range []string{"terraform plan: ", "The server doesn't accept the API key"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got error %q, want %q in it", err, want)
		}
	}
	if len(api.Requests()) == 0 {
		t.Error("the server got no requests")
	}
	if !strings.HasSuffix(output, "failed\n") {
		t.Errorf("got output %q, want the step that failed at the end", output)
	}
	if strings.Contains(output+err.Error(), "a-wrong-key") {
		t.Errorf("the output or the error contains the key: %s%v", output, err)
	}
}

// TestInterrupted checks that the demo returns errInterrupted if it is interrupted while the provider
// waits for a response.
func TestInterrupted(t *testing.T) {
	t.Setenv(tempDirVariable(), newTempDir(t))
	ctx, interrupt := context.WithCancel(t.Context())
	var once sync.Once
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			interrupt()
			<-r.Context().Done() // the provider has canceled the request
		})
		http.Error(w, "", http.StatusUnauthorized) // ends a read that begins after the interrupt; 401 isn't retried
	})
	output, err := runLive(t, ctx, handler, fakeapi.Key)
	if !errors.Is(err, errInterrupted) {
		t.Errorf("got error %v, want %v\n%s", err, errInterrupted, output)
	}
}

// TestInvalidArguments checks that invalid arguments are rejected, and leave no temporary files.
func TestInvalidArguments(t *testing.T) {
	t.Setenv(tempDirVariable(), newTempDir(t))
	for _, c := range []struct{ args, want string }{
		{"-nonsense", "flag provided but not defined"},
		{"live", "unexpected argument"},
		{"-live -terraform /nonexistent/terraform", "Finding Terraform: "},
		{"-serve -live", "can't be combined"},
		{"-port 8080", "-port needs -serve"},
		{"-serve -port 65535", "-port must be"}, // the second server would need port 65536
	} {
		var out strings.Builder
		err := run(t.Context(), strings.Fields(c.args), os.Environ(), &out)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.args, err, c.want)
		}
	}
}

// Lines of the provider's log: one without a read, and the beginning of one for a read.
const (
	otherLine = "2026-01-02T03:04:05.678Z [INFO]  provider: plugin process exited: plugin=x id=580\n"
	readStart = "2026-01-02T03:04:05.678Z [INFO]  provider.terraform-provider-tofupilot_v0.0.1: Read procedures: @module=tofupilot duration=33.2ms"
)

// TestParseReads checks that the fields of a log line may be in any order, and that text in filters isn't
// read as a field.
func TestParseReads(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]counts{
		otherLine + readStart + ` filters="" pages=6 rows=550 timestamp=x` + "\n":                  {reads: 1, procedures: 550, requests: 6},
		readStart + " rows=0 pages=1\n" + otherLine + readStart + " pages=2 tf_rpc=x rows=101\r\n": {reads: 2, procedures: 101, requests: 3},
		readStart + ` filters="search_query=+pages%3D9" pages=1 rows=2`:                            {reads: 1, procedures: 2, requests: 1}, // the filter contains " pages=9"
	} {
		if got, err := parseReads(log); err != nil || got != want {
			t.Errorf("got %+v, error %v; want %+v, for the log\n%s", got, err, want, log)
		}
	}
}

// TestParseUnusableLog checks the errors for logs that don't contain all counts.
func TestParseUnusableLog(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		otherLine:               `no line "Read procedures"`,
		readStart + " rows=550": "without pages",
		readStart + " rows=1 pages=1\n" + readStart: "without rows",
	} {
		if _, err := parseReads(log); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q in it, for the log\n%s", err, want, log)
		}
	}
}
