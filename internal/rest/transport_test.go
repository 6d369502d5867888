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

// endlessBody is a body whose Read blocks until Close, like that of net/http after 101 Switching
// Protocols. A context doesn't end it.
type endlessBody struct{ closed chan struct{} }

func (e endlessBody) Read([]byte) (int, error) {
	<-e.closed
	return 0, errors.New("closed")
}

func (e endlessBody) Close() error {
	select {
	case <-e.closed:
	default:
		close(e.closed)
	}
	return nil
}

// stalledTransport responds with a status and an endlessBody.
type stalledTransport int

func (status stalledTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(status), Header: http.Header{}, Body: endlessBody{make(chan struct{})}}, nil
}

// NewTransport uses the given pool. A nil pool stays nil, so that net/http uses the system's.
func TestRootCAs(t *testing.T) {
	t.Parallel()
	for _, pool := range []*x509.CertPool{nil, x509.NewCertPool()} {
		if got := NewTransport(pool).TLSClientConfig.RootCAs; got != pool {
			t.Errorf("got %v, want %v", got, pool)
		}
	}
}

func TestBodyNeverComes(t *testing.T) {
	t.Parallel()
	for _, status := range []stalledTransport{200, 401, 403, 404, 500} {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, "https://tofupilot.invalid")
			client.http.Transport, client.requestTimeout = status, time.Hour
			stopped := errors.New("stopped")
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, stopped)
			defer cancel()
			start := time.Now()
			if _, err := getRows(ctx, client); !errors.Is(err, stopped) || time.Since(start) != time.Minute {
				t.Errorf("%d: %v after %s", status, err, time.Since(start))
			}

			client.requestTimeout, client.maxRetries = time.Second, 0
			start = time.Now()
			failed := wantError(t, client)
			if took := time.Since(start); took != time.Second {
				t.Errorf("%d: an attempt took %s", status, took)
			}
			if status == http.StatusOK && failed.Kind != TimedOut || status != http.StatusOK && failed.Status != int(status) {
				t.Errorf("%d: %v", status, failed)
			}
		})
	}
}
