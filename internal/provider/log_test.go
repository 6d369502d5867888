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

// logging is a context as Terraform's server gives to a read: with a logger, and
// fields that every line carries.
func logging(t *testing.T) (context.Context, *bytes.Buffer) {
	t.Helper()
	var lines bytes.Buffer
	return tflog.SetField(tflogtest.RootLogger(t.Context(), &lines), "tf_rpc", "ReadDataSource"), &lines
}

func TestLogLevels(t *testing.T) {
	t.Parallel()
	ctx, lines := logging(t)
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		logger.Log(ctx, level, "Asked", "rows", 7)
	}
	entries, err := tflogtest.MultilineJSONDecode(lines)
	if err != nil {
		t.Fatal(err)
	}
	var levels []string
	for _, entry := range entries {
		levels = append(levels, entry["@level"].(string)) //nolint:forcetypeassert // The library writes it so.
		if entry["@message"] != "Asked" || entry["rows"] != 7.0 || entry["tf_rpc"] != "ReadDataSource" {
			t.Errorf("entry: %v", entry)
		}
	}
	harness.ExpectEqual(t, "levels", levels, []string{"debug", "info", "warn", "error"})
}

// The pages of one read are asked for at the same time, and each request logs
// with the read's context, whose masks are applied to fields that all share.
func TestLogConcurrently(t *testing.T) {
	t.Parallel()
	ctx, lines := logging(t)
	ctx = maskKey(ctx, "tp_secret")
	var requests sync.WaitGroup
	for range 8 {
		requests.Go(func() {
			for range 50 {
				logger.DebugContext(ctx, "Asked the server", "path", "/?search_query=tp_secret")
			}
		})
	}
	requests.Wait()
	if got := strings.Count(lines.String(), "Asked the server"); got != 8*50 {
		t.Errorf("%d lines instead of %d", got, 8*50)
	}
	if strings.Contains(lines.String(), "tp_secret") {
		t.Error("the key is in the log")
	}
}
