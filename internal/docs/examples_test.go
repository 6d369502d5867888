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

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestExamples plans every folder below examples/ that has a configuration, and
// runs its tests where it has some. Files that are too new for the Terraform at
// hand are left out.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, folder := range folders(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", folder))); err != nil {
				t.Fatal(err)
			}
			leaveOutTooNew(t, dir)
			api, url := serve(t)
			terraform(t, dir, []string{
				"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key,
				// Those of the variables that have no default. Terraform passes over the rest.
				"TF_VAR_self_hosted_url=" + url,
			}, "plan", "-input=false", "-no-color")
			reads := strings.Contains(contents(t, dir, "*.tf"), `data "tofupilot_`)
			if asked := len(api.Requests()) > 0; asked != reads {
				t.Errorf("has a data source: %t; the server was asked: %t", reads, asked)
			}
			for _, program := range bothCLIs() {
				tests := contents(t, dir, "*.tftest.hcl")
				if tests == "" || tooNewFor(t, program, tests) != "" {
					continue
				}
				said := cli(t, program, dir, nil, "test", "-no-color")
				if !strings.Contains(said, "0 failed") || strings.Contains(said, " 0 passed") {
					t.Errorf("with %s, its tests say:\n%s", program, said)
				}
			}
		})
	}
}

// bothCLIs are the Terraform at hand and, where they are installed, Terraform and
// OpenTofu: both promise tests of modules.
func bothCLIs() []string {
	programs := []string{atHand()}
	for _, other := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(other); err == nil && strings.TrimSuffix(filepath.Base(atHand()), ".exe") != other {
			programs = append(programs, path)
		}
	}
	return programs
}

func leaveOutTooNew(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		path := filepath.Join(dir, file.Name())
		if why := tooNew(t, read(t, path)); why != "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			t.Run(file.Name(), func(t *testing.T) { t.Skip(why) })
		}
	}
}

// serve starts a server that has the procedures which the examples name.
func serve(t *testing.T) (api *fakeapi.Server, url string) {
	t.Helper()
	named := fakeapi.Generate(3, fakeapi.Gen2026)
	named[0].ID, named[0].Name = "FVT1", "Firmware Smoke Test"
	named[1].Name = "Motor Controller FVT"
	named[2].Name = "Battery Pack EOL Test"
	api = fakeapi.New(append(named, fakeapi.Example2026())...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, server.URL
}

// folders are those below examples/ that have a configuration.
func folders(t *testing.T) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(filepath.Join(root, "examples")), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".tf" {
			found = append(found, filepath.ToSlash(filepath.Dir(path)))
		}
		if err == nil && entry.IsDir() && entry.Name() == ".terraform" {
			return fs.SkipDir
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d examples, %v", len(found), err)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func contents(t *testing.T, dir, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(content)
	}
	return text.String()
}
