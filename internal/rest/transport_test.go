package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestRootCAs checks that NewTransport uses the given pool. A nil pool stays nil, so that net/http
// uses the system's.
func TestRootCAs(t *testing.T) {
	t.Parallel()
	for _, pool := range []*x509.CertPool{nil, x509.NewCertPool()} {
		if got := NewTransport(pool).TLSClientConfig.RootCAs; got != pool {
			t.Errorf("got %v, want %v", got, pool)
		}
	}
}

// newClientWithBlockingBody returns a client that always receives this status and a body that never comes.
// A Read of the body ends on Close, but not when the request's context ends, as for a 101 in net/http.
func newClientWithBlockingBody(t *testing.T, status int) *Client {
	t.Helper()
	client := newClient(t, "https://tofupilot.invalid")
	client.http.Transport = roundTripFunc(func(*http.Request) (*http.Response, error) {
		body, _ := io.Pipe()
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: body}, nil
	})
	return client
}

// TestBodyNeverComes checks that a request ends at its deadline if the body of the response never comes.
func TestBodyNeverComes(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 401, 403, 404, 500} {
		synctest.Test(t, func(t *testing.T) {
			client := newClientWithBlockingBody(t, status)
			client.requestTimeout = time.Hour
			cause := errors.New("time is up")
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
			defer cancel()
			start := time.Now()
			_, err := getRows(ctx, client)
			if took := time.Since(start); !errors.Is(err, cause) || took != time.Minute {
				t.Errorf("%d: %v after %s, want %v after 1m", status, err, took, cause)
			}
		})
	}
}

// TestBodyTimeout checks that an attempt ends after requestTimeout if the body of the response never
// comes. After a 200, the error is a timeout; after another status, it is the error for that status.
func TestBodyTimeout(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]Kind{200: TimedOut, 401: GatewayResponded, 403: GatewayResponded, 404: NotTheAPI, 500: ServerFailed} {
		synctest.Test(t, func(t *testing.T) {
			client := newClientWithBlockingBody(t, status)
			client.requestTimeout, client.gate.maxRetries = time.Second, 0
			start := time.Now()
			failed := getError(t, client)
			if took := time.Since(start); failed.Kind != kind || took != time.Second {
				t.Errorf("%d: got kind %d after %s, want %d after 1s: %v", status, failed.Kind, took, kind, failed)
			}
		})
	}
}

// TestForgottenConnection checks that an attempt fails within seconds, and its retry uses a new
// connection, if a firewall drops the packets of the HTTP/2 connection.
func TestForgottenConnection(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	api := fakeapi.New(fakeapi.Generate(7, fakeapi.WithRepository)...)
	server := newCertificateServer(t, api, func(server *httptest.Server) { server.EnableHTTP2 = true })
	client := server.newClient(t, nil)
	client.requestTimeout = 30 * time.Second
	transport := client.http.Transport.(*http.Transport) //nolint:forcetypeassert // It is from NewTransport.
	t.Cleanup(transport.CloseIdleConnections)
	var latest *forgettableConn
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		latest = &forgettableConn{Conn: conn}
		return latest, err
	}
	if rows, err := getRows(t.Context(), client); err != nil || rows != 7 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	latest.forgotten.Store(true)
	start := time.Now()
	if rows, err := getRows(t.Context(), client); err != nil || rows != 7 {
		t.Errorf("after the connection was forgotten: %d rows, %v", rows, err)
	}
	if took := time.Since(start); took < 5*time.Second || took > 20*time.Second {
		t.Errorf("it took %s, want about 10s: 5s until the client sends a ping, and 5s until it closes the connection", took)
	}
}

// forgettableConn is a connection that drops what is written to it while forgotten is true.
type forgettableConn struct {
	net.Conn
	forgotten atomic.Bool
}

func (c *forgettableConn) Write(data []byte) (int, error) {
	if c.forgotten.Load() {
		return len(data), nil
	}
	return c.Conn.Write(data)
}

// TestRedirectWithinServer checks that a redirect to the same server is followed, with the API key and
// all headers.
func TestRedirectWithinServer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		api := fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...)
		api.Fail(fakeapi.Status(status, "", "Location", "/api/v2/procedures?limit=100&moved=yes"), 1)
		client := newClient(t, newServer(t, api).String(), func(config *Config) { config.Headers = map[string]string{"x-org": "acme"} })
		if rows, err := getRows(t.Context(), client); err != nil || rows != 1 {
			t.Errorf("%d: %d rows, %v", status, rows, err)
		}
		requests := api.Requests()
		if len(requests) != 2 || requests[1].RawQuery != "limit=100&moved=yes" {
			t.Fatalf("%d: got the requests %v", status, requests)
		}
		for name, want := range map[string]string{"Authorization": "Bearer " + fakeapi.Key, "X-Org": "acme", "X-Client-Type": "terraform"} {
			if got := requests[1].Header.Get(name); got != want {
				t.Errorf("%d: %s: got %q, want %q", status, name, got, want)
			}
		}
	}
}

// TestRedirectToOtherServer checks that a redirect to another server isn't followed, so that the
// other server receives neither the API key nor any header.
func TestRedirectToOtherServer(t *testing.T) {
	t.Parallel()
	other := fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...)
	otherURL := newServer(t, other)
	for _, status := range []int{301, 302, 303, 307, 308} {
		api := fakeapi.New()
		api.Fail(fakeapi.Status(status, "", "Location", otherURL.String()+"/api/v2/procedures"))
		failed := getError(t, newClient(t, newServer(t, api).String()))
		if failed.Kind != Redirected || failed.Redirect.Host != otherURL.Host {
			t.Errorf("%d: got kind %d: %v", status, failed.Kind, failed)
		}
		if n := len(api.Requests()); n != 1 || failed.Attempts != 1 {
			t.Errorf("%d: got %d requests and %d attempts, want 1", status, n, failed.Attempts)
		}
	}
	if n := len(other.Requests()); n > 0 {
		t.Errorf("the other server received %d requests", n)
	}
}

// TestRedirectWithoutQuery checks that a redirect isn't followed if it changes or drops a part of the
// request's query, because it leads to another list.
func TestRedirectWithoutQuery(t *testing.T) {
	t.Parallel()
	query := url.Values{"limit": {"100"}, "search_query": {"A"}}
	for location, follow := range map[string]bool{
		"/api/v2/procedures/":                              false,
		"/api/v2/procedures/?limit=100":                    false,
		"/api/v2/procedures/?limit=100&search_query=B":     false,
		"/api/v2/procedures/?limit=100&search_query=A":     true,
		"/api/v2/procedures/?a=1&search_query=A&limit=100": true,
	} {
		server := http.NewServeMux()
		server.Handle("/api/v2/procedures", fakeapi.Status(http.StatusMovedPermanently, "", "Location", location))
		server.Handle("/api/v2/procedures/", respondOK(""))
		err := newClient(t, newServer(t, server).String()).Get(t.Context(), "v2/procedures", query, func([]byte) error { return nil })
		if follow {
			if err != nil {
				t.Errorf("%s: %v", location, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), "redirects without the query of the request") {
			t.Errorf("%s: got %v", location, err)
		}
	}
}

// TestGetOnceOverResetStreams checks that GetOnce ends soon if a server resets every HTTP/2 stream, as
// nginx does for "return 444". net/http itself sends the request again after a reset.
func TestGetOnceOverResetStreams(t *testing.T) {
	t.Parallel()
	var streams atomic.Int64
	server := newCertificateServer(t, http.NotFoundHandler(), func(unstarted *httptest.Server) {
		unstarted.TLS.NextProtos = []string{"h2"}
		unstarted.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
			"h2": func(_ *http.Server, connection *tls.Conn, _ http.Handler) { resetStreams(connection, &streams) },
		}
	})
	client := server.newClient(t, nil)
	client.requestTimeout = time.Second
	start := time.Now()
	err := client.GetOnce(t.Context(), "v2/procedures", url.Values{"search_query": {"a"}}, nil)
	if took := time.Since(start); !errors.As(err, new(*Error)) || took > 3*time.Second { // requestTimeout, and time for a slow machine
		t.Errorf("%v after %s, want at most 3s", err, took)
	}
	if streams.Load() == 0 {
		t.Error("the server received no stream")
	}
}

// resetStreams refuses every stream of an HTTP/2 connection, and counts them in streams.
func resetStreams(connection net.Conn, streams *atomic.Int64) {
	if _, err := io.ReadFull(connection, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(connection, connection)
	_ = framer.WriteSettings()
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = framer.WriteSettingsAck()
			}
		case *http2.HeadersFrame:
			streams.Add(1)
			_ = framer.WriteRSTStream(frame.StreamID, http2.ErrCodeRefusedStream)
		case *http2.PingFrame:
			_ = framer.WritePing(true, frame.Data)
		}
	}
}
