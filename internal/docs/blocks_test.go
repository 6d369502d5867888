package docs_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

var (
	block    = regexp.MustCompile("(?ms)^```(terraform|hcl|tf)\n(.*?)^```$")
	ofModule = regexp.MustCompile(`^# ([a-z]+/[a-z]+\.tf)\n`) // a block of a module that the one before calls
	variable = regexp.MustCompile(`(?m)^variable "([^"]+)" \{$`)
	settings = regexp.MustCompile(`(?m)^provider "tofupilot" \{\n(?:  .*\n)+\}\n\n?`)
)

// requirement is where the provider comes from, for configurations that leave it
// out.
const requirement = `terraform {
  required_providers {
    tofupilot = {
      source = "tofupilot/tofupilot"
    }
  }
}
`

// configuration is what a reader of a page has in one folder.
type configuration struct {
	name  string
	files map[string]string
}

// TestBlocks plans every block that the documentation shows against the demo
// server: alone, or with the first of its page where it doesn't say where the
// provider comes from. All are planned in one run: each is a module, called from
// one root.
func TestBlocks(t *testing.T) {
	t.Parallel()
	demo := startDemo(t)
	dir := t.TempDir()
	all := configurations(t)
	if len(all) < 30 {
		t.Errorf("only %d configurations found", len(all))
	}
	values := map[string]string{"repository": "acme/firmware", "self_hosted_api_key": fakeapi.Key, "tofupilot_api_key": fakeapi.Key}
	var calls strings.Builder
	for _, c := range all {
		if why := tooNew(t, withStandIns(strings.Join(slices.Collect(maps.Values(c.files)), ""))); why != "" {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				t.Skip(why)
			})
			continue
		}
		fmt.Fprintf(&calls, "module %q {\n  source = \"./%s\"\n", c.name, c.name)
		for file, text := range c.files {
			write(t, filepath.Join(dir, c.name, file), text)
			for _, found := range variable.FindAllStringSubmatch(text, -1) {
				fmt.Fprintf(&calls, "  %s = %q\n", found[1], values[found[1]])
			}
		}
		calls.WriteString("}\n")
	}
	terraform(t, dir, nil, "fmt", "-check", "-diff", "-recursive", "-no-color")
	for _, c := range all {
		standIn(t, filepath.Join(dir, c.name))
		demo.answerFor(t, filepath.Join(dir, c.name))
	}
	write(t, filepath.Join(dir, "main.tf"), calls.String())
	terraform(t, dir, demo.env, "init", "-input=false", "-no-color")
	terraform(t, dir, demo.env, "plan", "-input=false", "-no-color")
}

func configurations(t *testing.T) []configuration {
	t.Helper()
	var all []configuration
	texts := pages(t)
	for _, page := range slices.Sorted(maps.Keys(texts)) {
		first := ""
		for _, at := range block.FindAllStringSubmatchIndex(texts[page], -1) {
			language, text := texts[page][at[2]:at[3]], texts[page][at[4]:at[5]]
			if language != "terraform" {
				continue // TestOtherBlocks
			}
			if found := ofModule.FindStringSubmatch(text); found != nil {
				all[len(all)-1].files[found[1]] = text
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
				if own := settings.FindString(text); own != "" && !strings.Contains(own, "alias") { // it replaces the first's
					c.files["first.tf"] = settings.ReplaceAllString(first, "")
				}
			}
			all = append(all, c)
		}
	}
	return all
}

// TestOtherBlocks holds blocks in HCL that are no configuration: one is a file of
// examples/, which is tested there, or settings of Terraform's.
func TestOtherBlocks(t *testing.T) {
	t.Parallel()
	for page, text := range pages(t) {
		for _, found := range block.FindAllStringSubmatch(text, -1) {
			switch {
			case found[1] == "terraform", isExample(t, found[2]):
			case found[1] == "hcl" && strings.HasPrefix(found[2], "provider_installation {"):
				settings := filepath.Join(t.TempDir(), "terraform.rc")
				write(t, settings, found[2])
				if said := terraform(t, home, []string{"TF_CLI_CONFIG_FILE=" + settings}, "version"); strings.Contains(said, "CLI configuration") {
					t.Errorf("%s: %s", page, said)
				}
			default:
				t.Errorf("%s: is neither a file of examples/ nor settings of Terraform's:\n%s", page, found[0])
			}
		}
	}
}

func isExample(t *testing.T, text string) bool {
	t.Helper()
	for _, example := range exampleFiles(t) {
		if strings.ReplaceAll(example, "\r\n", "\n") == text {
			return true
		}
	}
	return false
}

func write(t *testing.T, file, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
