package docs_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// resource matches a resource block. Its groups are the type, the quoted name and the arguments.
	resource         = regexp.MustCompile(`(?ms)^resource "(\w+)" ("\w+") \{\n(.*?)^\}$`)
	metaArgument     = regexp.MustCompile(`(?m)^  (?:for_each|count|provider) += .*\n`)
	anyProvider      = regexp.MustCompile(`(?ms)^provider "(\w+)" \{\n.*?^\}$`)
	requiredProvider = regexp.MustCompile(`(?ms)^    (\w+) = \{\n      source .*?^    \}\n`)
)

// replaceResources replaces the resources of other providers, which tests can't install, by
// terraform_data resources. Their input has the same arguments, so Terraform evaluates those.
// It deletes the provider blocks and the requirements of the other providers.
func replaceResources(configuration string) string {
	configuration = resource.ReplaceAllStringFunc(configuration, func(block string) string {
		parts := resource.FindStringSubmatch(block)
		resourceType, name, arguments := parts[1], parts[2], parts[3]
		if resourceType == "terraform_data" {
			return block
		}
		metaArguments := strings.Join(metaArgument.FindAllString(arguments, -1), "")
		input := metaArgument.ReplaceAllString(arguments, "")
		return `resource "terraform_data" ` + name + " {\n" + metaArguments + "  input = {\n" + input + "  }\n}"
	})
	for _, pattern := range []*regexp.Regexp{anyProvider, requiredProvider} {
		configuration = pattern.ReplaceAllStringFunc(configuration, func(block string) string {
			if name := pattern.FindStringSubmatch(block)[1]; name != "tofupilot" {
				return ""
			}
			return block
		})
	}
	return configuration
}

// editConfigurations replaces each configuration in a directory by what edit returns for it.
func editConfigurations(t *testing.T, dir string, edit func(configuration string) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		writeFile(t, file, edit(readFile(t, file)))
	}
}

// TestResources checks the arguments of other providers' resources in the examples of the pages.
func TestResources(t *testing.T) {
	t.Parallel()
	const stations = `{"line_1":"550e8400-e29b-41d4-a716-446655440000","line_2":"7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"}`
	wantArguments := map[string][]map[string]string{ // by type; a resource with for_each has several
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
		resourceType := parts[1]
		found[resourceType] = true
		t.Run(resourceType+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			want, ok := wantArguments[resourceType]
			if !ok {
				t.Fatal("add the resource to this test")
			}
			skipIfUnsupported(t, replaceResources(c.files["main.tf"]))
			dir := t.TempDir()
			for file, text := range c.files {
				writeFile(t, filepath.Join(dir, file), replaceResources(text))
			}
			if got := planInputs(t, dir, serverEnv(url)); !slices.EqualFunc(got, want, maps.Equal) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	for resourceType := range wantArguments {
		if !found[resourceType] {
			t.Errorf("no page has a %s", resourceType)
		}
	}
}

// planInputs plans a configuration, and returns the inputs of its terraform_data resources.
func planInputs(t *testing.T, dir string, env []string) (inputs []map[string]string) {
	t.Helper()
	runTerraform(t, dir, env, "plan", "-out=plan")
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
	for _, r := range plan.Values.Root.Resources {
		inputs = append(inputs, r.Values.Input)
	}
	return inputs
}
