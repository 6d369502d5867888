package docs_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Terraform's own, which users of this provider meet.
var ofTerraform = []string{"Invalid for_each argument", "Failed to query available provider packages", "Provider configuration not present"}

var (
	tableRow = regexp.MustCompile(`(?m)^\| ([A-Z][^|]*) \|`)
	listed   = regexp.MustCompile(`%s|" \+ advice\.plural\(\)`)
	envName  = regexp.MustCompile(`[eE]nv\w+ += "(TOFUPILOT_\w+)"`) // "Invalid " and its name are a title
)

func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var errors strings.Builder
	errors.WriteString(strings.Join(ofTerraform, "\n"))
	for _, source := range sources {
		if !strings.HasSuffix(source, "_test.go") {
			// The code has a variable where a title names what is listed.
			code := listed.ReplaceAllString(read(t, source), "procedures")
			errors.WriteString(envName.ReplaceAllString(code, "Invalid $1"))
		}
	}
	_, table, found := strings.Cut(pages(t)["docs/index.md"], "\n## Troubleshooting\n")
	if !found {
		t.Fatal("docs/index.md has no troubleshooting")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	rows := tableRow.FindAllStringSubmatch(table, -1)
	if len(rows) < 10 {
		t.Errorf("the table has %d errors", len(rows))
	}
	for _, row := range rows {
		for name := range strings.SplitSeq(row[1], ", ") {
			if name != "Error" && !strings.Contains(errors.String(), name) {
				t.Errorf("no error is called %q", name)
			}
		}
	}
}

// TestMisspeltAlias provokes the error that the table explains.
func TestMisspeltAlias(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.tf"), requirement+`
provider "tofupilot" {
  alias = "self_hosted"
}

data "tofupilot_procedures" "all" {
  provider = tofupilot.self_hostde
}
`)
	said, err := try(t, harness.CLI(t), dir, nil, "plan", "-input=false", "-no-color")
	if said = inOneLine(said); err == nil || !strings.Contains(said, "Error: Provider configuration not present") || !strings.Contains(said, "it has been removed") {
		t.Errorf("error %v: %s", err, said)
	}
}

// TestDestroy destroys a configuration while the server is down, in the way that the
// page advises. Without it, destroying fails.
func TestDestroy(t *testing.T) {
	t.Parallel()
	const advice = "terraform destroy -refresh=false"
	if !strings.Contains(pages(t)["docs/index.md"], "`"+advice+"`") {
		t.Fatalf("docs/index.md doesn't mention %q", advice)
	}
	server := httptest.NewServer(fake())
	t.Cleanup(server.Close)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.tf"), requirement+`
provider "tofupilot" {
  max_retries = 0
}

data "tofupilot_procedure_ids" "line" {
  names = ["Firmware Smoke Test"]
}

output "procedure_ids" {
  value = data.tofupilot_procedure_ids.line.ids
}
`)
	env := []string{"TOFUPILOT_URL=" + server.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key}
	terraform(t, dir, env, "apply", "-auto-approve", "-input=false", "-no-color")
	server.Close()
	if said, err := try(t, harness.CLI(t), dir, env, "destroy", "-auto-approve", "-input=false", "-no-color"); err == nil {
		t.Errorf("destroys without the server:\n%s", said)
	}
	terraform(t, dir, env, append(strings.Fields(advice)[1:], "-auto-approve", "-input=false", "-no-color")...)
}

// TestEnvironmentVariables compares the table with the variables that the provider's
// code names.
func TestEnvironmentVariables(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(pages(t)["docs/index.md"], "\n## Environment variables\n")
	table, _, _ = strings.Cut(table, "\n## ")
	named := func(pattern, text string) (names []string) {
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			names = append(names, found[1])
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	var code strings.Builder
	sources, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		folder := filepath.Base(filepath.Dir(source))
		if !strings.HasSuffix(source, "_test.go") && !slices.Contains([]string{"acceptance", "bench", "docs", "fakeapi"}, folder) {
			code.WriteString(read(t, source))
		}
	}
	got, want := named("\\| `(TOFUPILOT_[A-Z_]+)` \\|", table), named(`"(TOFUPILOT_[A-Z_]+)"`, code.String())
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the table has %v, and the provider reads %v", got, want)
	}
}

// TestOtherVariables plans with the variables of the table that Go's libraries and
// Terraform read.
func TestOtherVariables(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	certificates := t.TempDir()
	write(t, filepath.Join(certificates, "ca.pem"), demo.certificate)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "tofupilot.test" {
			http.Error(w, "another host", http.StatusNotFound)
			return
		}
		fake().ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	for name, c := range map[string]struct {
		url  string
		env  []string
		want string // of what Terraform prints; an error if it begins so
	}{
		"no certificate": {demo.tls, nil, "Error: The server's certificate isn't trusted"},
		"SSL_CERT_FILE":  {demo.tls, []string{"SSL_CERT_FILE=" + filepath.Join(certificates, "ca.pem")}, smoke},
		"SSL_CERT_DIR":   {demo.tls, []string{"SSL_CERT_DIR=/nonexistent:" + certificates}, smoke},
		"HTTP_PROXY":     {"http://tofupilot.test", []string{"HTTP_PROXY=" + proxy.URL}, smoke},
		"NO_PROXY":       {"http://tofupilot.test", []string{"HTTP_PROXY=" + proxy.URL, "NO_PROXY=another.test,tofupilot.test"}, "Error: The server can't be reached"},
		"localhost":      {demo.url, []string{"HTTP_PROXY=" + proxy.URL}, smoke},
		"INFO":           {demo.url, []string{"TF_LOG_PROVIDER=INFO"}, "[INFO] provider.terraform-provider-tofupilot"},
		"DEBUG":          {demo.url, []string{"TF_LOG_PROVIDER=DEBUG"}, "/api/v2/procedures?limit=100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(name, "SSL_") && runtime.GOOS != "linux" {
				t.Skip("the variable has no effect on macOS and Windows")
			}
			dir := t.TempDir()
			write(t, filepath.Join(dir, "main.tf"), requirement+`
provider "tofupilot" {
  allow_http  = true
  max_retries = 0
}

data "tofupilot_procedure_ids" "line" {
  names = ["`+smoke+`"]
}

output "procedure_ids" {
  value = data.tofupilot_procedure_ids.line.ids
}
`)
			env := append([]string{"TOFUPILOT_URL=" + c.url, "TOFUPILOT_API_KEY=" + fakeapi.Key}, c.env...)
			said, err := try(t, harness.CLI(t), dir, env, "plan", "-input=false", "-no-color")
			if said = inOneLine(said); (err != nil) != strings.HasPrefix(c.want, "Error: ") || !strings.Contains(said, c.want) {
				t.Errorf("error %v, want %q:\n%s", err, c.want, said)
			}
		})
	}
}

// TestCallouts limits callouts to the provider's page, so that readers notice them.
func TestCallouts(t *testing.T) {
	t.Parallel()
	callout := regexp.MustCompile(`(?m)^[-~!]> `)
	for page, text := range pages(t) {
		most := 0
		if page == "docs/index.md" {
			most = 3
		}
		if got := len(callout.FindAllString(text, -1)); got > most {
			t.Errorf("%s has %d callouts, want at most %d", page, got, most)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
