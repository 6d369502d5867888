package docs_test

import (
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

var errorMessage = regexp.MustCompile(`error_message = "(?:\$\{self\.name\} )?([^\\"$]+)`)

// TestPostconditions plans the postconditions of the pages where they are false. The
// plan must fail with their message. TestExamples plans them where they are true.
func TestPostconditions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "examples", "data-sources", "*", "postcondition.tf"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d data sources have a postcondition, want 3: %v", len(files), err)
	}
	unlinked := fakeapi.Generate(1, fakeapi.WithRunsAndFPY)
	unlinked[0].Name = "Firmware Smoke Test"
	server := httptest.NewServer(fakeapi.New(unlinked...))
	t.Cleanup(server.Close)
	files = append(files, filepath.Join(root, "examples", "data-sources", "tofupilot_procedures", "repositories.tf"))
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			example := read(t, file)
			write(t, filepath.Join(dir, "main.tf"), requirement+example)
			if !strings.Contains(example, `data "`) { // it uses the page's first
				write(t, filepath.Join(dir, "all.tf"), `data "tofupilot_procedures" "all" {}`)
			}
			env := []string{"TOFUPILOT_URL=" + server.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key, "TF_VAR_repository=acme/firmware"}
			said, err := try(t, harness.CLI(t), dir, env, "plan", "-input=false", "-no-color")
			want := errorMessage.FindStringSubmatch(example)
			if want == nil || err == nil || !strings.Contains(strings.Join(strings.Fields(said), " "), want[1]) {
				t.Errorf("error %v, want %q:\n%s", err, want, said)
			}
		})
	}
}

// TestWarning plans a check block for a name that no procedure has. It must print the
// warning that the page shows, and no error.
func TestWarning(t *testing.T) {
	t.Parallel()
	const page = "docs/data-sources/procedure_ids.md"
	check := read(t, filepath.Join(root, "examples", "data-sources", "tofupilot_procedure_ids", "check.tf"))
	if why := tooNew(t, check); why != "" {
		t.Skip(why)
	}
	demo := startDemo(t)
	dir := t.TempDir()
	misspelt := strings.Replace(check, `["Firmware Smoke Test"]`, `["Firmware Smoke Tset"]`, 1)
	write(t, filepath.Join(dir, "main.tf"), firstExamples(t)[page]+"\n"+misspelt)
	terraform(t, dir, demo.env, "init", "-input=false", "-no-color")
	_, printed, _ := strings.Cut(terraform(t, dir, demo.env, "plan", "-input=false", "-no-color"), "\nWarning: ")
	printed, _, _ = strings.Cut("Warning: "+printed, "\n─")
	printed = strings.ReplaceAll(printed, demo.url, "https://www.tofupilot.app")
	shown := ""
	for _, found := range sample.FindAllStringSubmatch(pages(t)[page], -1) {
		if isWarning(found[1]) {
			shown = found[1]
		}
	}
	if inOneLine(printed) != inOneLine(shown) {
		t.Errorf("shows\n%s\nand prints\n%s", shown, printed)
	}
}

func isWarning(text string) bool { return strings.HasPrefix(text, "Warning: ") }

// TestMissingName reads an ID by a name that no procedure, one procedure and several
// procedures have.
func TestMissingName(t *testing.T) {
	t.Parallel()
	example := read(t, filepath.Join(root, "examples", "data-sources", "tofupilot_procedures", "missing.tf"))
	const isNull = `
output "is_null" {
  value = one([for p in data.tofupilot_procedures.inverter.procedures : p.id if p.name == "Inverter Final Test"]) == null
}
`
	procedures := fakeapi.Generate(3, fakeapi.WithRepository)
	for name, c := range map[string]struct {
		names []string
		want  string // of what Terraform prints
		fails bool
	}{
		"none":    {[]string{"Inverter Final Test Rev A", "inverter final test"}, "is_null = true", false},
		"one":     {[]string{"Inverter Final Test", "Inverter Final Test Rev B"}, `inverter_procedure_id = "` + procedures[0].ID + `"`, false},
		"several": {[]string{"Inverter Final Test", "Inverter Final Test"}, "Error: Invalid function argument", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			named := slices.Clone(procedures[:len(c.names)])
			for i := range named {
				named[i].Name = c.names[i]
			}
			server := httptest.NewServer(fakeapi.New(named...))
			t.Cleanup(server.Close)
			dir := t.TempDir()
			write(t, filepath.Join(dir, "main.tf"), requirement+example+isNull)
			env := []string{"TOFUPILOT_URL=" + server.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key}
			said, err := try(t, harness.CLI(t), dir, env, "apply", "-auto-approve", "-input=false", "-no-color")
			if said = inOneLine(said); (err != nil) != c.fails || !strings.Contains(said, c.want) {
				t.Errorf("error %v, want %q:\n%s", err, c.want, said)
			}
		})
	}
}
