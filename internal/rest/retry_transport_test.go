package rest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const onePage = `{"data": [{"id": "a"}], "meta": {"has_more": false, "next_cursor": null}}`

// respondRaw returns a handler that writes these bytes and closes the connection.
func respondRaw(t *testing.T, response string) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // net/http/httptest serves with net/http.
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(connection, response) // it may fail, if the client has closed the connection
		_ = connection.Close()
	})
}

func TestRetryBrokenResponses(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, fault := range map[string]http.Handler{
		"closed connection":                fakeapi.HangUp(),
		"no HTTP":                          respondRaw(t, "220 smtp.example.com ESMTP\r\n"),
		"body shorter than Content-Length": respondRaw(t, fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(onePage)+1, onePage)),
		"no last chunk":                    respondRaw(t, fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", head, len(onePage), onePage)),
		"gzip cut off":                     respondRaw(t, head+"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"),
		"JSON cut off":                     respondOK(onePage[:len(onePage)-1]),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...)
			client := newClient(t, newServer(t, api).String())
			client.maxRetries = 1
			api.Fail(fault, 1)
			rows, err := getRows(t.Context(), client)
			if err != nil || rows != 1 || len(api.Requests()) != 2 {
				t.Errorf("first attempt only: %d rows after %d requests, %v", rows, len(api.Requests()), err)
			}

			api.Fail(fault)
			api.Forget()
			if failed := wantError(t, client); failed.Attempts != 2 || failed.Err == nil || strings.Contains(failed.Err.Error(), "unexpected EOF") {
				t.Errorf("every attempt: %v", failed)
			}
		})
	}
}

func TestRetrySlowResponse(t *testing.T) {
	t.Parallel()
	runOnTestbed(t, func(b *testbed) {
		b.client.requestTimeout = 30 * time.Second
		b.api.Before(func(r fakeapi.Request) {
			if r.Number == 1 {
				time.Sleep(time.Minute)
			}
		})
		rows, err := getRows(b.Context(), b.client)
		if err != nil || rows != 1 || len(b.api.Requests()) != 2 {
			b.Errorf("%d rows after %d requests, %v", rows, len(b.api.Requests()), err)
		}
	}, fakeapi.Generate(1, fakeapi.WithRepository)...)
}

// A lookup of a host that doesn't exist isn't retried. Other failures to connect are.
func TestConnectionKind(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for name, c := range map[string]struct {
		err      error
		kind     Kind
		attempts int
	}{
		"no such host":                  {dial(&net.DNSError{Err: "no such host", Name: "refused.example.com", IsNotFound: true}), HostNotFound, 1},
		"a name like an error of TLS":   {dial(&net.DNSError{Err: "no such host", Name: "mtls: x", IsNotFound: true}), HostNotFound, 1},
		"a SOCKS proxy that refuses":    {&net.OpError{Op: "socks connect", Net: "tcp", Err: errors.New("username/password authentication failed")}, ProxyFailed, 3},
		"a resolver that isn't running": {dial(&net.DNSError{Err: "read udp: connection refused", Name: "example.com"}), NameNotResolved, 3},
		"refused":                       {dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), ConnectionRefused, 3},
		"refused, on Windows":           {dial(os.NewSyscallError("connectex", syscall.Errno(10061))), ConnectionRefused, 3},
		"no route":                      {dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), Unreachable, 3},
	} {
		client := newClient(t, "https://refused.example.com")
		client.http.Transport = roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, c.err })
		if failed := wantError(t, client); failed.Kind != c.kind || failed.Attempts != c.attempts {
			t.Errorf("%s: kind %d after %d attempts, want %d and %d", name, failed.Kind, failed.Attempts, c.kind, c.attempts)
		}
	}
}

// A server without TLS, or with a certificate that isn't trusted, isn't retried.
func TestUntrustedTLS(t *testing.T) {
	t.Parallel()
	api := fakeapi.New()
	plain := newServer(t, api)
	failed := wantError(t, newClient(t, "https://"+plain.Host))
	if failed.Kind != NotTLS || failed.Attempts != 1 {
		t.Errorf("an https URL for a server of plain HTTP: %v", failed)
	}
	secure := newTLSServer(t, api)
	failed = wantError(t, newClient(t, secure.String()))
	if failed.Kind != TLSFailed || failed.Attempts != 1 {
		t.Errorf("certificate of an unknown authority: %v", failed)
	}
	if n := len(api.Requests()); n > 0 {
		t.Errorf("the server received %d requests", n)
	}
}
