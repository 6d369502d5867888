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

// TestPostconditions plans the documentation's postconditions for procedures that violate them.
// The plan must fail with their message. TestExamples plans them for procedures that don't.
func TestPostconditions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "examples", "data-sources", "*", "postcondition.tf"))
	if err != nil || len(files) != 3 {
		t.Fatalf("got %d postconditions of data sources, want 3: %v", len(files), err)
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
			example := readFile(t, file)
			writeFile(t, filepath.Join(dir, "main.tf"), requirement+example)
			if !strings.Contains(example, `data "`) { // it uses the page's first data source
				writeFile(t, filepath.Join(dir, "all.tf"), `data "tofupilot_procedures" "all" {}`)
			}
			env := []string{"TOFUPILOT_URL=" + server.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key, "TF_VAR_repository=acme/firmware"}
			output, err := runCLI(t, harness.CLI(t), dir, env, "plan", "-input=false", "-no-color")
			want := errorMessage.FindStringSubmatch(example)
			if want == nil || err == nil || !strings.Contains(strings.Join(strings.Fields(output), " "), want[1]) {
				t.Errorf("error %v, want %q:\n%s", err, want, output)
			}
		})
	}
}

// TestWarning plans a check block for a name that no procedure has. The plan must succeed
// with the warning that the page shows.
func TestWarning(t *testing.T) {
	t.Parallel()
	const page = "docs/data-sources/procedure_ids.md"
	check := readFile(t, filepath.Join(root, "examples", "data-sources", "tofupilot_procedure_ids", "check.tf"))
	if missing := missingFeature(t, check); missing != "" {
		t.Skip(missing)
	}
	demo := startDemo(t)
	dir := t.TempDir()
	misspelt := strings.Replace(check, `["Firmware Smoke Test"]`, `["Firmware Smoke Tset"]`, 1)
	writeFile(t, filepath.Join(dir, "main.tf"), readFirstExamples(t)[page]+"\n"+misspelt)
	runTerraform(t, dir, demo.env, "init", "-input=false", "-no-color")
	_, printed, _ := strings.Cut(runTerraform(t, dir, demo.env, "plan", "-input=false", "-no-color"), "\nWarning: ")
	printed, _, _ = strings.Cut("Warning: "+printed, "\n─")
	printed = strings.ReplaceAll(printed, demo.url, "https://www.tofupilot.app")
	shown := ""
	for _, found := range textBlock.FindAllStringSubmatch(readPages(t)[page], -1) {
		if isWarning(found[1]) {
			shown = found[1]
		}
	}
	if normalizeSpace(printed) != normalizeSpace(shown) {
		t.Errorf("got\n%s\nwant\n%s", printed, shown)
	}
}

func isWarning(text string) bool { return strings.HasPrefix(text, "Warning: ") }

// TestMissingName applies the example of an ID that is null if no procedure has the name. The
// servers have none, one and several with it.
func TestMissingName(t *testing.T) {
	t.Parallel()
	example := readFile(t, filepath.Join(root, "examples", "data-sources", "tofupilot_procedures", "missing.tf"))
	const isNull = `
output "is_null" {
  value = one([for p in data.tofupilot_procedures.inverter.procedures : p.id if p.name == "Inverter Final Test"]) == null
}
`
	procedures := fakeapi.Generate(3, fakeapi.WithRepository)
	for name, c := range map[string]struct {
		names []string // of the server's procedures
		want  string   // part of the output
		fails bool
	}{
		"none":    {[]string{"Inverter Final Test Rev A", "inverter final test"}, "is_null = true", false},
		"one":     {[]string{"Inverter Final Test", "Inverter Final Test Rev B"}, `inverter_procedure_id = "` + procedures[0].ID + `"`, false},
		"several": {[]string{"Inverter Final Test", "Inverter Final Test"}, "Error: Invalid function argument", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			renamed := slices.Clone(procedures[:len(c.names)])
			for i := range renamed {
				renamed[i].Name = c.names[i]
			}
			server := httptest.NewServer(fakeapi.New(renamed...))
			t.Cleanup(server.Close)
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "main.tf"), requirement+example+isNull)
			env := []string{"TOFUPILOT_URL=" + server.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key}
			output, err := runCLI(t, harness.CLI(t), dir, env, "apply", "-auto-approve", "-input=false", "-no-color")
			if output = normalizeSpace(output); (err != nil) != c.fails || !strings.Contains(output, c.want) {
				t.Errorf("error %v, want %q:\n%s", err, c.want, output)
			}
		})
	}
}

// TestNullOutput runs the commands that the page compares for an output that is null.
func TestNullOutput(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	example := readFile(t, filepath.Join(root, "examples", "data-sources", "tofupilot_procedures", "missing.tf"))
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+example)
	env := []string{"TOFUPILOT_URL=" + server.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key}
	runTerraform(t, dir, env, "apply", "-auto-approve", "-input=false", "-no-color")
	for command, want := range map[string]string{
		"terraform output -json":                      "{}",
		"terraform output -raw inverter_procedure_id": "Warning: No outputs found",
	} {
		if page := readPages(t)["docs/data-sources/procedures.md"]; !strings.Contains(page, "`"+command+"`") {
			t.Errorf("the page doesn't mention %q", command)
		}
		if output := runTerraform(t, dir, env, append(strings.Fields(command)[1:], "-no-color")...); !strings.Contains(output, want) {
			t.Errorf("%s: got %q, want %q", command, output, want)
		}
	}
}

// TestOverrides overrides attributes with values that "terraform test" doesn't accept. The
// errors must be those of the page.
func TestOverrides(t *testing.T) {
	t.Parallel()
	const page = "docs/guides/offline-tests.md"
	if product, _ := harness.Version(t, harness.CLI(t)); product != "Terraform" {
		t.Skip("the errors are Terraform's")
	}
	for value, want := range map[string]string{
		`runs = [{ id = "1" }]`:    "incompatible types; expected object type, found tuple",
		"linked_repository = null": "found dynamic",
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			test := "mock_provider \"tofupilot\" {}\n\noverride_data {\n  target = data.tofupilot_procedure.battery\n  values = { " + value + " }\n}\n\nrun \"plan\" {\n  command = plan\n}\n"
			if missing := missingFeature(t, test); missing != "" {
				t.Skip(missing)
			}
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "main.tf"), requirement+`
data "tofupilot_procedure" "battery" {
  name = "Battery Test Procedure"
}
`)
			writeFile(t, filepath.Join(dir, "override.tftest.hcl"), test)
			output, err := runCLI(t, harness.CLI(t), dir, nil, "test", "-no-color")
			if err == nil || !strings.Contains(normalizeSpace(output), want) {
				t.Errorf("error %v, want %q:\n%s", err, want, output)
			}
			if !strings.Contains(readPages(t)[page], "`"+want+"`") {
				t.Errorf("the page doesn't mention %q", want)
			}
		})
	}
}
