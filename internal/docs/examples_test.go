package docs_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// TestExamples plans every configuration in examples/. It checks that a configuration reads from
// the server if it has a data source of the provider, and only then. It removes files that need a
// newer Terraform.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, example := range listExamples(t) {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			dir := copyExample(t, example)
			removeUnsupported(t, dir)
			configuration := readFiles(t, dir, ".tf")
			if configuration == "" {
				t.Skip("every file needs a newer Terraform")
			}
			api, url := newServer(t)
			env := append(serverEnv(url), "TF_VAR_self_hosted_url="+url, "TF_VAR_self_hosted_api_key="+fakeapi.Key, "TF_VAR_repository=Acme/Firmware")
			runTerraform(t, dir, nil, "get")
			runTerraform(t, dir, env, "plan")
			hasDataSource := strings.Contains(configuration, `data "tofupilot_`)
			hasRead := len(api.Requests()) > 0
			if hasRead != hasDataSource {
				t.Errorf("read from the server: %t; has a data source: %t", hasRead, hasDataSource)
			}
		})
	}
}

// TestExampleTests runs the tests that examples contain, with Terraform and OpenTofu if both are
// installed.
func TestExampleTests(t *testing.T) {
	t.Parallel()
	for _, example := range listExamples(t) {
		if readFiles(t, filepath.Join(root, "examples", example), ".tftest.hcl") == "" {
			continue
		}
		for _, program := range listCLIs(t) {
			t.Run(example+"/"+filepath.Base(program), func(t *testing.T) {
				t.Parallel()
				dir := copyExample(t, example)
				if missing := missingFeature(t, program, readFiles(t, dir, ".tf")+readFiles(t, dir, ".hcl")); missing != "" {
					t.Skip(missing)
				}
				mustRunCLI(t, program, dir, nil, "get")
				output := mustRunCLI(t, program, dir, nil, "test")
				if !strings.Contains(output, "0 failed") || strings.Contains(output, " 0 passed") {
					t.Errorf("not all tests passed, or there are none:\n%s", output)
				}
			})
		}
	}
}

// TestLast30Days checks that the example requests procedures of the last 30 days.
func TestLast30Days(t *testing.T) {
	t.Parallel()
	example := readExample(t, "tofupilot_procedures/recent.tf")
	skipIfMissing(t, example)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+example)
	api, url := newServer(t)
	runTerraform(t, dir, serverEnv(url), "plan")
	after, err := time.Parse(time.RFC3339, api.Requests()[0].Query.Get("created_after"))
	if err != nil {
		t.Fatal(err)
	}
	const days = 30 * 24 * time.Hour
	if age := time.Since(after); age < days || age > days+10*time.Minute {
		t.Errorf("got created_after=%s, %s ago, want %s ago", after, age, days)
	}
}

// TestDataSourcePages checks that each data source has a page with an example, and that the
// README links to it.
func TestDataSourcePages(t *testing.T) { //nolint:paralleltest // A missing page makes other tests fail, too, so this test must run first.
	pages := readPages(t)
	for _, create := range provider.New("test")().DataSources(t.Context()) {
		var meta datasource.MetadataResponse
		create().Metadata(t.Context(), datasource.MetadataRequest{ProviderTypeName: "tofupilot"}, &meta)
		page := "docs/data-sources/" + strings.TrimPrefix(meta.TypeName, "tofupilot_") + ".md"
		if pages[page] == "" {
			t.Errorf(`%s has no page %s: run "make generate"`, meta.TypeName, page)
			continue
		}
		if !strings.Contains(pages[page], `data "`+meta.TypeName+`"`) {
			t.Errorf("%s has no example: write examples/data-sources/%s/data-source.tf, and run \"make generate\"", page, meta.TypeName)
		}
		if !strings.Contains(pages["README.md"], "[`"+meta.TypeName+"`]("+page+")") {
			t.Errorf("README.md doesn't link to %s: add it to the data sources under Documentation", page)
		}
	}
}

// copyExample returns a temporary directory with the files of an example. Resources of other
// providers are replaced.
func copyExample(t *testing.T, example string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", example))); err != nil {
		t.Fatal(err)
	}
	replaceResourcesIn(t, dir)
	return dir
}

// removeUnsupported removes the files from a directory that need a newer Terraform, and reports
// each as a skipped test.
func removeUnsupported(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "[^.]*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if missing := missingFeature(t, harness.CLI(t), readFile(t, file)); missing != "" {
			removeFile(t, file)
			t.Run(filepath.Base(file), func(t *testing.T) { t.Skip(missing) })
		}
	}
}

// listCLIs returns the CLI under test and, if they are installed, the others of terraform and tofu.
func listCLIs(t *testing.T) []string {
	t.Helper()
	programs := []string{harness.CLI(t)}
	for _, other := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(other); err == nil && strings.TrimSuffix(filepath.Base(harness.CLI(t)), ".exe") != other {
			programs = append(programs, path)
		}
	}
	return programs
}

// The procedure that the configurations of the guides look up.
const (
	smokeTest   = "Firmware Smoke Test"
	smokeTestID = "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"
)

// newServer starts a fake API with the procedures of newProcedures.
func newServer(t *testing.T) (api *fakeapi.Server, url string) {
	t.Helper()
	return harness.NewFakeServer(t, newProcedures()...)
}

// newProcedures returns the procedures that the documentation and examples look up.
func newProcedures() []fakeapi.Procedure {
	revisionA := fakeapi.Procedure{
		ID: "a5e03c78-1d46-4b9f-97e2-c80b6f4d2135", Name: "Infusion Pump Firmware Smoke Test Rev A",
		CreatedAt: time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC),
	}
	return append(fakeapi.Named(time.Now(), fakeapi.WithRepository), revisionA, fakeapi.Example2026())
}

// listExamples returns the directories in examples/ that contain a configuration.
func listExamples(t *testing.T) []string {
	t.Helper()
	var dirs []string
	for file := range readExamples(t) {
		if path.Ext(file) == ".tf" {
			dirs = append(dirs, strings.TrimPrefix(path.Dir(file), "examples/"))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// readExamples returns the configurations and tests in examples/, by path in the repository.
func readExamples(t *testing.T) map[string]string {
	t.Helper()
	examples := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), "examples", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == ".terraform" {
			return fs.SkipDir
		}
		if strings.HasSuffix(file, ".tf") || strings.HasSuffix(file, ".tftest.hcl") {
			examples[file] = strings.ReplaceAll(readFile(t, filepath.Join(root, file)), "\r\n", "\n")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(examples) == 0 {
		t.Fatal("found no examples")
	}
	return examples
}

// readFiles returns the joined contents of the files in a directory tree whose names end with the
// suffix.
func readFiles(t *testing.T, dir, suffix string) string {
	t.Helper()
	var text strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(file string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(file, suffix) {
			text.WriteString(readFile(t, filepath.Join(dir, file)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}
