package config

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// resolveCAs returns the configured certificates, if there are any.
func resolveCAs(block Block, getenv func(string) string, stored *login) (CABundle, *Problem) {
	if block.CACertPEM != nil {
		source := Source{Argument: "ca_cert_pem"}
		bundle, err := ParseCACertPEM(*block.CACertPEM)
		bundle.From = source.String()
		return bundle, problemOf(source, err)
	}
	file, source, err := coalesce(nil, "", EnvCACert, getenv)
	if err != nil {
		return CABundle{}, problemOf(source, err)
	}
	whose, which, from := "", "the file ", EnvCACert
	if file == "" && stored != nil {
		file, source = stored.caCert, Source{Login: stored.file}
		whose = "the ca_cert of " + source.String() + ": "
		which, from = whose, "the ca_cert of "+source.String()
	}
	if file == "" {
		return CABundle{}, nil
	}
	if strings.Contains(file, beginPEM) {
		return CABundle{}, problemOf(source, fmt.Errorf("%sthis must be the path of a file, but it is a certificate; "+
			"set the provider's ca_cert_pem to it instead", whose))
	}
	if absolute, err := filepath.Abs(file); err == nil { // else nobody sees where it was looked for
		file = absolute
	}
	content, err := readFile(file, maxCertificatesMiB)
	if err != nil {
		return CABundle{}, problemOf(source, fmt.Errorf("%s%w; correct the path, or set the provider's ca_cert_pem instead", which, err))
	}
	bundle, err := parseCertificates(string(content))
	if err != nil {
		return CABundle{}, problemOf(source, fmt.Errorf("%s%s: %w", which, file, err))
	}
	bundle.From = file + " (" + from + ")"
	return bundle, nil
}

// maxCertificatesMiB bounds a file of certificates. The authorities that browsers
// trust are about 0.2 MiB.
const maxCertificatesMiB = 16

// CABundle is a PEM bundle of CA certificates. The zero value has none.
type CABundle struct {
	Certificates []*x509.Certificate
	Skipped      []error // why Go can't read the other certificates in it
	From         string  // such as "the provider's ca_cert_pem" or "/etc/ca.pem (TOFUPILOT_CA_CERT)"
}

// pool returns the system's certificates with those of the bundle, or nil if it has none.
func (b CABundle) pool() *x509.CertPool {
	if len(b.Certificates) == 0 {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // the configured ones are enough
		pool = x509.NewCertPool()
	}
	for _, certificate := range b.Certificates {
		pool.AddCert(certificate)
	}
	return pool
}

// HasSystemCAs reports whether this machine's certificate store has a certificate that can be
// read. Where Go leaves verification to the system, it always does.
func HasSystemCAs() bool {
	pool, err := x509.SystemCertPool()
	return err == nil && !pool.Equal(x509.NewCertPool())
}

// storeVariables returns the environment variables that say where Go looks for the system's
// certificates, with their values.
func storeVariables(getenv func(string) string) (set []string) {
	for _, variable := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value := getenv(variable); value != "" {
			set = append(set, variable+" ("+value+")")
		}
	}
	return set
}

// AdviseSystemCAs says, in an error about the server's certificate, how to correct a certificate
// store without certificates.
func (s Settings) AdviseSystemCAs() string {
	correct := "install the package ca-certificates, or let this user read its files"
	if len(s.storeVariables) > 0 {
		correct = "correct or unset " + strings.Join(s.storeVariables, " and ")
	}
	return "This machine's certificate store has no certificate that can be read: " + correct + "."
}

const (
	// byteOrderMark begins a text in UTF-8 that some editors on Windows save.
	byteOrderMark = "\ufeff"

	beginPEM         = "-----BEGIN "
	beginCertificate = beginPEM + "CERTIFICATE-----"
	beginX509        = beginPEM + "X509 CERTIFICATE-----" // of early versions of OpenSSL
	beginTrusted     = beginPEM + "TRUSTED CERTIFICATE-----"
)

// parseCertificates reads the certificates of a PEM bundle: at least one that Go can read.
// It skips others that have the structure of a certificate, such as those with a curve that
// Go doesn't support.
func parseCertificates(bundle string) (CABundle, error) {
	if strings.Contains(bundle, beginTrusted) {
		return CABundle{}, errors.New("TRUSTED CERTIFICATE is a format of OpenSSL's own; convert it with " +
			"`openssl x509 -in FILE -out FILE.pem`, one certificate at a time")
	}
	var (
		parsed CABundle
		others []string
		number int // of the certificate
	)
	for _, block := range blocksOf(bundle) {
		if block.Type != "CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			others = append(others, block.Type)
			continue
		}
		number++
		certificate, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err == nil:
			parsed.Certificates = append(parsed.Certificates, certificate)
		case isCertificate(block.Bytes):
			parsed.Skipped = append(parsed.Skipped, fmt.Errorf("certificate %d: %w", number, err))
		default:
			return CABundle{}, fmt.Errorf("certificate %d of the bundle is damaged: %w", number, err)
		}
	}
	marked := strings.Count(bundle, beginCertificate) + strings.Count(bundle, beginX509)
	switch {
	case marked > number:
		return CABundle{}, fmt.Errorf("%d of %s can't be decoded; each must be complete between its lines %s and "+
			"-----END CERTIFICATE-----, without spaces in front", marked-number, counted(marked, "certificate"), beginCertificate)
	case len(parsed.Certificates) > 0:
		return parsed, nil
	case len(parsed.Skipped) > 0:
		return CABundle{}, fmt.Errorf("none of the bundle's certificates can be used: %w", parsed.Skipped[0])
	case len(others) > 0:
		return CABundle{}, fmt.Errorf("no certificate found, only: %s; give the CA certificate instead", strings.Join(others, ", "))
	case strings.Contains(bundle, "-\x00-"):
		return CABundle{}, errors.New("the text is in UTF-16; save it as UTF-8")
	case isCertificate([]byte(bundle)):
		return CABundle{}, errors.New("this is a certificate in DER, not in PEM; convert it with " +
			"`openssl x509 -inform der -in FILE -out FILE.pem`, or on Windows with `certutil -encode FILE FILE.pem`")
	default:
		return CABundle{}, errors.New("no certificate found; a certificate in PEM begins with " + beginCertificate)
	}
}

// isCertificate reports whether this has the structure of a certificate in DER: a sequence of
// the signed part, the algorithm and the signature, with nothing after it.
func isCertificate(der []byte) bool {
	var parts []asn1.RawValue
	rest, err := asn1.Unmarshal(der, &parts)
	return err == nil && len(rest) == 0 && slices.EqualFunc(parts, []int{asn1.TagSequence, asn1.TagSequence, asn1.TagBitString},
		func(part asn1.RawValue, tag int) bool { return part.Class == asn1.ClassUniversal && part.Tag == tag })
}

// ParseCACertPEM reads the value of ca_cert_pem: the certificates themselves, not a path as in
// TOFUPILOT_CA_CERT. If the value looks like a path, the error says so.
func ParseCACertPEM(value string) (CABundle, error) {
	bundle, err := parseCertificates(value)
	if err != nil && isPath(value) {
		return CABundle{}, fmt.Errorf(`%w. If this is the path of a file, use file("…")`, err)
	}
	return bundle, err
}
