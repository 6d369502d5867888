package tofupilot

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const onePage = `{"data": [{"id": "a"}], "meta": {"has_more": false, "next_cursor": null}}`

// raw answers with these bytes and closes the connection.
func raw(t *testing.T, answer string) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // net/http/httptest serves with net/http.
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(connection, answer) // the client may have gone
		_ = connection.Close()
	})
}

func TestBrokenConnectionsAndCutOffAnswersAreTriedAgain(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, fault := range map[string]http.Handler{
		"hang up":              fakeapi.HangUp(),
		"nothing":              raw(t, ""),
		"half a header":        raw(t, head),
		"no HTTP":              raw(t, "220 smtp.example.com ESMTP\r\n"),
		"body shorter than it": raw(t, fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(onePage)+1, onePage)),
		"chunk cut off":        raw(t, head+"Transfer-Encoding: chunked\r\n\r\n8\r\n{\"data"),
		"no last chunk":        raw(t, fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", head, len(onePage), onePage)),
		"gzip cut off":         raw(t, head+"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"),
		"empty body":           body("", "Content-Type", "application/json"),
		"JSON cut off":         body(onePage[:len(onePage)-1]),
		"JSON cut off early":   body(onePage[:12]),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(fakeapi.Generate(1, fakeapi.WithRepository)...)
			client := clientAt(t, listen(t, api).String())
			client.maxRetries = 1
			api.Fail(fault, 1)
			procedures, err := client.Procedures(t.Context(), Filter{})
			if err != nil || len(procedures) != 1 || len(api.Requests()) != 2 {
				t.Errorf("once: %d procedures after %d requests, %v", len(procedures), len(api.Requests()), err)
			}

			api.Fail(fault)
			api.Forget()
			if failed := failure(t, client); failed.Attempts != 2 || failed.Err == nil {
				t.Errorf("for ever: %v", failed)
			}
		})
	}
}

func TestAnswersThatWillNotGetBetterAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"a login page":       "<!DOCTYPE html><html><body>Log in</body></html>",
		"other JSON":         `{"status": "ok"}`,
		"JSON with an end":   onePage + `{"data": []}`,
		"a bracket too many": onePage + `}`,
		"a wrong type":       `{"data": [{"id": 7}], "meta": {"has_more": false}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New()
			api.Fail(body(answer, "Content-Type", "application/json"))
			failed := failure(t, clientAt(t, listen(t, api).String()))
			if failed.Kind != NotTheAPI && failed.Kind != Unsupported || failed.Attempts != 1 || len(api.Requests()) != 1 {
				t.Errorf("%d requests: %v", len(api.Requests()), failed)
			}
			if strings.Contains(failed.Error(), "ends too early") {
				t.Errorf("it is said to be cut off, which it isn't: %v", failed)
			}
		})
	}
}

func TestRefusedConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(fakeapi.New())
	gone.Close()
	failed := failure(t, clientAt(t, gone.URL))
	if dial := new(net.OpError); !errors.As(failed, &dial) || dial.Op != "dial" || failed.Kind != Unreachable || failed.Attempts != 3 || failed.Status != 0 {
		t.Error(failed)
	}
}

// roundTrip is a transport that is one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What Windows says ends in a period. Callers go on after it, with a period or
// with a bracket.
func TestWhatTheSystemSaysEndsWithoutAPeriod(t *testing.T) {
	t.Parallel()
	client := clientAt(t, "https://tofupilot.example.com")
	client.http.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
		windows := errors.New("connectex: No connection could be made because the target machine actively refused it.")
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: windows}
	})
	failed := failure(t, client)
	if said := failed.Error(); !strings.HasSuffix(said, "actively refused it (after 3 attempts)") {
		t.Errorf("it ends otherwise: %s", said)
	}
}

// What speaks no TLS, or has a certificate that isn't trusted, stays so.
func TestTLSThatCannotBeTrustedIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	api := fakeapi.New()
	plain := listen(t, api)
	failed := failure(t, clientAt(t, "https://"+plain.Host))
	if failed.Kind != TLSFailed || failed.Attempts != 1 {
		t.Errorf("plain HTTP at https: %v", failed)
	}
	secure := listenTLS(t, api)
	failed = failure(t, clientAt(t, secure.String()))
	if failed.Kind != TLSFailed || failed.Attempts != 1 {
		t.Errorf("certificate of an unknown authority: %v", failed)
	}
	if n := len(api.Requests()); n > 0 {
		t.Errorf("%d requests went through", n)
	}
}

func TestSlowAnswerIsTriedAgain(t *testing.T) {
	t.Parallel()
	onTestbed(t, func(b *testbed) {
		b.client.requestTimeout = 30 * time.Second
		b.api.Before(func(r fakeapi.Request) {
			if r.Number == 1 {
				time.Sleep(time.Minute)
			}
		})
		b.readAll(1, 1)
		if n := len(b.api.Requests()); n != 2 {
			b.Errorf("%d requests", n)
		}
	}, fakeapi.Generate(1, fakeapi.WithRepository)...)
}
