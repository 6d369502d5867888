package docs_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestLast30Days checks that the example requests procedures of the last 30 days.
func TestLast30Days(t *testing.T) {
	t.Parallel()
	example := readFile(t, filepath.Join(root, "examples", "data-sources", "tofupilot_procedures", "recent.tf"))
	if missing := missingFeature(t, example); missing != "" {
		t.Skip(missing)
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), requirement+example)
	api, url := newServer(t)
	runTerraform(t, dir, []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}, "plan", "-input=false", "-no-color")
	after := api.Requests()[0].Query.Get("created_after")
	parsed, err := time.Parse(time.RFC3339, after)
	if age := time.Since(parsed); err != nil || age < 30*24*time.Hour || age > 30*24*time.Hour+10*time.Minute {
		t.Errorf("got created_after=%s, %s ago, want 30 days: %v", after, age, err)
	}
}
