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

// TestLookupCertificateRejected checks that a lookup fails after one handshake, and doesn't read the
// list, if the server rejects the client's certificate or requires one.
func TestLookupCertificateRejected(t *testing.T) {
	t.Parallel()
	var handshakes atomic.Int64
	server := httptest.NewUnstartedServer(fakeapi.New(namedProcedures("Battery")...))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		handshakes.Add(1)
		return nil, nil //nolint:nilnil // the same configuration
	}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // drops errors of handshakes
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	client := newClient(t, server.URL, withTransport(rest.NewTransport(trusted)))
	if _, err := lookUpOne(t.Context(), client, ByName, "Battery"); kindOf(err) != rest.CertificateRefused || handshakes.Load() != 1 {
		t.Errorf("%d handshakes, %v", handshakes.Load(), err)
	}
}
