package tofupilot

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
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

// newClient returns a client of the server at the address, without retries unless an option
// changes that.
func newClient(t *testing.T, address string, change ...func(*rest.Config)) *Client {
	t.Helper()
	base, err := url.Parse(address + "/api")
	if err != nil {
		t.Fatal(err)
	}
	config := rest.Config{
		BaseURL: base, APIKey: fakeapi.Key, Transport: rest.NewTransport(nil), Memory: new(rest.Budget),
		RequestTimeout: time.Minute, Log: slog.New(slog.DiscardHandler),
	}
	for _, change := range change {
		change(&config)
	}
	return New(config)
}

func withTransport(transport http.RoundTripper) func(*rest.Config) {
	return func(config *rest.Config) { config.Transport = transport }
}

func withRetries(count int) func(*rest.Config) {
	return func(config *rest.Config) { config.MaxRetries = count }
}

// respondOK returns a handler that responds with status 200 and the body.
func respondOK(content string) http.Handler { return fakeapi.Status(http.StatusOK, content) }

// noResponse is a handler that waits until the client cancels the request.
var noResponse = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })

// kindOf returns the kind of the *rest.Error in an error's chain, or -1 if there is none.
func kindOf(err error) rest.Kind {
	if failed := new(rest.Error); errors.As(err, &failed) {
		return failed.Kind
	}
	return -1
}

// handlerTransport calls a handler without a connection, so that testing/synctest can advance
// its clock.
type handlerTransport struct{ handler http.Handler }

func (s handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	response := httptest.NewRecorder()
	s.handler.ServeHTTP(response, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return response.Result(), nil
}
