package docs_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

var (
	resource      = regexp.MustCompile(`(?ms)^resource "(\w+)" ("\w+") \{\n(.*?)^\}$`)
	metaArgument  = regexp.MustCompile(`(?m)^  (?:for_each|count|provider) += .*\n`)
	otherProvider = regexp.MustCompile(`(?ms)^provider "(\w+)" \{\n.*?^\}$`)
	otherRequired = regexp.MustCompile(`(?ms)^    (\w+) = \{\n      source .*?^    \}\n`)
)

// replaceResources replaces the resources of other providers, which tests can't install, by
// a terraform_data whose input has the same arguments. So Terraform evaluates the arguments.
func replaceResources(text string) string {
	text = resource.ReplaceAllStringFunc(text, func(block string) string {
		parts := resource.FindStringSubmatch(block)
		if parts[1] == "terraform_data" {
			return block
		}
		meta := strings.Join(metaArgument.FindAllString(parts[3], -1), "")
		arguments := metaArgument.ReplaceAllString(parts[3], "")
		return `resource "terraform_data" ` + parts[2] + " {\n" + meta + "  input = {\n" + arguments + "  }\n}"
	})
	for _, pattern := range []*regexp.Regexp{otherProvider, otherRequired} {
		text = pattern.ReplaceAllStringFunc(text, func(block string) string {
			if pattern.FindStringSubmatch(block)[1] == "tofupilot" {
				return block
			}
			return ""
		})
	}
	return text
}

// replaceResourcesIn calls replaceResources for the configurations in a directory.
func replaceResourcesIn(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		writeFile(t, file, replaceResources(readFile(t, file)))
	}
}

// TestResources plans the examples that pass IDs to resources of other providers, and checks
// the planned arguments.
func TestResources(t *testing.T) {
	t.Parallel()
	const stations = `{"line_1":"550e8400-e29b-41d4-a716-446655440000","line_2":"7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"}`
	tests := map[string][]map[string]string{
		"github_actions_variable": {
			{"repository": "battery", "variable_name": "TOFUPILOT_PROCEDURE_ID", "value": "550e8400-e29b-41d4-a716-446655440000"},
			{"repository": "firmware", "variable_name": "TOFUPILOT_PROCEDURE_ID", "value": "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"},
		},
		"gitlab_project_variable": {
			{"project": "acme/firmware", "key": "TOFUPILOT_PROCEDURE_ID", "value": "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"},
		},
		"aws_ssm_parameter": {{"name": "/tofupilot/stations", "type": "String", "value": stations}},
		"local_file":        {{"filename": "/var/www/html/stations.json", "content": stations, "file_permission": "0644"}},
	}
	_, url := newServer(t)
	found := map[string]bool{}
	for _, c := range readConfigurations(t) {
		parts := resource.FindStringSubmatch(c.files["main.tf"])
		if parts == nil || parts[1] == "terraform_data" {
			continue
		}
		found[parts[1]] = true
		t.Run(parts[1]+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			want, ok := tests[parts[1]]
			if !ok {
				t.Fatal("add the resource to this test")
			}
			dir := t.TempDir()
			for file, text := range c.files {
				writeFile(t, filepath.Join(dir, file), replaceResources(text))
			}
			if missing := missingFeature(t, replaceResources(c.files["main.tf"])); missing != "" {
				t.Skip(missing)
			}
			env := []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}
			runTerraform(t, dir, env, "plan", "-input=false", "-no-color", "-out=plan")
			var plan struct {
				Values struct {
					Root struct {
						Resources []struct {
							Values struct{ Input map[string]string }
						}
					} `json:"root_module"`
				} `json:"planned_values"`
			}
			if err := json.Unmarshal([]byte(runTerraform(t, dir, env, "show", "-json", "plan")), &plan); err != nil {
				t.Fatal(err)
			}
			var got []map[string]string
			for _, r := range plan.Values.Root.Resources {
				got = append(got, r.Values.Input)
			}
			if !slices.EqualFunc(got, want, maps.Equal) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	for name := range tests {
		if !found[name] {
			t.Errorf("no page has a %s", name)
		}
	}
}
