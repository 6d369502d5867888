package rest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
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

// newTLSServer starts a TLS server whose certificate isn't trusted.
func newTLSServer(t *testing.T, handler http.Handler) *url.URL {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // drops errors of handshakes
	server.StartTLS()
	t.Cleanup(server.Close)
	return parseURL(t, server.URL)
}

// newClient returns a client of the server at the address, with short pauses between attempts.
func newClient(t *testing.T, address string, change ...func(*Config)) *Client {
	t.Helper()
	config := Config{
		BaseURL: parseURL(t, address).JoinPath("api"), APIKey: fakeapi.Key, Transport: NewTransport(nil), Memory: new(Budget), MaxRetries: 2, RequestTimeout: time.Minute,
		UserAgent: "agent/1 (+home)", ClientType: "terraform", ClientVersion: "1.2.3", Log: slog.New(slog.DiscardHandler),
	}
	for _, change := range change {
		change(&config)
	}
	client := New(config)
	client.retryInterval = time.Microsecond
	return client
}

// getRows requests a page of procedures and returns its number of rows.
func getRows(ctx context.Context, client *Client) (rows int, err error) {
	err = client.Get(ctx, "v2/procedures", url.Values{"limit": {"100"}}, func(body []byte) error {
		var page struct {
			Data []json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(body, &page); err != nil && strings.HasPrefix(err.Error(), "unexpected end") {
			return ErrTruncated
		} else if err != nil {
			return err
		}
		if page.Data == nil {
			return errors.New("it has no data")
		}
		rows = len(page.Data)
		return nil
	})
	return rows, err
}

// getError requests a page, which must fail, and returns the *Error.
func getError(t *testing.T, client *Client) *Error {
	t.Helper()
	rows, err := getRows(t.Context(), client)
	failed := new(Error)
	if !errors.As(err, &failed) {
		t.Fatalf("%d rows, and not an *Error: %v", rows, err)
	}
	return failed
}

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	api := fakeapi.New(fakeapi.Generate(7, fakeapi.WithRepository)...)
	address := newServer(t, http.StripPrefix("/below", api))
	rows, err := getRows(t.Context(), newClient(t, address.String()+"/below"))
	if err != nil || rows != 7 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	for _, request := range api.Requests() {
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
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	other := fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...)
	otherURL := newServer(t, other)
	for _, status := range []int{301, 302, 303, 307, 308} {
		api := fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...)
		client := newClient(t, newServer(t, api).String(), func(config *Config) {
			config.Headers = map[string]string{"CF-Access-Client-Secret": "gate", "x-org": "acme"}
		})

		api.Fail(fakeapi.Status(status, "", "Location", "/api/v2/procedures?limit=100&moved=yes"), 1)
		if rows, err := getRows(t.Context(), client); err != nil || rows != 1 {
			t.Errorf("%d within the server: %d rows, %v", status, rows, err)
		}
		requests := api.Requests()
		if last := requests[len(requests)-1]; last.Query.Get("moved") != "yes" || last.Header.Get("Authorization") != "Bearer "+fakeapi.Key {
			t.Errorf("%d within the server: %s with %q", status, last.RawQuery, last.Header.Get("Authorization"))
		}
		for _, request := range requests {
			if request.Header.Get("Cf-Access-Client-Secret") != "gate" || request.Header.Get("X-Org") != "acme" || request.Header.Get("X-Client-Type") != "terraform" {
				t.Errorf("%d within the server: sent %v", status, request.Header)
			}
		}

		api.Forget()
		api.Fail(nil) // removes the fault of request 1
		api.Fail(fakeapi.Status(status, "", "Location", otherURL.String()+"/api/v2/procedures"))
		failed := getError(t, client)
		if failed.Kind != Redirected || failed.Redirect.Host != otherURL.Host || failed.Attempts != 1 {
			t.Errorf("%d to another server: %v", status, failed)
		}
		if n := len(api.Requests()); n != 1 {
			t.Errorf("%d to another server: %d requests", status, n)
		}
	}
	if requests := other.Requests(); len(requests) > 0 {
		t.Errorf("the other server received %d requests, with %v", len(requests), requests[0].Header)
	}
}

// respondOK returns a handler that responds with status 200 and the body.
func respondOK(content string, header ...string) http.Handler {
	return fakeapi.Status(http.StatusOK, content, header...)
}

// noResponse is a handler that waits until the client cancels the request.
var noResponse = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })

func TestGzipBomb(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	writer := gzip.NewWriter(&bomb)
	if _, err := io.WriteString(writer, strings.Repeat(" ", maxBody+1)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil || bomb.Len() > 1<<20 {
		t.Fatalf("the compressed body has %d bytes; %v", bomb.Len(), err)
	}
	api := fakeapi.New()
	api.Fail(respondOK(bomb.String(), "Content-Encoding", "gzip", "Content-Type", "application/json"))
	failed := getError(t, newClient(t, newServer(t, api).String()))
	if failed.Kind != TooLarge || !strings.Contains(failed.Error(), "larger than 32 MiB") {
		t.Error(failed)
	}
	if n := len(api.Requests()); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
}

// TestIdentityEncoding sends the encoding identity, which means that the body isn't encoded.
func TestIdentityEncoding(t *testing.T) {
	t.Parallel()
	api := fakeapi.New()
	api.Fail(respondOK(`{"dat": []}`, "Content-Encoding", "identity"))
	if failed := getError(t, newClient(t, newServer(t, api).String())); failed.Kind != Unsupported {
		t.Error(failed)
	}
}
