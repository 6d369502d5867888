package tofupilot

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/redact"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// TestLogOfFailures checks that the API key is redacted in the log of a failed read, wherever the
// server's response repeats it.
func TestLogOfFailures(t *testing.T) {
	t.Parallel()
	const key = fakeapi.Key
	for name, handler := range map[string]http.Handler{
		"message":      fakeapi.Status(500, `{"message": "Bearer `+key+`", "code": "`+key+`", "issues": [{"path": ["`+key+`"], "message": "`+key+`"}]}`),
		"other form":   fakeapi.Status(503, `{"error": "`+key+`"}`),
		"content type": fakeapi.Status(502, "", "Content-Type", "text/"+key),
		"no HTTP": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // The ResponseWriter of an httptest.Server is a Hijacker.
			if err == nil {
				_, _ = io.WriteString(connection, key+"\r\n")
				_ = connection.Close()
			}
		}),
		"cursor": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// The second page has the same cursor as the first, so the read fails.
			okResponse(`{"data": [{"id": "row`+r.URL.Query().Get("cursor")+`"}], "meta": {"has_more": true, "next_cursor": "`+key+`"}}`).ServeHTTP(w, r)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New()
			api.Fail(handler)
			var log strings.Builder
			client := newClient(t, newServer(t, api).String(), withRetries(1), func(config *rest.Config) {
				config.Log = slog.New(redact.New(key).Handler(slog.NewTextHandler(&log, nil)))
			})
			_, err := client.Procedures(t.Context(), Filter{SearchQuery: key})
			if !strings.Contains(log.String(), "level=WARN") {
				t.Errorf("the log has no warning about the error %v:\n%s", err, &log)
			}
			if strings.Contains(log.String(), key) || !strings.Contains(log.String(), "[the API key]") {
				t.Errorf("the API key isn't redacted in the log:\n%s", &log)
			}
		})
	}
}
