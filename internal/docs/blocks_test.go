package docs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	block    = regexp.MustCompile("(?ms)^```(terraform|hcl|tf)\n(.*?)^```$")
	header   = regexp.MustCompile(`(?m)^([a-z_]+(?: "[^"]+")*) \{`)
	ofModule = regexp.MustCompile(`^# ([a-z]+/[a-z]+\.tf)\n`) // a block of a module that the one before calls
	variable = regexp.MustCompile(`(?ms)^variable "([^"]+)" \{\n(.*?)^\}`)
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
	name    string
	files   map[string]string
	headers map[string]bool // of the blocks in them
}

// TestBlocks has Terraform validate every configuration that the documentation
// shows, in one run: each is a module, called from one root.
func TestBlocks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	all := configurations(t)
	if len(all) < 10 {
		t.Errorf("only %d configurations found", len(all))
	}
	calls := writeModules(t, dir, all)
	terraform(t, dir, nil, "fmt", "-check", "-diff", "-recursive", "-no-color")
	write(t, filepath.Join(dir, "main.tf"), calls)
	terraform(t, dir, nil, "get", "-no-color")
	terraform(t, dir, nil, "validate", "-no-color")
}

// writeModules writes configurations as modules, and returns a root that calls them
// all.
func writeModules(t *testing.T, dir string, all []configuration) string {
	t.Helper()
	var calls strings.Builder
	certificate := certificate(t)
	for _, c := range all {
		if !c.headers["terraform"] {
			c.files["terraform.tf"] = requirement
		}
		c.files["ca.pem"] = certificate // which some name
		fmt.Fprintf(&calls, "module %q {\n  source = \"./%s\"\n", c.name, c.name)
		for file, text := range c.files {
			if why := tooNew(t, text); why != "" {
				t.Run(c.name+"/"+file, func(t *testing.T) {
					t.Parallel()
					t.Skip(why)
				})
				continue
			}
			write(t, filepath.Join(dir, c.name, file), text)
			for _, found := range variable.FindAllStringSubmatch(text, -1) {
				if !strings.Contains(found[2], "default") {
					fmt.Fprintf(&calls, "  %s = \"acme/firmware\"\n", found[1]) // any text, save for a repository
				}
			}
		}
		calls.WriteString("}\n")
	}
	return calls.String()
}

// configurations are made of a page's blocks in their order: each goes on with
// the one before, unless it says again what stands there already.
func configurations(t *testing.T) []configuration {
	t.Helper()
	var all []configuration
	texts := pages(t)
	for _, page := range slices.Sorted(maps.Keys(texts)) {
		first := true
		for _, at := range block.FindAllStringSubmatchIndex(texts[page], -1) {
			language, text := texts[page][at[2]:at[3]], texts[page][at[4]:at[5]]
			if language != "terraform" {
				continue // TestOtherBlocks
			}
			line := 1 + strings.Count(texts[page][:at[4]], "\n")
			if found := ofModule.FindStringSubmatch(text); found != nil {
				all[len(all)-1].files[found[1]] = text
				continue
			}
			headers := map[string]bool{}
			for _, found := range header.FindAllStringSubmatch(text, -1) {
				headers[found[1]] = true
			}
			if first || repeats(all[len(all)-1].headers, headers) {
				name := strings.NewReplacer("/", "_", ".", "_").Replace(fmt.Sprintf("%s_%d", page, line))
				all = append(all, configuration{name, map[string]string{}, map[string]bool{}})
			}
			first = false
			all[len(all)-1].files[fmt.Sprintf("line_%d.tf", line)] = text
			maps.Copy(all[len(all)-1].headers, headers)
		}
	}
	return all
}

// repeats tells whether both have a block that one module may have but once.
func repeats(a, b map[string]bool) bool {
	for header := range b {
		if a[header] && header != "locals" {
			return true
		}
	}
	return false
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

// certificate is an authority's, in PEM.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
