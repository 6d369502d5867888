package docs_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestLast30Days holds the example to the days that its heading says.
func TestLast30Days(t *testing.T) {
	t.Parallel()
	example := read(t, filepath.Join(root, "examples", "data-sources", "tofupilot_procedures", "recent.tf"))
	if why := tooNew(t, example); why != "" {
		t.Skip(why)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.tf"), requirement+example)
	api, url := serve(t)
	terraform(t, dir, []string{"TOFUPILOT_URL=" + url, "TOFUPILOT_API_KEY=" + fakeapi.Key}, "plan", "-input=false", "-no-color")
	sent := api.Requests()[0].Query.Get("created_after")
	after, err := time.Parse(time.RFC3339, sent)
	if ago := time.Since(after); err != nil || ago < 30*24*time.Hour || ago > 30*24*time.Hour+10*time.Minute {
		t.Errorf("created_after=%s, %s ago; want 30 days: %v", sent, ago, err)
	}
}
