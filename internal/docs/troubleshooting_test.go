package docs_test

import (
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// terraformErrors are the titles in the table under Troubleshooting that are Terraform's, not the
// provider's.
var terraformErrors = []string{"Invalid for_each argument", "Failed to query available provider packages", "Inconsistent dependency lock file", "Provider configuration not present"}

var tableRow = regexp.MustCompile(`(?m)^\| ([A-Z][^|]*) \|`)

// TestTroubleshooting checks that each title in the table under Troubleshooting occurs in the code,
// or is one of terraformErrors.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	source := readSource(t)
	rows := tableRow.FindAllStringSubmatch(readSection(t, indexPage, "## Troubleshooting"), -1)
	if len(rows) < 10 { // there are more, so tableRow misses some
		t.Errorf("the table has only %d errors", len(rows))
	}
	for _, row := range rows {
		for title := range strings.SplitSeq(row[1], ", ") {
			isHeader := title == "Error"
			if !isHeader && !slices.Contains(terraformErrors, title) && !strings.Contains(source, title) {
				t.Errorf("no error has the title %q", title)
			}
		}
	}
}

// readSource returns the source of the packages in internal/ that are part of the provider.
func readSource(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		pkg := filepath.Base(filepath.Dir(file))
		if !strings.HasSuffix(file, "_test.go") && !slices.Contains([]string{"acceptance", "bench", "docs", "fakeapi"}, pkg) {
			source.WriteString(readFile(t, file))
		}
	}
	return source.String()
}

// TestDestroy checks that terraform destroy fails while the server is down, and succeeds with the
// option -refresh=false, as docs/index.md says.
func TestDestroy(t *testing.T) {
	t.Parallel()
	const advice = "terraform destroy -refresh=false"
	if !strings.Contains(readPages(t)[indexPage], "`"+advice+"`") {
		t.Fatalf("%s doesn't mention %q", indexPage, advice)
	}
	server := httptest.NewServer(fakeapi.New(fakeapi.Example2026()))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+`
provider "tofupilot" {
  max_retries = 0
}

data "tofupilot_procedures" "all" {}

output "ids" {
  value = data.tofupilot_procedures.all.ids
}
`)
	env := serverEnv(server.URL)
	runTerraform(t, dir, env, "apply", "-auto-approve")
	server.Close()
	checkTerraformFails(t, dir, env, "destroy -auto-approve", "Error: The server can't be reached")
	runTerraform(t, dir, env, "destroy", "-refresh=false", "-auto-approve")
}

// TestEnvironmentVariables checks that the table of environment variables lists exactly the variables of
// TofuPilot in the code.
func TestEnvironmentVariables(t *testing.T) {
	t.Parallel()
	got := findAll("\\| `(TOFUPILOT_[A-Z_]+)` \\|", readSection(t, indexPage, "## Environment variables"))
	want := findAll(`"(TOFUPILOT_[A-Z_]+)"`, readSource(t))
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the table has %v, want the variables in the code, %v", got, want)
	}
}

// findAll returns the distinct texts that the group of a pattern matches, sorted.
func findAll(pattern, text string) (groups []string) {
	for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		groups = append(groups, found[1])
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}
