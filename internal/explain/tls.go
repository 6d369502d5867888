package explain

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
)

// adviseTLS says what can be wrong with the server's certificate, or with TLS as a whole.
func (e Explainer) adviseTLS(err error) (summary, next prose) {
	verification, isUntrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case isUntrusted:
		summary, next = e.adviseCertificate(verification)
	case strings.Contains(err.Error(), "failed to parse certificate"):
		summary, next = untrusted, replaceCertificate
	default:
		return "The TLS handshake failed", "Check the scheme and the port in it. The provider needs TLS 1.2 or later."
	}
	return summary, next + " Verification can't be switched off."
}

const (
	untrusted          = "The server's certificate isn't trusted"
	replaceCertificate = "Have the server's administrator replace the certificate."
)

// adviseCertificate says why a certificate isn't trusted, and what to do about it.
func (e Explainer) adviseCertificate(failed *tls.CertificateVerificationError) (summary, next prose) {
	var (
		invalid   x509.CertificateInvalidError
		otherHost x509.HostnameError
	)
	unreadable := errors.As(failed.Err, new(x509.SystemRootsError))
	unknown := errors.As(failed.Err, new(x509.UnknownAuthorityError))
	store := prose("")
	if unreadable || unknown && !config.HasSystemCAs() {
		store = e.own(e.Settings.AdviseSystemCAs())
	}
	configured := len(e.Settings.CAs.Certificates) > 0
	switch {
	case store != "" && !configured:
		return "This machine has no CA certificates", store + " Or, for a CA of your own, " + e.trust("its certificate")
	case unknown:
		return untrusted, join(" ", e.adviseIssuer(failed.UnverifiedCertificates), store, e.skipped(), e.own(e.Settings.OtherCA()))
	case errors.As(failed.Err, &invalid) && invalid.Reason == x509.Expired:
		return untrusted, e.adviseExpired(invalid.Cert, failed.UnverifiedCertificates[0])
	case errors.As(failed.Err, &otherHost):
		return untrusted, e.say("The certificate is for %s. Correct the address, or have the server's administrator add %s to the certificate.",
			namesOf(otherHost.Certificate), e.own(otherHost.Host))
	case configured:
		return untrusted, e.say("%s The reason may also be a CA in %s.", prose(replaceCertificate), e.own(e.Settings.CAs.From))
	default:
		return untrusted, replaceCertificate
	}
}

// adviseIssuer says what to do if the issuer of the certificates that a server sent isn't
// trusted. The first of them is the server's own.
func (e Explainer) adviseIssuer(sent []*x509.Certificate) prose {
	// why says why namesake, which has the issuer's name, didn't sign last.
	last, namesake, why := followIssuers(sent, e.Settings.CAs.Certificates)
	certificate := prose("the server's certificate")
	if last != sent[0] {
		certificate = e.quote(last.Subject.String())
	}
	issuer, from := e.quote(last.Issuer.String()), e.own(e.Settings.CAs.From)
	selfSigned := last == sent[0] && bytes.Equal(last.RawSubject, last.RawIssuer)
	switch {
	case selfSigned && why != nil && e.isConfigured(namesake):
		return e.say("The server's certificate is self-signed, and isn't the one of the same name in %s. If you trust it, add it there.", from)
	case selfSigned:
		return "The server's certificate is self-signed. If you trust it, " + e.trust("it")
	case why != nil && e.isConfigured(namesake):
		return e.say("The CA %s in %s has the name of the issuer of %s, but %s", issuer, from, certificate, e.adviseSignature(why))
	case why != nil:
		return e.say("The server sent a CA %s that has the name of the issuer of %s, but doesn't verify its signature: %s. "+
			"Have the server's administrator correct the certificates.", issuer, certificate, why)
	case last == sent[0]:
		return e.say("The server sent only its own certificate, which was issued by %s. Have the server's administrator add the intermediate certificates "+
			"that the server should send. Or, if you trust this CA, %s", issuer, e.trust("its certificate"))
	default:
		return e.say("The certificates that the server sent were issued by %s. If you trust this CA, %s", issuer, e.trust("its certificate"))
	}
}

// adviseSignature ends a sentence about a CA that doesn't verify a signature.
func (e Explainer) adviseSignature(why error) prose {
	switch {
	case errors.As(why, new(x509.ConstraintViolationError)):
		return "isn't allowed to sign certificates. Use a certificate of this CA whose basic constraints and key usage allow that."
	case errors.As(why, new(x509.InsecureAlgorithmError)), errors.Is(why, x509.ErrUnsupportedAlgorithm):
		return e.say("can't verify its signature: %s. %s", why, prose(replaceCertificate))
	default:
		return e.say("another key: %s. If the CA was renewed, use its current certificate.", why)
	}
}

// followIssuers goes from the server's own certificate, which is the first, to its issuers, and
// returns the last certificate whose issuer it doesn't find. If a certificate has the issuer's
// name but didn't sign it, that is the namesake, and why is the reason.
func followIssuers(sent, configured []*x509.Certificate) (last, namesake *x509.Certificate, why error) {
	sent = sent[:min(len(sent), 10)] // the server chooses how many, and checking signatures takes time
	last = sent[0]
	for range sent { // not longer: certificates can be each other's issuers
		issuer, namesake, why := findIssuer(last, slices.Concat(configured, sent))
		if issuer == nil {
			return last, namesake, why
		}
		last = issuer
	}
	return last, nil, nil
}

// findIssuer returns the certificate that signed another one. If there is none, namesake is the
// first certificate with the issuer's name, and why is the reason that it isn't the issuer.
func findIssuer(signed *x509.Certificate, candidates []*x509.Certificate) (issuer, namesake *x509.Certificate, why error) {
	for _, candidate := range candidates {
		if candidate.Equal(signed) || !bytes.Equal(candidate.RawSubject, signed.RawIssuer) {
			continue
		}
		err := signed.CheckSignatureFrom(candidate)
		if err == nil {
			return candidate, nil, nil
		}
		if why == nil {
			namesake, why = candidate, err
		}
	}
	return nil, namesake, why
}

// adviseExpired says which certificate of a chain isn't valid now.
func (e Explainer) adviseExpired(expired, own *x509.Certificate) prose {
	validity := e.say("valid from %s to %s", expired.NotBefore.UTC().Format(minute), expired.NotAfter.UTC().Format(minute))
	switch name := e.quote(expired.Subject.String()); {
	case expired.Equal(own):
		return "The certificate is " + validity + ". Have the server's administrator renew it, or correct this machine's clock."
	case e.isConfigured(expired):
		return e.say("The CA %s in %s is %s. Use its current certificate, or correct this machine's clock.", name, e.own(e.Settings.CAs.From), validity)
	default:
		return e.say("The CA certificate %s in the chain is %s. Have the server's administrator renew it, or correct this machine's clock.", name, validity)
	}
}

func (e Explainer) isConfigured(certificate *x509.Certificate) bool {
	return slices.ContainsFunc(e.Settings.CAs.Certificates, certificate.Equal)
}

// trust ends a sentence with how to have the provider trust a certificate.
func (e Explainer) trust(certificate prose) prose {
	if len(e.Settings.CAs.Certificates) > 0 {
		return e.say("add %s to %s.", certificate, e.own(e.Settings.CAs.From))
	}
	return "set ca_cert_pem to " + certificate + ", or " + config.EnvCACert + " to its file."
}

// skipped says how many configured certificates can't be read, and why the first can't. The
// one that is missing may be among them.
func (e Explainer) skipped() prose {
	skipped := e.Settings.CAs.Skipped
	if len(skipped) == 0 {
		return ""
	}
	return e.say("The provider skipped %s that it can't read (%s).", counted(len(skipped), "configured certificate"), e.own(skipped[0]))
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
