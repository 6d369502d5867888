package explain

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
)

// adviseTLS tells certificates from the rest, and what can be wrong with one.
func (e Explainer) adviseTLS(err error) (summary, next prose) {
	var (
		invalid   x509.CertificateInvalidError
		otherHost x509.HostnameError
		unknown   x509.UnknownAuthorityError
	)
	const minute = "2006-01-02 15:04 MST"
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		next = e.say("The certificate is valid from %s to %s. Have the server's administrator renew it, or correct this machine's clock.",
			invalid.Cert.NotBefore.UTC().Format(minute), invalid.Cert.NotAfter.UTC().Format(minute))
	case errors.As(err, &otherHost):
		next = e.say("The certificate is for %s. Correct the address, or have the server's administrator add %s to the certificate.",
			namesOf(otherHost.Certificate), otherHost.Host)
	case errors.As(err, new(x509.SystemRootsError)), errors.As(err, &unknown) && len(e.Settings.CAs.Certificates) == 0 && !config.HasSystemCAs():
		return "This machine has no CA certificates", e.say("%s", e.Settings.SystemCAs()) + " If the server's certificate comes from an authority of your own, " +
			"you can set ca_cert_pem to the authority's certificate instead, or " + config.EnvCACert + " to its file. Verification can't be switched off."
	case errors.As(err, &unknown):
		store := prose("")
		if !config.HasSystemCAs() {
			store = e.say("%s", e.Settings.SystemCAs())
		}
		next = joined(" ", "If the certificate comes from an authority of your own, set ca_cert_pem to the authority's certificate, or "+config.EnvCACert+" to its file.",
			store, e.skipped(), e.say("%s", e.Settings.OtherCA()))
	case errors.As(err, new(*tls.CertificateVerificationError)), strings.Contains(err.Error(), "failed to parse certificate"):
		next = "Have the server's administrator replace the certificate."
	default:
		return "The TLS handshake failed", "Check the scheme and the port in it. The provider needs TLS 1.2 or later, and doesn't support client certificates."
	}
	return "The server's certificate isn't trusted", next + " Verification can't be switched off."
}

// skipped says which configured certificates can't be read, since the one that is missing may
// be among them.
func (e Explainer) skipped() prose {
	skipped := e.Settings.CAs.Skipped
	if len(skipped) == 0 {
		return ""
	}
	return e.say("The provider skipped %s that it can't read (the first is %s) in %s.", counted(len(skipped), "certificate"), skipped[0], e.Settings.CAs.From)
}

// namesOf are the hosts that a certificate is for, the first of many.
func namesOf(certificate *x509.Certificate) string {
	names := slices.Clone(certificate.DNSNames)
	for _, address := range certificate.IPAddresses {
		names = append(names, address.String())
	}
	const most = 3
	switch more := len(names) - most; {
	case len(names) == 0:
		return "no host"
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
