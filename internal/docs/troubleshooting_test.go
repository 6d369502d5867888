package docs_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// terraformErrors lists the errors in the table that come from Terraform.
var terraformErrors = []string{"Invalid for_each argument", "Failed to query available provider packages", "Inconsistent dependency lock file", "Provider configuration not present"}

var (
	tableRow = regexp.MustCompile(`(?m)^\| ([A-Z][^|]*) \|`)
	noun     = regexp.MustCompile(`%s|" \+ advice\.plural\(\)`)     // in a title
	envName  = regexp.MustCompile(`[eE]nv\w+ += "(TOFUPILOT_\w+)"`) // which follows "Invalid " in a title
)

// TestTroubleshooting checks that the errors in the table are in the code.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var errors strings.Builder
	errors.WriteString(strings.Join(terraformErrors, "\n"))
	for _, source := range sources {
		if !strings.HasSuffix(source, "_test.go") {
			code := noun.ReplaceAllString(readFile(t, source), "procedures")
			errors.WriteString(envName.ReplaceAllString(code, "Invalid $1"))
		}
	}
	_, table, found := strings.Cut(readPages(t)["docs/index.md"], "\n## Troubleshooting\n")
	if !found {
		t.Fatal("docs/index.md has no section Troubleshooting")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	rows := tableRow.FindAllStringSubmatch(table, -1)
	if len(rows) < 10 {
		t.Errorf("the table has only %d errors", len(rows))
	}
	for _, row := range rows {
		for name := range strings.SplitSeq(row[1], ", ") {
			if name != "Error" && !strings.Contains(errors.String(), name) {
				t.Errorf("no error has the title %q", name)
			}
		}
	}
}

// TestMisspeltAlias plans with a misspelt alias and expects the error in the table.
func TestMisspeltAlias(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+`
provider "tofupilot" {
  alias = "self_hosted"
}

data "tofupilot_procedures" "all" {
  provider = tofupilot.self_hostde
}
`)
	output, err := runCLI(t, harness.CLI(t), dir, nil, "plan", "-input=false", "-no-color")
	if output = normalizeSpace(output); err == nil || !strings.Contains(output, "Error: Provider configuration not present") || !strings.Contains(output, "it has been removed") {
		t.Errorf("error %v: %s", err, output)
	}
}

// TestMissingRequirement provokes the error that the table explains for dev_overrides.
func TestMissingRequirement(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), `data "tofupilot_procedures" "all" {}`)
	output, err := runCLI(t, harness.CLI(t), dir, nil, "plan", "-input=false", "-no-color")
	if output = normalizeSpace(output); err == nil || !strings.Contains(output, "Error: Inconsistent dependency lock file") || !strings.Contains(output, "hashicorp/tofupilot") {
		t.Errorf("error %v: %s", err, output)
	}
}

// TestDestroy destroys a configuration while the server is down, with the command of the page.
// Without its option, terraform destroy fails.
func TestDestroy(t *testing.T) {
	t.Parallel()
	const advice = "terraform destroy -refresh=false"
	if !strings.Contains(readPages(t)["docs/index.md"], "`"+advice+"`") {
		t.Fatalf("docs/index.md doesn't mention %q", advice)
	}
	server := httptest.NewServer(newAPI())
	t.Cleanup(server.Close)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+`
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
	runTerraform(t, dir, env, "apply", "-auto-approve", "-input=false", "-no-color")
	server.Close()
	if output, err := runCLI(t, harness.CLI(t), dir, env, "destroy", "-auto-approve", "-input=false", "-no-color"); err == nil {
		t.Errorf("destroy without the option: no error\n%s", output)
	}
	runTerraform(t, dir, env, append(strings.Fields(advice)[1:], "-auto-approve", "-input=false", "-no-color")...)
}

// TestEnvironmentVariables compares the variables in the table with those in the code.
func TestEnvironmentVariables(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(readPages(t)["docs/index.md"], "\n## Environment variables\n")
	table, _, _ = strings.Cut(table, "\n## ")
	find := func(pattern, text string) (names []string) {
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
		pkg := filepath.Base(filepath.Dir(source))
		if !strings.HasSuffix(source, "_test.go") && !slices.Contains([]string{"acceptance", "bench", "docs", "fakeapi"}, pkg) {
			code.WriteString(readFile(t, source))
		}
	}
	got, want := find("\\| `(TOFUPILOT_[A-Z_]+)` \\|", table), find(`"(TOFUPILOT_[A-Z_]+)"`, code.String())
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the table has %v, the code %v", got, want)
	}
}

// TestOtherVariables runs plans with those variables in the table that aren't read by the provider,
// but by Go's libraries or by Terraform.
func TestOtherVariables(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	certificates := t.TempDir()
	writeFile(t, filepath.Join(certificates, "ca.pem"), demo.certificate)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "tofupilot.test" {
			http.Error(w, "another host", http.StatusNotFound)
			return
		}
		newAPI().ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	for name, c := range map[string]struct {
		url  string
		env  []string
		want string // part of the output; if it begins with "Error: ", the plan fails
	}{
		"no certificate": {demo.tlsURL, nil, "Error: The server's certificate isn't trusted"},
		"SSL_CERT_FILE":  {demo.tlsURL, []string{"SSL_CERT_FILE=" + filepath.Join(certificates, "ca.pem")}, smokeTest},
		"SSL_CERT_DIR":   {demo.tlsURL, []string{"SSL_CERT_DIR=/nonexistent:" + certificates}, smokeTest},
		"HTTP_PROXY":     {"http://tofupilot.test", []string{"HTTP_PROXY=" + proxy.URL}, smokeTest},
		"NO_PROXY":       {"http://tofupilot.test", []string{"HTTP_PROXY=" + proxy.URL, "NO_PROXY=another.test,tofupilot.test"}, "Error: The server can't be reached"},
		"localhost":      {demo.url, []string{"HTTP_PROXY=" + proxy.URL}, smokeTest},
		"INFO":           {demo.url, []string{"TF_LOG_PROVIDER=INFO"}, "[INFO] provider.terraform-provider-tofupilot"},
		"DEBUG":          {demo.url, []string{"TF_LOG_PROVIDER=DEBUG"}, `query="?limit=100`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(name, "SSL_") && runtime.GOOS != "linux" {
				t.Skip("the variable has no effect on macOS and Windows")
			}
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "main.tf"), requirement+`
provider "tofupilot" {
  allow_http  = true
  max_retries = 0
}

data "tofupilot_procedure_ids" "line" {
  names = ["`+smokeTest+`"]
}

output "procedure_ids" {
  value = data.tofupilot_procedure_ids.line.ids
}
`)
			env := append([]string{"TOFUPILOT_URL=" + c.url, "TOFUPILOT_API_KEY=" + fakeapi.Key}, c.env...)
			output, err := runCLI(t, harness.CLI(t), dir, env, "plan", "-input=false", "-no-color")
			if output = normalizeSpace(output); (err != nil) != strings.HasPrefix(c.want, "Error: ") || !strings.Contains(output, c.want) {
				t.Errorf("error %v, want %q:\n%s", err, c.want, output)
			}
		})
	}
}
