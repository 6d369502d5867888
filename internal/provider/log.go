package provider

import (
	"context"
	"log/slog"
	"sync"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logger writes the client's log to Terraform's, with the fields and masks of the call's
// context.
var logger = slog.New(tflogHandler{new(sync.Mutex)})

type tflogHandler struct {
	// Masking changes fields that all loggers of one call share (terraform-plugin-log 0.11),
	// and a read logs from several goroutines.
	mu *sync.Mutex
}

func (tflogHandler) Enabled(context.Context, slog.Level) bool { return true } // Terraform's TF_LOG decides

func (h tflogHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, record.NumAttrs())
	record.Attrs(func(attr slog.Attr) bool {
		fields[attr.Key] = attr.Value.Any()
		return true
	})
	write := tflog.Debug
	switch {
	case record.Level >= slog.LevelError:
		write = tflog.Error
	case record.Level >= slog.LevelWarn:
		write = tflog.Warn
	case record.Level >= slog.LevelInfo:
		write = tflog.Info
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	write(ctx, record.Message, fields)
	return nil
}

// WithAttrs and WithGroup do nothing: the client uses neither.
func (h tflogHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h tflogHandler) WithGroup(string) slog.Handler      { return h }
