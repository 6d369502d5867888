package rest

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
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

// What is added to the system's roots comes with them, in one pool. Without any, the
// system's are net/http's own.
func TestRootCAs(t *testing.T) {
	t.Parallel()
	for _, pool := range []*x509.CertPool{nil, x509.NewCertPool()} {
		if got := NewTransport(pool).TLSClientConfig.RootCAs; got != pool {
			t.Errorf("of %v, the transport trusts %v", pool, got)
		}
	}
}

func TestBodyNeverComes(t *testing.T) {
	t.Parallel()
	for _, status := range []saysNoMore{200, 401, 403, 404, 500} {
		synctest.Test(t, func(t *testing.T) {
			client := clientAt(t, "https://tofupilot.invalid")
			client.http.Transport, client.requestTimeout = status, time.Hour
			stopped := errors.New("stopped")
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, stopped)
			defer cancel()
			begun := time.Now()
			if _, err := getRows(ctx, client); !errors.Is(err, stopped) || time.Since(begun) != time.Minute {
				t.Errorf("%d: %v after %s", status, err, time.Since(begun))
			}

			client.requestTimeout, client.maxRetries = time.Second, 0
			begun = time.Now()
			failed := failure(t, client)
			if took := time.Since(begun); took != time.Second {
				t.Errorf("%d: an attempt took %s", status, took)
			}
			if status == http.StatusOK && failed.Kind != TimedOut || status != http.StatusOK && failed.Status != int(status) {
				t.Errorf("%d: %v", status, failed)
			}
		})
	}
}
