package docs_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

var (
	// moduleFile matches the beginning of a block that is a file of a module. The previous block calls the module.
	moduleFile    = regexp.MustCompile(`^# ([a-z]+/[a-z]+\.tf)\n`)
	variable      = regexp.MustCompile(`(?m)^variable "([^"]+)" \{$`)
	providerBlock = regexp.MustCompile(`(?m)^provider "tofupilot" \{\n(?:  .*\n)+\}\n\n?`)
)

// requirement requires the provider, for configurations that don't.
const requirement = `terraform {
  required_providers {
    tofupilot = {
      source = "tofupilot/tofupilot"
    }
  }
}
`

// configuration is a directory with one or several blocks of a page.
type configuration struct {
	name  string            // made of the page and the line of its first block
	files map[string]string // contents by path
}

// TestBlocks checks that all configurations of the documentation are formatted and can be planned. One
// plan reads them all, as modules, from the demo server.
func TestBlocks(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	dir := t.TempDir()
	configurations := readConfigurations(t)
	if len(configurations) < 30 { // there are more, so readConfigurations misses some
		t.Errorf("found only %d configurations", len(configurations))
	}
	variables := map[string]string{
		"repository":              "Acme/Firmware", // the procedure's repository has lower-case letters
		"self_hosted_api_key":     fakeapi.Key,
		"tofupilot_api_key":       fakeapi.Key,
		"cf_access_client_id":     gatewayID,
		"cf_access_client_secret": gatewaySecret,
		"client_key_pem":          demo.clientKey,
	}
	var calls strings.Builder
	for _, c := range configurations {
		texts := strings.Join(slices.Collect(maps.Values(c.files)), "")
		if missing := missingFeature(t, replaceResources(texts)); missing != "" { // replaceResources adds terraform_data
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				t.Skip(missing)
			})
			continue
		}
		for file, text := range c.files {
			writeFile(t, filepath.Join(dir, c.name, file), text)
		}
		fmt.Fprintf(&calls, "module %q {\n  source = \"./%s\"\n", c.name, c.name)
		for _, found := range variable.FindAllStringSubmatch(texts, -1) {
			fmt.Fprintf(&calls, "  %s = %q\n", found[1], variables[found[1]])
		}
		calls.WriteString("}\n")
	}
	runTerraform(t, dir, nil, "fmt", "-check", "-diff", "-recursive") // before the edits below, whose results aren't formatted
	for _, c := range configurations {
		editConfigurations(t, filepath.Join(dir, c.name), replaceResources)
		demo.replaceAddresses(t, filepath.Join(dir, c.name))
	}
	writeFile(t, filepath.Join(dir, "main.tf"), calls.String())
	runTerraform(t, dir, demo.env, "init")
	runTerraform(t, dir, demo.env, "plan")
}

// readConfigurations returns the configurations of all pages. A block that doesn't require the
// provider is planned together with the first block of its page, which does.
func readConfigurations(t *testing.T) []configuration {
	t.Helper()
	var configurations []configuration
	pages := readPages(t)
	for _, page := range slices.Sorted(maps.Keys(pages)) {
		first := ""
		for _, block := range findBlocks(pages[page], "terraform") {
			if strings.HasPrefix(block.text, "import {") {
				continue // see TestImport
			}
			if found := moduleFile.FindStringSubmatch(block.text); found != nil {
				caller := configurations[len(configurations)-1]
				caller.files[found[1]] = block.text
				continue
			}
			if first == "" {
				first = block.text
			}
			name := strings.NewReplacer("/", "_", ".", "_").Replace(fmt.Sprintf("%s_%d", page, block.line))
			files := map[string]string{"main.tf": block.text}
			if !strings.Contains(block.text, "required_providers") {
				files["first.tf"] = first
				if hasDefaultProvider(block.text) { // a module can't have two of them
					files["first.tf"] = providerBlock.ReplaceAllString(first, "")
				}
			}
			configurations = append(configurations, configuration{name, files})
		}
	}
	return configurations
}

// hasDefaultProvider reports whether a configuration has a provider block without an alias.
func hasDefaultProvider(configuration string) bool {
	return slices.ContainsFunc(providerBlock.FindAllString(configuration, -1), func(block string) bool {
		return !strings.Contains(block, "alias")
	})
}

// TestOtherBlocks checks that each code block marked hcl or tf has the text of a file of examples/, or is
// a valid CLI configuration. TestBlocks checks the blocks marked terraform.
func TestOtherBlocks(t *testing.T) {
	t.Parallel()
	examples := slices.Collect(maps.Values(readExamples(t)))
	for page, text := range readPages(t) {
		for _, block := range findBlocks(text, "hcl", "tf") {
			switch {
			case slices.Contains(examples, block.text):
			case block.language == "hcl" && strings.HasPrefix(block.text, "provider_installation {"):
				cliConfig := filepath.Join(t.TempDir(), "terraform.rc")
				writeFile(t, cliConfig, block.text)
				output := runTerraform(t, home, []string{"TF_CLI_CONFIG_FILE=" + cliConfig}, "version")
				if strings.Contains(output, "CLI configuration") { // "There are some problems with the CLI configuration"
					t.Errorf("%s: %s", page, output)
				}
			default:
				t.Errorf("%s: neither a file of examples/ nor a CLI configuration:\n%s", page, block.text)
			}
		}
	}
}
