package tofupilot

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// TestLookupWithoutCertificate checks that a lookup fails after one TLS handshake, without reading the
// list, if the server requires a client certificate and none is configured.
func TestLookupWithoutCertificate(t *testing.T) {
	t.Parallel()
	var handshakes atomic.Int64
	countHandshakes := func(*tls.ClientHelloInfo) (*tls.Config, error) {
		handshakes.Add(1)
		return nil, nil //nolint:nilnil // crypto/tls keeps the server's configuration then.
	}
	server := httptest.NewUnstartedServer(fakeapi.New(namedProcedures("Battery")...))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12, GetConfigForClient: countHandshakes}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // drops errors of handshakes
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	client := newClient(t, server.URL, withTransport(rest.NewTransport(trusted)))
	if _, err := lookUpOne(t.Context(), client, ByName, "Battery"); kindOf(err) != rest.CertificateRefused {
		t.Errorf("got %v, want an error about the client certificate", err)
	}
	if got := handshakes.Load(); got != 1 {
		t.Errorf("got %d handshakes, want 1", got)
	}
}
