package tofupilot

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// endless is an answer whose body says nothing and knows no context, as net/http's
// after 101 Switching Protocols: only Close ends a read.
type endless struct{ closed chan struct{} }

func (e endless) Read([]byte) (int, error) {
	<-e.closed
	return 0, errors.New("closed")
}

func (e endless) Close() error {
	select {
	case <-e.closed:
	default:
		close(e.closed)
	}
	return nil
}

// saysNoMore answers with a status and a body that never comes.
type saysNoMore int

func (status saysNoMore) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(status), Header: http.Header{}, Body: endless{make(chan struct{})}}, nil
}

func TestAnyWaitForBytesEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, status := range []saysNoMore{200, 401, 403, 404, 503} {
		synctest.Test(t, func(t *testing.T) {
			client := clientAt(t, "https://tofupilot.invalid")
			client.http.Transport, client.requestTimeout = status, time.Hour
			stopped := errors.New("stopped")
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, stopped)
			defer cancel()
			begun := time.Now()
			if _, err := client.Procedures(ctx, Filter{}); !errors.Is(err, stopped) || time.Since(begun) != time.Minute {
				t.Errorf("%d: %v after %s", status, err, time.Since(begun))
			}

			client.requestTimeout, client.maxRetries = time.Second, 0
			begun = time.Now()
			failed := failure(t, client)
			if took := time.Since(begun); took != time.Second {
				t.Errorf("%d: an attempt took %s", status, took)
			}
			if status == http.StatusOK && failed.Kind() != TimedOut || status != http.StatusOK && failed.Status != int(status) {
				t.Errorf("%d: %v", status, failed)
			}
		})
	}
}

// Over HTTP/2, too, and even though net/http reads on after all of them.
func TestAnswersBeforeTheAnswerAreOnesThatHTTPKnows(t *testing.T) {
	t.Parallel()
	for _, status := range []int{102, 103, 150, 199} {
		api := fakeapi.New(fakeapi.Generate(1, fakeapi.Gen2026)...)
		address, pool := listenHTTP2(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			api.ServeHTTP(w, r)
		}))
		client := clientAt(t, address)
		client.http.Transport = newTransport(pool)
		procedures, err := client.Procedures(t.Context(), Filter{})
		failed := new(Error)
		switch errors.As(err, &failed); {
		case status < 104 && (err != nil || len(procedures) != 1):
			t.Errorf("%d: %d procedures, %v", status, len(procedures), err)
		case status >= 104 && (failed.Status != status || failed.Kind() != Unexpected || failed.Attempts != 1):
			t.Errorf("%d: %v", status, err)
		}
	}
}

func listenHTTP2(t *testing.T, handler http.Handler) (address string, authority *x509.CertPool) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	authority = x509.NewCertPool()
	authority.AddCert(server.Certificate())
	return server.URL, authority
}
