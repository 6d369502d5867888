package provider

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// newLogContext returns a context like that of a read: with a logger, and with a field that
// each line has.
func newLogContext(t *testing.T) (context.Context, *bytes.Buffer) {
	t.Helper()
	var lines bytes.Buffer
	return tflog.SetField(tflogtest.RootLogger(t.Context(), &lines), "tf_rpc", "ReadDataSource"), &lines
}

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
		levels = append(levels, entry["@level"].(string)) //nolint:forcetypeassert // always a string
		if entry["@message"] != "Asked" || entry["rows"] != 7.0 || entry["tf_rpc"] != "ReadDataSource" {
			t.Errorf("entry: %v", entry)
		}
	}
	harness.CheckEqual(t, "levels", levels, []string{"debug", "info", "warn", "error"})
}

// TestLogConcurrently logs as the concurrent requests of one read do, with the read's context
// and its masks.
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
		t.Errorf("%d lines instead of %d", got, 8*50)
	}
	if strings.Contains(lines.String(), "tp_secret") {
		t.Error("the key is in the log")
	}
}
