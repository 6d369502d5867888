package docs_test

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestExamplesAreShown checks that each example, except the demo, is a block of a page. TestBlocks plans
// those blocks.
func TestExamplesAreShown(t *testing.T) {
	t.Parallel()
	pages := strings.Join(slices.Collect(maps.Values(readPages(t))), "")
	for file, example := range readExamples(t) {
		if !strings.HasPrefix(file, "examples/demo/") && !strings.Contains(pages, strings.TrimSpace(example)) {
			t.Errorf("no page shows %s", file)
		}
	}
}

// TestExampleTests runs the tests of the examples. CI runs them with Terraform and with OpenTofu.
func TestExampleTests(t *testing.T) {
	t.Parallel()
	for file, tests := range readExamples(t) {
		if !strings.HasSuffix(file, ".tftest.hcl") {
			continue
		}
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			skipIfUnsupported(t, tests)
			dir := copyExample(t, path.Dir(file))
			runTerraform(t, dir, nil, "get")
			output := runTerraform(t, dir, nil, "test") // fails if a test fails
			if strings.Contains(output, " 0 passed") {
				t.Errorf("there are no tests:\n%s", output)
			}
		})
	}
}

// TestLast30Days checks that the example recent.tf requests procedures of the last 30 days.
func TestLast30Days(t *testing.T) {
	t.Parallel()
	example := readExample(t, "tofupilot_procedures/recent.tf")
	skipIfUnsupported(t, example)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+example)
	api, url := newServer(t)
	runTerraform(t, dir, serverEnv(url), "plan")
	after, err := time.Parse(time.RFC3339, api.Requests()[0].Query.Get("created_after"))
	if err != nil {
		t.Fatal(err)
	}
	const thirtyDays = 30 * 24 * time.Hour
	if age := time.Since(after); age < thirtyDays || age > thirtyDays+10*time.Minute {
		t.Errorf("got created_after=%s, %s ago, want %s ago", after, age, thirtyDays)
	}
}

// copyExample returns a temporary directory with the files of an example. In them, terraform_data
// resources replace those of other providers.
func copyExample(t *testing.T, example string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, example))); err != nil {
		t.Fatal(err)
	}
	editConfigurations(t, dir, replaceResources)
	return dir
}

// The procedure that the configurations of the guides look up, and a name that no procedure has.
const (
	smokeTest    = "Firmware Smoke Test"
	smokeTestID  = "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"
	misspeltName = "Firmware Smoke Tset"
)

// newServer starts a fake API with the procedures that the documentation and examples look up.
func newServer(t *testing.T) (api *fakeapi.Server, url string) {
	t.Helper()
	return harness.NewFakeServer(t, append(fakeapi.Named(time.Now(), fakeapi.WithRepository), fakeapi.Example2026())...)
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
