package docs_test

import (
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
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
			standIn(t, dir)
			leaveOutTooNew(t, dir)
			if contents(t, dir, ".tf") == "" {
				t.Skip("this Terraform is too old for it")
			}
			api, url := serve(t)
			terraform(t, dir, nil, "get", "-no-color")
			terraform(t, dir, []string{
				"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key,
				"TF_VAR_self_hosted_url=" + url, "TF_VAR_self_hosted_api_key=" + fakeapi.Key, "TF_VAR_repository=Acme/Firmware", // which have no default
			}, "plan", "-input=false", "-no-color")
			reads := strings.Contains(contents(t, dir, ".tf"), `data "tofupilot_`)
			if asked := len(api.Requests()) > 0; asked != reads {
				t.Errorf("has a data source: %t; the server was asked: %t", reads, asked)
			}
			for _, program := range bothCLIs(t) {
				tests := contents(t, dir, ".tftest.hcl")
				if tests == "" || tooNewFor(t, program, tests) != "" {
					continue
				}
				cli(t, program, dir, nil, "get", "-no-color")
				said := cli(t, program, dir, nil, "test", "-no-color")
				if !strings.Contains(said, "0 failed") || strings.Contains(said, " 0 passed") {
					t.Errorf("with %s, its tests say:\n%s", program, said)
				}
			}
		})
	}
}

// Each data source has a page, which begins with an example and is linked from the
// README. TestFirstExamples applies the example.
func TestDataSourcePages(t *testing.T) { //nolint:paralleltest // It comes first: what is forgotten makes others fail, too.
	for _, create := range provider.New("test")().DataSources(t.Context()) {
		var meta datasource.MetadataResponse
		create().Metadata(t.Context(), datasource.MetadataRequest{ProviderTypeName: "tofupilot"}, &meta)
		page := "docs/data-sources/" + strings.TrimPrefix(meta.TypeName, "tofupilot_") + ".md"
		if text, ok := pages(t)[page]; !ok {
			t.Errorf(`%s has no page %s: run "make generate"`, meta.TypeName, page)
		} else if !strings.Contains(text, `data "`+meta.TypeName+`"`) {
			t.Errorf("%s shows no example: write examples/data-sources/%s/data-source.tf, and run \"make generate\"", page, meta.TypeName)
		} else if !strings.Contains(pages(t)["README.md"], "[`"+meta.TypeName+"`]("+page+")") {
			t.Errorf("README.md doesn't link to %s: add it to the data sources under Documentation", page)
		}
	}
}

func leaveOutTooNew(t *testing.T, dir string) {
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
		if why := tooNew(t, read(t, path)); why != "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			t.Run(file.Name(), func(t *testing.T) { t.Skip(why) })
		}
	}
}

// smoke is the procedure that the pages' jobs look up.
const smoke = "Firmware Smoke Test"

// fake is a server that has what documentation and examples name.
func fake() *fakeapi.Server { return fakeapi.New(organization()...) }

// serve starts a fake.
func serve(t *testing.T) (api *fakeapi.Server, url string) {
	t.Helper()
	api = fake()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, server.URL
}

// organization has the procedures that documentation and examples name.
func organization() []fakeapi.Procedure {
	demo := fakeapi.Procedure{ID: "a5e03c78-1d46-4b9f-97e2-c80b6f4d2135", Name: "Infusion Pump Firmware Smoke Test Rev A", CreatedAt: time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)}
	return append(fakeapi.Named(time.Now(), fakeapi.WithRepository), demo, fakeapi.Example2026())
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

// contents are those of the files with such a name in a directory and below it.
func contents(t *testing.T, dir, suffix string) string {
	t.Helper()
	var text strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, suffix) {
			text.WriteString(read(t, filepath.Join(dir, path)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}
