package explain

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// TestCertificateAdvice checks the advice for a server's certificate that isn't trusted. The advice
// depends on the certificates that the server sent, and on the CAs that are configured.
func TestCertificateAdvice(t *testing.T) {
	t.Parallel()
	var (
		root               = issue(t, "Root CA", nil)
		otherRoot          = issue(t, "Other CA", nil)
		renewedRoot        = issue(t, "Root CA", nil) // has a new key
		rootNotCA          = issue(t, "Root CA", nil, withKeyOf(root), func(c *issued) { c.IsCA = false })
		rootNotSigning     = issue(t, "Root CA", nil, withKeyOf(root), func(c *issued) { c.KeyUsage = x509.KeyUsageCRLSign })
		rootNoIntermediate = issue(t, "Root CA", nil, withKeyOf(root), func(c *issued) { c.MaxPathLenZero = true })
		expiredRoot        = issue(t, "Root CA", nil, withKeyOf(root), expired)

		issuing        = issue(t, "Issuing CA", root)
		otherIssuing   = issue(t, "Issuing CA", root)
		expiredIssuing = issue(t, "Issuing CA", root, withKeyOf(issuing), expired)
		sha1Issuing    = issue(t, "Issuing CA", root, withKeyOf(issuing), signedWithSHA1)

		server          = issue(t, "server", issuing, forServer)
		expiredServer   = issue(t, "server", issuing, forServer, expired)
		sha1Server      = issue(t, "server", issuing, forServer, signedWithSHA1)
		rootServer      = issue(t, "server", root, forServer) // issued by the root itself
		sha1RootServer  = issue(t, "server", root, forServer, signedWithSHA1)
		otherHost       = issue(t, "server", root, forServer, func(c *issued) { c.DNSNames = []string{"a.test", "b.test"} })
		client          = issue(t, "server", root, forServer, func(c *issued) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
		selfSigned      = issue(t, "server", nil, forServer)
		otherSelfSigned = issue(t, "server", nil, forServer)
	)
	const (
		caFile      = "/ca.pem (TOFUPILOT_CA_CERT)"
		setCA       = "set ca_cert_pem to its certificate, or TOFUPILOT_CA_CERT to its file."
		addCA       = "add its certificate to " + caFile + "."
		sentOnlyOwn = `The server sent only its own certificate, which was issued by "CN=Issuing CA,O=Example". Have the server's administrator ` +
			"add the intermediate certificates that the server should send. Or, if you trust this CA, "
		issuedByRoot     = `The certificates that the server sent were issued by "CN=Root CA,O=Example". If you trust this CA, `
		theRoot          = `The CA "CN=Root CA,O=Example" in ` + caFile
		wrongRoot        = theRoot + " has the name of the issuer of the server's certificate, but "
		wrongIssuingRoot = theRoot + ` has the name of the issuer of "CN=Issuing CA,O=Example", but `
		wrongIssuing     = `The server sent a CA "CN=Issuing CA,O=Example" that has the name of the issuer of the server's certificate, but doesn't verify its signature: `
		cannotSign       = "isn't allowed to sign certificates. Use a certificate of this CA whose basic constraints and key usage allow that."
		otherKey         = "another key: x509: ECDSA verification failure. If the CA was renewed, use its current certificate."
		insecure         = "x509: cannot verify signature: insecure algorithm ECDSA-SHA1."
		askToReplace     = "Have the server's administrator replace the certificate."
		askToCorrect     = " Have the server's administrator correct the certificates."
		validIn2020      = " valid from 2020-01-01 00:00 UTC to 2021-01-01 00:00 UTC."
		askToRenew       = " Have the server's administrator renew it, or correct this machine's clock."
		selfSignedStart  = "The server's certificate is self-signed"
	)
	type chain []*issued
	for name, c := range map[string]struct {
		sent       chain // by the server, its own certificate first
		configured chain // the CAs in caFile
		advice     string
	}{
		"no intermediate, the right root":           {chain{server}, chain{root}, sentOnlyOwn + addCA},
		"no intermediate, and no CA":                {chain{server}, nil, sentOnlyOwn + setCA},
		"no intermediate, another root":             {chain{server}, chain{otherRoot}, sentOnlyOwn + addCA},
		"its own certificate twice, the right root": {chain{server, server}, chain{root}, sentOnlyOwn + addCA},
		"an unknown root":                           {chain{server, issuing}, nil, issuedByRoot + setCA},
		"another root":                              {chain{server, issuing}, chain{otherRoot}, issuedByRoot + addCA},
		"an unknown root that the server sent":      {chain{server, issuing, root}, nil, issuedByRoot + setCA},
		"another order":                             {chain{server, root, issuing}, chain{otherRoot}, issuedByRoot + addCA},
		"a certificate that isn't in the chain":     {chain{server, issuing, otherRoot}, nil, issuedByRoot + setCA},
		"a root that isn't a CA":                    {chain{rootServer}, chain{rootNotCA}, wrongRoot + cannotSign},
		"a root that isn't allowed to sign":         {chain{server, issuing}, chain{rootNotSigning}, wrongIssuingRoot + cannotSign},
		"a root with another key":                   {chain{rootServer}, chain{renewedRoot}, wrongRoot + otherKey},
		"another root, and one with another key":    {chain{server, issuing}, chain{otherRoot, renewedRoot}, wrongIssuingRoot + otherKey},
		"the right root, and one with another key":  {chain{server}, chain{renewedRoot, root}, sentOnlyOwn + addCA},
		"an insecure signature":                     {chain{sha1RootServer}, chain{root}, wrongRoot + "can't verify its signature: " + insecure + " " + askToReplace},
		"an insecure signature of the intermediate": {chain{server, sha1Issuing}, chain{root}, wrongIssuingRoot + "can't verify its signature: " + insecure + " " + askToReplace},
		"an insecure signature by the intermediate": {chain{sha1Server, issuing}, chain{root}, wrongIssuing + insecure + askToCorrect},
		"another intermediate":                      {chain{server, otherIssuing}, chain{root}, wrongIssuing + "x509: ECDSA verification failure." + askToCorrect},
		"self-signed":                               {chain{selfSigned}, nil, selfSignedStart + ". If you trust it, set ca_cert_pem to it, or TOFUPILOT_CA_CERT to its file."},
		"self-signed, and a CA":                     {chain{selfSigned}, chain{root}, selfSignedStart + ". If you trust it, add it to " + caFile + "."},
		"self-signed, and another one configured":   {chain{selfSigned}, chain{otherSelfSigned}, selfSignedStart + ", and isn't the one of the same name in " + caFile + ". If you trust it, add it there."},
		"an expired certificate":                    {chain{expiredServer, issuing}, chain{root}, "The certificate is" + validIn2020 + askToRenew},
		"an expired intermediate":                   {chain{server, expiredIssuing}, chain{root}, `The CA certificate "CN=Issuing CA,O=Example" in the chain is` + validIn2020 + askToRenew},
		"an expired root":                           {chain{server, issuing}, chain{expiredRoot}, theRoot + " is" + validIn2020 + " Use its current certificate, or correct this machine's clock."},
		"a root that allows no intermediates":       {chain{server, issuing}, chain{rootNoIntermediate}, askToReplace + " The reason may also be a CA in " + caFile + "."},
		"a certificate for clients":                 {chain{client}, chain{root}, askToReplace + " The reason may also be a CA in " + caFile + "."},
		"another host":                              {chain{otherHost}, chain{root}, "The certificate is for a.test, b.test. Correct the address, or have the server's administrator add tofupilot.test to the certificate."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := config.Settings{BaseURL: &url.URL{}}
			if c.configured != nil {
				settings.CAs.From = caFile
			}
			roots := x509.NewCertPool()
			for _, ca := range c.configured {
				roots.AddCert(ca.Certificate)
				settings.CAs.Certificates = append(settings.CAs.Certificates, ca.Certificate)
			}
			failed := &tls.CertificateVerificationError{}
			for _, sent := range c.sent {
				failed.UnverifiedCertificates = append(failed.UnverifiedCertificates, sent.Certificate)
			}
			intermediates := x509.NewCertPool()
			for _, intermediate := range failed.UnverifiedCertificates[1:] {
				intermediates.AddCert(intermediate)
			}
			// crypto/tls verifies a server's certificate with these options.
			options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: "tofupilot.test"}
			if _, failed.Err = c.sent[0].Verify(options); failed.Err == nil {
				t.Fatal("the certificate is trusted")
			}
			// The advice follows the source of the address.
			checkTLSAdvice(t, newExplainerFor(settings), failed, untrusted, "the provider's default. "+c.advice+" Verification can't be switched off.")
		})
	}
}

// checkTLSAdvice checks the summary and a part of the detail of an error in a TLS handshake.
func checkTLSAdvice(t *testing.T, e Explainer, err error, summary, detail string) {
	t.Helper()
	got := e.List(t.Context(), &rest.Error{Kind: rest.TLSFailed, Err: err}, pageSizeNotSet)
	if got.Summary != summary || !strings.Contains(got.Detail, detail) {
		t.Errorf("got  %s: %s\nwant %s: %s", got.Summary, got.Detail, summary, detail)
	}
}

// TestManyCertificates checks that followIssuers uses only the first ten certificates that the
// server sent, because checking the signatures of many takes time.
func TestManyCertificates(t *testing.T) {
	t.Parallel()
	ca := issue(t, "CA", nil)
	server := issue(t, "server", ca, forServer).Certificate
	for position, want := range map[int]*x509.Certificate{9: ca.Certificate, 10: server} {
		sent := append(slices.Repeat([]*x509.Certificate{server}, position), ca.Certificate)
		if last, _, _ := followIssuers(sent, nil); last != want {
			t.Errorf("with the CA at the index %d, got %s as the last issuer, want %s", position, last.Subject, want.Subject)
		}
	}
}

// TestCertificateErrors checks the advice for errors that contain no certificate: one of the server's is
// unusable, or this machine has no CA certificates.
func TestCertificateErrors(t *testing.T) {
	t.Parallel()
	e := newExplainerFor(config.Settings{BaseURL: &url.URL{}})
	checkTLSAdvice(t, e, &tls.CertificateVerificationError{Err: x509.InsecureAlgorithmError(x509.SHA1WithRSA)}, untrusted, replaceCertificate)
	checkTLSAdvice(t, e, errors.New("tls: failed to parse certificate from server: x509: malformed serial number"), untrusted, replaceCertificate)
	noSystemCAs := &tls.CertificateVerificationError{Err: x509.SystemRootsError{Err: errors.New("permission denied")}}
	checkTLSAdvice(t, e, noSystemCAs, "This machine has no CA certificates", "install the package ca-certificates, or let this user read its files. "+
		"Or, for a CA of your own, set ca_cert_pem to its certificate, or TOFUPILOT_CA_CERT to its file.")
}

// TestCertificateOfManyHosts checks that namesOf lists only three hosts of a certificate.
func TestCertificateOfManyHosts(t *testing.T) {
	t.Parallel()
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprintf("host-%d.example.com", i)
	}
	got, want := namesOf(&x509.Certificate{DNSNames: many}), "host-0.example.com, host-1.example.com, host-2.example.com and 97 more"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestSkippedCertificates checks that an error about an unknown CA mentions the configured
// certificates that can't be read, because the CA may be among them.
func TestSkippedCertificates(t *testing.T) {
	t.Parallel()
	err := &tls.CertificateVerificationError{
		UnverifiedCertificates: []*x509.Certificate{issue(t, "server", nil, forServer).Certificate}, Err: x509.UnknownAuthorityError{},
	}
	noKey, noDate := errors.New("certificate 1: x509: no key"), errors.New("certificate 3: x509: no date")
	for _, c := range []struct {
		skipped []error
		want    string // mentions only the first of the errors
	}{
		{nil, "add it to the provider's ca_cert_pem. Verification can't be switched off."}, // nothing about skipped certificates
		{[]error{noKey}, "The provider skipped 1 configured certificate that it can't read (certificate 1: x509: no key). "},
		{[]error{noDate, noKey}, "The provider skipped 2 configured certificates that it can't read (certificate 3: x509: no date). "},
	} {
		bundle := config.CABundle{Certificates: []*x509.Certificate{issue(t, "Root CA", nil).Certificate}, Skipped: c.skipped, From: "the provider's ca_cert_pem"}
		checkTLSAdvice(t, newExplainerFor(config.Settings{BaseURL: &url.URL{}, CAs: bundle}), err, untrusted, c.want)
	}
}

// issued is a certificate and its private key, with which it can issue other certificates.
type issued struct {
	*x509.Certificate

	key crypto.Signer
}

// issue returns a certificate that the issuer signed, or a self-signed one if the issuer is nil. It
// is a CA's certificate unless an option changes that.
func issue(t *testing.T, name string, issuer *issued, options ...func(*issued)) *issued {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"Example"}},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	result := &issued{template, key}
	for _, option := range options {
		option(result)
	}
	if issuer == nil {
		issuer = result
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.Certificate, result.key.Public(), issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	if result.Certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return result
}

func forServer(c *issued) {
	c.IsCA = false
	c.DNSNames = []string{"tofupilot.test"}
}

func signedWithSHA1(c *issued) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }

func expired(c *issued) {
	c.NotBefore = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	c.NotAfter = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
}

func withKeyOf(other *issued) func(*issued) {
	return func(c *issued) { c.key = other.key }
}
