package docs_test

import (
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

var errorMessage = regexp.MustCompile(`error_message = "(?:\$\{self\.name\} )?([^\\"$]+)`)

// TestChecks holds the checks on the data sources' pages to failing a plan with
// their own message, where they don't hold. TestExamples shows that they pass where
// they do.
func TestChecks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "examples", "data-sources", "*", "check.tf"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d data sources have a check, want 3: %v", len(files), err)
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
