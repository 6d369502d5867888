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
	block         = regexp.MustCompile("(?ms)^```(terraform|hcl|tf)\n(.*?)^```$")
	moduleFile    = regexp.MustCompile(`^# ([a-z]+/[a-z]+\.tf)\n`) // begins a file of a module that the previous block calls
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
	name  string
	files map[string]string // contents by path
}

// TestBlocks plans every block of the documentation against the demo server. A block that
// doesn't require the provider is planned together with the first of its page. One plan reads
// all configurations, as modules.
func TestBlocks(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	dir := t.TempDir()
	configurations := readConfigurations(t)
	if len(configurations) < 30 {
		t.Errorf("found only %d configurations", len(configurations))
	}
	values := map[string]string{"repository": "acme/firmware", "self_hosted_api_key": fakeapi.Key, "tofupilot_api_key": fakeapi.Key,
		"cf_access_client_id": gatewayID, "cf_access_client_secret": gatewaySecret, "client_key_pem": demo.clientKey}
	var calls strings.Builder
	for _, c := range configurations {
		if missing := missingFeature(t, replaceResources(strings.Join(slices.Collect(maps.Values(c.files)), ""))); missing != "" {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				t.Skip(missing)
			})
			continue
		}
		fmt.Fprintf(&calls, "module %q {\n  source = \"./%s\"\n", c.name, c.name)
		for file, text := range c.files {
			writeFile(t, filepath.Join(dir, c.name, file), text)
			for _, found := range variable.FindAllStringSubmatch(text, -1) {
				fmt.Fprintf(&calls, "  %s = %q\n", found[1], values[found[1]])
			}
		}
		calls.WriteString("}\n")
	}
	runTerraform(t, dir, nil, "fmt", "-check", "-diff", "-recursive", "-no-color")
	for _, c := range configurations {
		replaceResourcesIn(t, filepath.Join(dir, c.name))
		demo.replaceAddresses(t, filepath.Join(dir, c.name))
	}
	writeFile(t, filepath.Join(dir, "main.tf"), calls.String())
	runTerraform(t, dir, demo.env, "init", "-input=false", "-no-color")
	runTerraform(t, dir, demo.env, "plan", "-input=false", "-no-color")
}

func readConfigurations(t *testing.T) []configuration {
	t.Helper()
	var configurations []configuration
	texts := readPages(t)
	for _, page := range slices.Sorted(maps.Keys(texts)) {
		first := ""
		for _, at := range block.FindAllStringSubmatchIndex(texts[page], -1) {
			language, text := texts[page][at[2]:at[3]], texts[page][at[4]:at[5]]
			if language != "terraform" {
				continue // see TestOtherBlocks
			}
			if strings.HasPrefix(text, "import {") {
				continue // see TestImport
			}
			if found := moduleFile.FindStringSubmatch(text); found != nil {
				configurations[len(configurations)-1].files[found[1]] = text
				continue
			}
			line := 1 + strings.Count(texts[page][:at[4]], "\n")
			c := configuration{
				name:  strings.NewReplacer("/", "_", ".", "_").Replace(fmt.Sprintf("%s_%d", page, line)),
				files: map[string]string{"main.tf": text},
			}
			if first == "" {
				first = text
			}
			if !strings.Contains(text, "required_providers") {
				c.files["first.tf"] = first
				if own := providerBlock.FindString(text); own != "" && !strings.Contains(own, "alias") { // it replaces the first one's
					c.files["first.tf"] = providerBlock.ReplaceAllString(first, "")
				}
			}
			configurations = append(configurations, c)
		}
	}
	return configurations
}

// TestOtherBlocks checks blocks in HCL that aren't configurations: each must be a file of
// examples/, which TestExamples tests, or a valid CLI configuration.
func TestOtherBlocks(t *testing.T) {
	t.Parallel()
	isExample := map[string]bool{}
	for _, example := range readExamples(t) {
		isExample[strings.ReplaceAll(example, "\r\n", "\n")] = true
	}
	for page, text := range readPages(t) {
		for _, found := range block.FindAllStringSubmatch(text, -1) {
			switch {
			case found[1] == "terraform", isExample[found[2]]:
			case found[1] == "hcl" && strings.HasPrefix(found[2], "provider_installation {"):
				cliConfig := filepath.Join(t.TempDir(), "terraform.rc")
				writeFile(t, cliConfig, found[2])
				if output := runTerraform(t, home, []string{"TF_CLI_CONFIG_FILE=" + cliConfig}, "version"); strings.Contains(output, "CLI configuration") {
					t.Errorf("%s: %s", page, output)
				}
			default:
				t.Errorf("%s: neither a file of examples/ nor a CLI configuration:\n%s", page, found[0])
			}
		}
	}
}
