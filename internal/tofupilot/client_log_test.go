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

// TestLogOfFailures checks that the key is redacted in the log. Every failure is retried, and each
// retry is logged.
func TestLogOfFailures(t *testing.T) {
	t.Parallel()
	const key = fakeapi.Key
	for name, handler := range map[string]http.Handler{
		"message":      fakeapi.Status(500, `{"message": "Bearer `+key+`", "code": "`+key+`", "issues": [{"path": ["`+key+`"], "message": "`+key+`"}]}`),
		"other form":   fakeapi.Status(503, `{"error": "`+key+`"}`),
		"content type": fakeapi.Status(502, "", "Content-Type", "text/"+key),
		"no HTTP": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // net/http/httptest serves with net/http.
			if err == nil {
				_, _ = io.WriteString(connection, key+"\r\n")
				_ = connection.Close()
			}
		}),
		"cursor": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// The cursor doesn't advance, because both pages have the same one.
			respondOK(`{"data": [{"id": "row`+r.URL.Query().Get("cursor")+`"}], "meta": {"has_more": true, "next_cursor": "`+key+`"}}`).ServeHTTP(w, r)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New()
			api.Fail(handler)
			var logged strings.Builder
			client := newClient(t, newServer(t, api).String(), withRetries(1), func(config *rest.Config) {
				config.Log = slog.New(redact.New(key).Handler(slog.NewTextHandler(&logged, nil)))
			})
			_, err := client.Procedures(t.Context(), Filter{SearchQuery: key})
			if text := logged.String(); !strings.Contains(text, "level=WARN") || strings.Contains(text, key) || !strings.Contains(text, "[the API key]") {
				t.Errorf("%v, logged %s", err, text)
			}
		})
	}
}
