package tofupilot

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/redact"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// newServer starts a server and returns its URL.
func newServer(t *testing.T, handler http.Handler) *url.URL {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// newClient returns a client of the server at the address. By default, it doesn't retry requests.
func newClient(t *testing.T, address string, options ...func(*rest.Config)) *Client {
	t.Helper()
	base, err := url.Parse(address + "/api")
	if err != nil {
		t.Fatal(err)
	}
	config := rest.Config{
		BaseURL: base, APIKey: fakeapi.Key, Transport: rest.NewTransport(nil), Memory: new(rest.Budget),
		RequestTimeout: time.Minute, Log: slog.New(slog.DiscardHandler),
	}
	for _, option := range options {
		option(&config)
	}
	return New(config)
}

func withTransport(transport http.RoundTripper) func(*rest.Config) {
	return func(config *rest.Config) { config.Transport = transport }
}

func withRetries(count int) func(*rest.Config) {
	return func(config *rest.Config) { config.MaxRetries = count }
}

// okResponse returns a handler that responds with status 200 and the body.
func okResponse(body string) http.Handler { return fakeapi.Status(http.StatusOK, body) }

// kindOf returns the kind of the *rest.Error in an error's chain, or 0, which isn't a valid Kind, if
// there is none.
func kindOf(err error) rest.Kind {
	if failed, ok := errors.AsType[*rest.Error](err); ok {
		return failed.Kind
	}
	return 0
}

// TestLogOfFailures checks that the API key is redacted in the log of a failed read, wherever the
// server's response contains the key.
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
			_, err := client.Procedures(t.Context(), Filter{SearchQuery: key}) // so that URLs contain the key, too
			if !strings.Contains(log.String(), "level=WARN") {
				t.Errorf("the log has no warning about the error %v:\n%s", err, &log)
			}
			if strings.Contains(log.String(), key) || !strings.Contains(log.String(), "[the API key]") {
				t.Errorf("the API key isn't redacted in the log:\n%s", &log)
			}
		})
	}
}
