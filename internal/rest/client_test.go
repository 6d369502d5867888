package rest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// newServer starts a server and returns its URL.
func newServer(t *testing.T, handler http.Handler) *url.URL {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return parseURL(t, server.URL)
}

// newClient returns a client of the server at the address. It retries twice, after short pauses.
func newClient(t *testing.T, address string, options ...func(*Config)) *Client {
	t.Helper()
	config := Config{
		BaseURL:        parseURL(t, address).JoinPath("api"),
		APIKey:         fakeapi.Key,
		Transport:      NewTransport(nil),
		Memory:         new(Budget),
		MaxRetries:     2,
		RequestTimeout: time.Minute,
		UserAgent:      "agent/1 (+home)",
		ClientType:     "terraform",
		ClientVersion:  "1.2.3",
		Log:            slog.New(slog.DiscardHandler),
	}
	for _, option := range options {
		option(&config)
	}
	client := New(config)
	client.retryInterval = time.Microsecond
	return client
}

// roundTripFunc is a function that implements http.RoundTripper.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// respondOK returns a handler that responds with status 200 and the body.
func respondOK(body string, header ...string) http.Handler {
	return fakeapi.Status(http.StatusOK, body, header...)
}

// getRows requests a page of procedures and returns its number of rows.
func getRows(ctx context.Context, client *Client) (rows int, err error) {
	err = client.Get(ctx, "v2/procedures", url.Values{"limit": {"100"}}, func(body []byte) error {
		var page struct {
			Data []json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			if strings.HasPrefix(err.Error(), "unexpected end") { // "of JSON input": the body is cut off
				return ErrTruncated
			}
			return err
		}
		if page.Data == nil {
			return errors.New("the page has no data")
		}
		rows = len(page.Data)
		return nil
	})
	return rows, err
}

// getError requests a page of procedures and returns the *Error with which the request fails.
func getError(t *testing.T, client *Client) *Error {
	t.Helper()
	rows, err := getRows(t.Context(), client)
	failed := new(Error)
	if !errors.As(err, &failed) {
		t.Fatalf("got %d rows and %v, want an *Error", rows, err)
	}
	return failed
}

// TestRequestHeaders checks what a request consists of: method, path, query and headers. The base URL has
// a path.
func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	api := fakeapi.New(fakeapi.Generate(7, fakeapi.WithRepository)...)
	address := newServer(t, http.StripPrefix("/below", api))
	rows, err := getRows(t.Context(), newClient(t, address.String()+"/below"))
	if err != nil || rows != 7 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	request := api.Requests()[0]
	if request.Method != http.MethodGet || request.Path != "/api/v2/procedures" || request.RawQuery != "limit=100" {
		t.Errorf("got %s %s?%s", request.Method, request.Path, request.RawQuery)
	}
	for name, want := range map[string]string{
		"Authorization":    "Bearer " + fakeapi.Key,
		"Accept":           "application/json",
		"User-Agent":       "agent/1 (+home)",
		"X-Client-Type":    "terraform",
		"X-Client-Version": "1.2.3",
		"Cookie":           "",
		"Referer":          "",
	} {
		if got := request.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
