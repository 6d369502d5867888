package docs_test

import (
	"encoding/pem"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestFirstExamples does what a newcomer does: paste the first example of a page
// into a new directory, install, apply, look at the output.
func TestFirstExamples(t *testing.T) {
	t.Parallel()
	examples := firstExamples(t)
	if len(examples) < 7 {
		t.Errorf("only %d pages have examples", len(examples))
	}
	for page, example := range examples {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			api := fake()
			said := paste(t, example, api)
			if !strings.Contains(said, "Outputs:") {
				t.Errorf("the example outputs nothing:\n%s", said)
			}
			if len(api.Requests()) == 0 {
				t.Errorf("the example reads nothing:\n%s", said)
			}
		})
	}
}

// TestFirstExampleInAnyOrganization holds what newcomers see first to working
// wherever they try it, and to showing what they look for: names and IDs.
func TestFirstExampleInAnyOrganization(t *testing.T) {
	t.Parallel()
	example := firstExamples(t)["docs/index.md"]
	if firstExamples(t)["README.md"] != example {
		t.Error("README.md has another")
	}
	for name, procedures := range map[string][]fakeapi.Procedure{
		"without procedures":   nil,
		"with names repeated":  fakeapi.Generate(250, fakeapi.WithRepository),
		"without repositories": fakeapi.Generate(10, fakeapi.WithRunsAndFPY),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := paste(t, example, fakeapi.New(procedures...))
			for _, p := range procedures {
				if !strings.Contains(said, `"`+p.ID+`"`) || !strings.Contains(said, `"`+p.Name+`"`) {
					t.Fatalf("doesn't show %s and %q:\n%s", p.ID, p.Name, said)
				}
			}
		})
	}
}

// firstExamples are the first blocks of the pages that have any.
func firstExamples(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for page, text := range pages(t) {
		if first := block.FindStringSubmatch(text); first != nil && forUsers(page) {
			found[page] = first[2]
		}
	}
	return found
}

// forUsers tells pages for users of the provider from those for its developers.
func forUsers(page string) bool {
	return page == "README.md" || strings.HasPrefix(page, "docs/")
}

// paste runs a configuration as users do: as main.tf in a new directory, with the
// key in the environment, and with the certificate that some name beside it.
func paste(t *testing.T, configuration string, api *fakeapi.Server) string {
	t.Helper()
	server := httptest.NewTLSServer(api)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	// The one thing that can't be as it stands.
	write(t, filepath.Join(dir, "main.tf"), strings.ReplaceAll(configuration, "https://tofupilot.example.com", server.URL))
	certificate := filepath.Join(dir, "ca.pem")
	write(t, certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	env := []string{asUser(), "TOFUPILOT_URL=" + server.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key, "TOFUPILOT_CA_CERT=" + certificate}
	terraform(t, dir, env, "init", "-input=false", "-no-color")
	return terraform(t, dir, env, "apply", "-auto-approve", "-input=false", "-no-color")
}
