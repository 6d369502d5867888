package provider

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// newLogContext returns a context like that of a read, and a buffer for the lines that are logged with
// this context. Each line has the field tf_rpc.
func newLogContext(t *testing.T) (context.Context, *bytes.Buffer) {
	t.Helper()
	var lines bytes.Buffer
	return tflog.SetField(tflogtest.RootLogger(t.Context(), &lines), "tf_rpc", "ReadDataSource"), &lines
}

// TestLogLevels checks that each level of slog becomes a level of Terraform's log, with the same
// message and fields.
func TestLogLevels(t *testing.T) {
	t.Parallel()
	ctx, lines := newLogContext(t)
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		logger.Log(ctx, level, "Asked", "rows", 7)
	}
	entries, err := tflogtest.MultilineJSONDecode(lines)
	if err != nil {
		t.Fatal(err)
	}
	var levels []string
	for _, entry := range entries {
		levels = append(levels, fmt.Sprint(entry["@level"]))
		for field, want := range map[string]any{"@message": "Asked", "rows": 7.0, "tf_rpc": "ReadDataSource"} {
			if entry[field] != want {
				t.Errorf("%s: got %v, want %v", field, entry[field], want)
			}
		}
	}
	harness.CheckEqual(t, "levels", levels, []string{"debug", "info", "warn", "error"})
}

// TestLogConcurrently checks that the concurrent requests of a read can log, and that the API key
// is masked in each line.
func TestLogConcurrently(t *testing.T) {
	t.Parallel()
	ctx, lines := newLogContext(t)
	ctx = maskKey(ctx, "tp_secret")
	var requests sync.WaitGroup
	for range 8 {
		requests.Go(func() {
			for range 50 {
				logger.DebugContext(ctx, "Sent a request", "path", "/?search_query=tp_secret")
			}
		})
	}
	requests.Wait()
	if got := strings.Count(lines.String(), "Sent a request"); got != 8*50 {
		t.Errorf("got %d lines, want %d", got, 8*50)
	}
	if strings.Contains(lines.String(), "tp_secret") {
		t.Error("the API key is in the log")
	}
}
