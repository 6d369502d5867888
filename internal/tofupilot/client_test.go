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

// listen serves a handler on loopback.
func listen(t *testing.T, handler http.Handler) *url.URL {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// clientAt makes a client of the server at the address, with the transport if one is given.
func clientAt(t *testing.T, address string, change ...func(*rest.Config)) *Client {
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

func overTransport(transport http.RoundTripper) func(*rest.Config) {
	return func(config *rest.Config) { config.Transport = transport }
}

func withRetries(most int) func(*rest.Config) {
	return func(config *rest.Config) { config.MaxRetries = most }
}

// body answers everything with status 200 and a body.
func body(content string) http.Handler { return fakeapi.Status(http.StatusOK, content) }

// silence never answers.
var silence = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })

// kindOf is the kind of an error that has a *rest.Error in its chain; -1 of another.
func kindOf(err error) rest.Kind {
	if failed := new(rest.Error); errors.As(err, &failed) {
		return failed.Kind
	}
	return -1
}

// withoutSockets hands requests to a handler directly, so that a whole read fits
// under testing/synctest, where its pauses take no time.
type withoutSockets struct{ handler http.Handler }

func (s withoutSockets) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	answer := httptest.NewRecorder()
	s.handler.ServeHTTP(answer, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return answer.Result(), nil
}
