package explain

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// The certificate that is missing may be one that was skipped.
func TestSkippedCertificates(t *testing.T) {
	t.Parallel()
	for words, skipped := range map[string][]error{
		"": nil,
		"The provider skipped 1 certificate that it can't read (the first is certificate 1: x509: bad) in the provider's ca_cert_pem. ":  {errors.New("certificate 1: x509: bad")},
		"The provider skipped 2 certificates that it can't read (the first is certificate 3: x509: odd) in the provider's ca_cert_pem. ": {errors.New("certificate 3: x509: odd"), errors.New("certificate 5: x509: bad")},
	} {
		e := Explainer{config.Settings{BaseURL: &url.URL{}, CAs: config.CABundle{Certificates: []*x509.Certificate{{}}, Skipped: skipped, From: "the provider's ca_cert_pem"}}, strings.Clone}
		err := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
		said := e.List(t.Context(), &rest.Error{Kind: rest.TLSFailed, Err: err}, 0).Detail
		if !strings.Contains(said, words) || strings.Contains(said, "skipped") != (skipped != nil) {
			t.Errorf("it doesn't say %q: %s", words, said)
		}
	}
}
