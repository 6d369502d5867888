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
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// TestCertificateAdvice checks the advice for what the server sent and what is configured.
func TestCertificateAdvice(t *testing.T) {
	t.Parallel()
	var (
		root         = issue(t, "Root CA", nil)
		intermediate = issue(t, "Issuing CA", root)
		server       = issue(t, "server", intermediate, ofServer)
		renewed      = issue(t, "Root CA", nil)
		notCA        = issue(t, "Root CA", nil, sameKey(root), func(c *certificateAndKey) { c.IsCA = false })
		cannotSign   = issue(t, "Root CA", nil, sameKey(root), func(c *certificateAndKey) { c.KeyUsage = x509.KeyUsageCRLSign })
		expiredRoot  = issue(t, "Root CA", nil, sameKey(root), expired)
		shortRoot    = issue(t, "Root CA", nil, sameKey(root), func(c *certificateAndKey) { c.MaxPathLenZero = true })
		otherRoot    = issue(t, "Other CA", nil)
		otherIssuing = issue(t, "Issuing CA", root)
		expiredOwn   = issue(t, "server", intermediate, ofServer, expired)
		expiredCA    = issue(t, "Issuing CA", root, sameKey(intermediate), expired)
		direct       = issue(t, "server", root, ofServer)
		weakCA       = issue(t, "Issuing CA", root, sameKey(intermediate), sha1)
		weak         = issue(t, "server", root, ofServer, sha1)
		weakBelow    = issue(t, "server", intermediate, ofServer, sha1)
		selfSigned   = issue(t, "server", nil, ofServer)
		before       = issue(t, "server", nil, ofServer)
		elsewhere    = issue(t, "server", root, func(c *certificateAndKey) { c.IsCA, c.DNSNames = false, []string{"a.test", "b.test"} })
		clients      = issue(t, "server", root, ofServer, func(c *certificateAndKey) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	)
	const (
		from    = "/ca.pem (TOFUPILOT_CA_CERT)"
		set     = "set ca_cert_pem to its certificate, or TOFUPILOT_CA_CERT to its file."
		add     = "add its certificate to " + from + "."
		ownOnly = `The server sent only its own certificate, which was issued by "CN=Issuing CA,O=Example". Have the server's administrator ` +
			"add the intermediate certificates that the server should send. Or, if you trust this CA, "
		byRoot      = `The certificates that the server sent were issued by "CN=Root CA,O=Example". If you trust this CA, `
		root1       = `The CA "CN=Root CA,O=Example" in ` + from
		forOwn      = root1 + " has the name of the issuer of the server's certificate, but "
		forIssuing  = root1 + ` has the name of the issuer of "CN=Issuing CA,O=Example", but `
		sentIssuing = `The server sent a CA "CN=Issuing CA,O=Example" that has the name of the issuer of the server's certificate, but doesn't verify its signature: `
		cannot      = "isn't allowed to sign certificates. Use a certificate of this CA whose basic constraints and key usage allow that."
		otherKey    = "another key: x509: ECDSA verification failure. If the CA was renewed, use its current certificate."
		insecure    = "x509: cannot verify signature: insecure algorithm ECDSA-SHA1."
		replace     = "Have the server's administrator replace the certificate."
		correct     = " Have the server's administrator correct the certificates."
		year        = " valid from 2020-01-01 00:00 UTC to 2021-01-01 00:00 UTC."
		renew       = " Have the server's administrator renew it, or correct this machine's clock."
		always      = " Verification can't be switched off."
	)
	for name, c := range map[string]struct {
		sent       []*certificateAndKey
		configured []*certificateAndKey
		want       string
	}{
		"no intermediate, the right root":           {chain(server), chain(root), ownOnly + add},
		"no intermediate, and no CA":                {chain(server), nil, ownOnly + set},
		"no intermediate, another root":             {chain(server), chain(otherRoot), ownOnly + add},
		"its own twice, the right root":             {chain(server, server), chain(root), ownOnly + add},
		"an unknown root":                           {chain(server, intermediate), nil, byRoot + set},
		"another root":                              {chain(server, intermediate), chain(otherRoot), byRoot + add},
		"an unknown root that the server sent":      {chain(server, intermediate, root), nil, byRoot + set},
		"another order":                             {chain(server, root, intermediate), chain(otherRoot), byRoot + add},
		"a certificate that isn't in the chain":     {chain(server, intermediate, otherRoot), nil, byRoot + set},
		"a root that isn't a CA":                    {chain(direct), chain(notCA), forOwn + cannot},
		"a root that isn't allowed to sign":         {chain(server, intermediate), chain(cannotSign), forIssuing + cannot},
		"a root with another key":                   {chain(direct), chain(renewed), forOwn + otherKey},
		"another root, and one with another key":    {chain(server, intermediate), chain(otherRoot, renewed), forIssuing + otherKey},
		"the right root, and one with another key":  {chain(server), chain(renewed, root), ownOnly + add},
		"an insecure signature":                     {chain(weak), chain(root), forOwn + "can't verify its signature: " + insecure + " " + replace},
		"an insecure signature of the intermediate": {chain(server, weakCA), chain(root), forIssuing + "can't verify its signature: " + insecure + " " + replace},
		"an insecure signature by the intermediate": {chain(weakBelow, intermediate), chain(root), sentIssuing + insecure + correct},
		"another intermediate":                      {chain(server, otherIssuing), chain(root), sentIssuing + "x509: ECDSA verification failure." + correct},
		"self-signed":                               {chain(selfSigned), nil, "The server's certificate is self-signed. If you trust it, set ca_cert_pem to it, or TOFUPILOT_CA_CERT to its file."},
		"self-signed, and a CA":                     {chain(selfSigned), chain(root), "The server's certificate is self-signed. If you trust it, add it to " + from + "."},
		"self-signed, and an older one configured":  {chain(selfSigned), chain(before), "The server's certificate is self-signed, and isn't the one of the same name in " + from + ". If you trust it, add it there."},
		"an expired certificate":                    {chain(expiredOwn, intermediate), chain(root), "The certificate is" + year + renew},
		"an expired intermediate":                   {chain(server, expiredCA), chain(root), `The CA certificate "CN=Issuing CA,O=Example" in the chain is` + year + renew},
		"an expired root":                           {chain(server, intermediate), chain(expiredRoot), root1 + " is" + year + " Use its current certificate, or correct this machine's clock."},
		"a root that allows no intermediates":       {chain(server, intermediate), chain(shortRoot), replace + " The reason may also be a CA in " + from + "."},
		"a certificate for clients":                 {chain(clients), chain(root), replace + " The reason may also be a CA in " + from + "."},
		"another host":                              {chain(elsewhere), chain(root), "The certificate is for a.test, b.test. Correct the address, or have the server's administrator add tofupilot.test to the certificate."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := config.Settings{BaseURL: &url.URL{}}
			roots := x509.NewCertPool()
			for _, ca := range c.configured {
				roots.AddCert(ca.Certificate)
				settings.CAs.Certificates = append(settings.CAs.Certificates, ca.Certificate)
				settings.CAs.From = from
			}
			failed := &tls.CertificateVerificationError{}
			intermediates := x509.NewCertPool()
			for i, certificate := range c.sent {
				failed.UnverifiedCertificates = append(failed.UnverifiedCertificates, certificate.Certificate)
				if i > 0 {
					intermediates.AddCert(certificate.Certificate)
				}
			}
			_, failed.Err = c.sent[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: "tofupilot.test"}) // as crypto/tls does
			if failed.Err == nil {
				t.Fatal("the certificate is trusted")
			}
			got := newExplainerFor(settings).List(t.Context(), &rest.Error{Kind: rest.TLSFailed, Err: failed}, 0)
			if got.Summary != untrusted || !strings.Contains(got.Detail, "comes from the provider's default. "+c.want+always) {
				t.Errorf("want\n%s, got\n%s", c.want+always, got.Detail)
			}
		})
	}
}

// TestManyCertificates sends a chain of 400 CA certificates of one name, so that any could be the
// issuer of any other. Following them must stop at the limit, and be fast.
func TestManyCertificates(t *testing.T) {
	t.Parallel()
	var issuer *certificateAndKey
	sent := make([]*x509.Certificate, 1, 400)
	for range cap(sent) {
		issuer = issue(t, "CA", issuer)
		sent = append(sent, issuer.Certificate)
	}
	sent[0] = issue(t, "server", issuer, ofServer).Certificate
	start := time.Now()
	if last, _, _ := followIssuers(sent, nil); last != sent[0] {
		t.Errorf("it follows more certificates than its limit, to %s", last.Subject)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestCertificateErrors has errors of crypto/tls without a type, or with a type for which there
// is only general advice.
func TestCertificateErrors(t *testing.T) {
	t.Parallel()
	e := newExplainerFor(config.Settings{BaseURL: &url.URL{}})
	for _, err := range []error{
		&tls.CertificateVerificationError{Err: x509.InsecureAlgorithmError(x509.SHA1WithRSA)},
		errors.New("tls: failed to parse certificate from server: x509: malformed serial number"),
	} {
		got := e.List(t.Context(), &rest.Error{Kind: rest.TLSFailed, Err: err}, 0)
		if got.Summary != untrusted || !strings.Contains(got.Detail, replaceCertificate) {
			t.Errorf("%s: %s", got.Summary, got.Detail)
		}
	}
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprintf("host-%d.example.com", i)
	}
	if got := namesOf(&x509.Certificate{DNSNames: many}); got != "host-0.example.com, host-1.example.com, host-2.example.com and 97 more" {
		t.Error(got)
	}
}

// TestNoSystemCertificates has no certificates on this machine, so that Go doesn't verify the
// server's.
func TestNoSystemCertificates(t *testing.T) {
	t.Parallel()
	e := newExplainerFor(config.Settings{BaseURL: &url.URL{}})
	err := &tls.CertificateVerificationError{Err: x509.SystemRootsError{Err: errors.New("permission denied")}}
	got := e.List(t.Context(), &rest.Error{Kind: rest.TLSFailed, Err: err}, 0)
	if got.Summary != "This machine has no CA certificates" ||
		!strings.Contains(got.Detail, "install the package ca-certificates, or let this user read its files. Or, for a CA of your own, set ca_cert_pem to its certificate, or TOFUPILOT_CA_CERT to its file.") {
		t.Errorf("%s: %s", got.Summary, got.Detail)
	}
}

// TestSkippedCertificates checks that errors mention skipped certificates, which may be needed.
func TestSkippedCertificates(t *testing.T) {
	t.Parallel()
	for words, skipped := range map[string][]error{
		"": nil,
		"The provider skipped 1 configured certificate that it can't read (certificate 1: x509: bad). ":  {errors.New("certificate 1: x509: bad")},
		"The provider skipped 2 configured certificates that it can't read (certificate 3: x509: odd). ": {errors.New("certificate 3: x509: odd"), errors.New("certificate 5: x509: bad")},
	} {
		bundle := config.CABundle{Certificates: []*x509.Certificate{issue(t, "Root CA", nil).Certificate}, Skipped: skipped, From: "the provider's ca_cert_pem"}
		e := newExplainerFor(config.Settings{BaseURL: &url.URL{}, CAs: bundle})
		err := &tls.CertificateVerificationError{
			UnverifiedCertificates: []*x509.Certificate{issue(t, "server", nil, ofServer).Certificate}, Err: x509.UnknownAuthorityError{},
		}
		got := e.List(t.Context(), &rest.Error{Kind: rest.TLSFailed, Err: err}, 0).Detail
		if !strings.Contains(got, words) || strings.Contains(got, "skipped") != (skipped != nil) {
			t.Errorf("got %q, want %q", got, words)
		}
	}
}

type certificateAndKey struct {
	*x509.Certificate

	key crypto.Signer
}

func chain(certificates ...*certificateAndKey) []*certificateAndKey { return certificates }

// issue applies the changes to the template of a CA certificate and returns the certificate, signed
// by the issuer. Without an issuer, it is self-signed.
func issue(t *testing.T, name string, issuer *certificateAndKey, changes ...func(*certificateAndKey)) *certificateAndKey {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"Example"}},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &certificateAndKey{template, key}
	for _, change := range changes {
		change(certificate)
	}
	if issuer == nil {
		issuer = certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.Certificate, certificate.key.Public(), issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &certificateAndKey{parsed, certificate.key}
}

func ofServer(c *certificateAndKey) { c.IsCA, c.DNSNames = false, []string{"tofupilot.test"} }
func sha1(c *certificateAndKey)     { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }

func expired(c *certificateAndKey) {
	c.NotBefore, c.NotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
}

// sameKey gives a certificate the key of another one.
func sameKey(other *certificateAndKey) func(*certificateAndKey) {
	return func(c *certificateAndKey) { c.key = other.key }
}
