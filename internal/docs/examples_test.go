package docs_test

import (
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
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

// TestExamples plans every configuration in examples/ and runs its tests, if it has any. It
// skips files that need a newer Terraform.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, example := range listExamples(t) {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", example))); err != nil {
				t.Fatal(err)
			}
			replaceResourcesIn(t, dir)
			removeUnsupported(t, dir)
			if readFiles(t, dir, ".tf") == "" {
				t.Skip("every file needs a newer Terraform")
			}
			api, url := newServer(t)
			runTerraform(t, dir, nil, "get", "-no-color")
			runTerraform(t, dir, []string{
				"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key,
				"TF_VAR_self_hosted_url=" + url, "TF_VAR_self_hosted_api_key=" + fakeapi.Key, "TF_VAR_repository=Acme/Firmware", // variables without a default
			}, "plan", "-input=false", "-no-color")
			hasDataSource := strings.Contains(readFiles(t, dir, ".tf"), `data "tofupilot_`)
			if got := len(api.Requests()); got > 0 != hasDataSource {
				t.Errorf("got %d requests; has a data source: %t", got, hasDataSource)
			}
			for _, program := range listCLIs(t) {
				tests := readFiles(t, dir, ".tftest.hcl")
				if tests == "" || missingFeatureOf(t, program, tests) != "" {
					continue
				}
				mustRunCLI(t, program, dir, nil, "get", "-no-color")
				output := mustRunCLI(t, program, dir, nil, "test", "-no-color")
				if !strings.Contains(output, "0 failed") || strings.Contains(output, " 0 passed") {
					t.Errorf("%s test:\n%s", program, output)
				}
			}
		})
	}
}

// TestDataSourcePages checks that each data source has a page with an example, and that the
// README links to it.
func TestDataSourcePages(t *testing.T) { //nolint:paralleltest // It must run first: a missing page makes other tests fail, too.
	for _, create := range provider.New("test")().DataSources(t.Context()) {
		var meta datasource.MetadataResponse
		create().Metadata(t.Context(), datasource.MetadataRequest{ProviderTypeName: "tofupilot"}, &meta)
		page := "docs/data-sources/" + strings.TrimPrefix(meta.TypeName, "tofupilot_") + ".md"
		if text, ok := readPages(t)[page]; !ok {
			t.Errorf(`%s has no page %s: run "make generate"`, meta.TypeName, page)
		} else if !strings.Contains(text, `data "`+meta.TypeName+`"`) {
			t.Errorf("%s has no example: write examples/data-sources/%s/data-source.tf, and run \"make generate\"", page, meta.TypeName)
		} else if !strings.Contains(readPages(t)["README.md"], "[`"+meta.TypeName+"`]("+page+")") {
			t.Errorf("README.md doesn't link to %s: add it to the data sources under Documentation", page)
		}
	}
}

// removeUnsupported removes files that need a newer Terraform, and reports them as skipped.
func removeUnsupported(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file.IsDir() {
			continue
		}
		path := filepath.Join(dir, file.Name())
		if missing := missingFeature(t, readFile(t, path)); missing != "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			t.Run(file.Name(), func(t *testing.T) { t.Skip(missing) })
		}
	}
}

// The procedure that the configurations of the guides look up.
const (
	smokeTest   = "Firmware Smoke Test"
	smokeTestID = "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"
)

func newAPI() *fakeapi.Server { return fakeapi.New(newProcedures()...) }

func newServer(t *testing.T) (api *fakeapi.Server, url string) {
	t.Helper()
	api = newAPI()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, server.URL
}

// newProcedures returns the procedures that the documentation and examples look up.
func newProcedures() []fakeapi.Procedure {
	extra := fakeapi.Procedure{ID: "a5e03c78-1d46-4b9f-97e2-c80b6f4d2135", Name: "Infusion Pump Firmware Smoke Test Rev A", CreatedAt: time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)}
	return append(fakeapi.Named(time.Now(), fakeapi.WithRepository), extra, fakeapi.Example2026())
}

// listExamples returns the directories in examples/ that contain a configuration.
func listExamples(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := fs.WalkDir(os.DirFS(filepath.Join(root, "examples")), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".tf" {
			dirs = append(dirs, filepath.ToSlash(filepath.Dir(path)))
		}
		if err == nil && entry.IsDir() && entry.Name() == ".terraform" {
			return fs.SkipDir
		}
		return err
	})
	if err != nil || len(dirs) == 0 {
		t.Fatalf("found %d examples, %v", len(dirs), err)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// readFiles returns the contents of all files in a directory tree with a suffix.
func readFiles(t *testing.T, dir, suffix string) string {
	t.Helper()
	var text strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, suffix) {
			text.WriteString(readFile(t, filepath.Join(dir, path)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestLast30Days checks that the example requests procedures of the last 30 days.
func TestLast30Days(t *testing.T) {
	t.Parallel()
	example := readFile(t, filepath.Join(root, "examples", "data-sources", "tofupilot_procedures", "recent.tf"))
	if missing := missingFeature(t, example); missing != "" {
		t.Skip(missing)
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+example)
	api, url := newServer(t)
	runTerraform(t, dir, []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}, "plan", "-input=false", "-no-color")
	after := api.Requests()[0].Query.Get("created_after")
	parsed, err := time.Parse(time.RFC3339, after)
	if age := time.Since(parsed); err != nil || age < 30*24*time.Hour || age > 30*24*time.Hour+10*time.Minute {
		t.Errorf("got created_after=%s, %s ago, want 30 days: %v", after, age, err)
	}
}

// listCLIs returns the CLI under test and, if installed, the others of terraform and tofu.
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

// readExamples returns the configurations and tests in examples/, by path.
func readExamples(t *testing.T) map[string]string {
	t.Helper()
	examples := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), "examples", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && (filepath.Ext(path) == ".tf" || strings.HasSuffix(path, ".tftest.hcl")) {
			examples[path] = readFile(t, filepath.Join(root, path))
		}
		return err
	})
	if err != nil || len(examples) == 0 {
		t.Fatalf("found %d files, %v", len(examples), err)
	}
	return examples
}
