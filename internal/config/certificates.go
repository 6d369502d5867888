package config

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// resolveRootCAs returns the system's certificates with the configured ones, or nil if none
// is configured.
func resolveRootCAs(block Block, getenv func(string) string, stored *login) (*x509.CertPool, *Problem) {
	if block.CACertPEM != nil {
		source := Source{Argument: "ca_cert_pem"}
		certificates, err := ParseCACertPEM(*block.CACertPEM)
		if err != nil {
			return nil, problemOf(source, err)
		}
		pool, err := addToSystemRoots(certificates)
		return pool, problemOf(source, err)
	}
	file, source, err := coalesce(nil, "", EnvCACert, getenv)
	if err != nil {
		return nil, problemOf(source, err)
	}
	whose, which := "", "the file "
	if file == "" && stored != nil {
		file, source = stored.caCert, Source{Login: stored.file}
		whose = "the ca_cert of " + source.String() + ": "
		which = whose
	}
	if file == "" {
		return nil, nil
	}
	if strings.Contains(file, beginPEM) {
		return nil, problemOf(source, fmt.Errorf("%sthis must be the path of a file, but it is a certificate; "+
			"set the provider's ca_cert_pem to it instead", whose))
	}
	if absolute, err := filepath.Abs(file); err == nil { // else nobody sees where it was looked for
		file = absolute
	}
	bundle, err := readFile(file, maxCertificatesMiB)
	if err != nil {
		return nil, problemOf(source, fmt.Errorf("%s%w; correct the path, or set the provider's ca_cert_pem instead", which, err))
	}
	certificates, err := parseCertificates(string(bundle))
	if err != nil {
		return nil, problemOf(source, fmt.Errorf("%s%s: %w", which, file, err))
	}
	pool, err := addToSystemRoots(certificates)
	return pool, problemOf(source, err)
}

// maxCertificatesMiB bounds a file of certificates. The authorities that browsers
// trust are about 0.2 MiB.
const maxCertificatesMiB = 16

func addToSystemRoots(certificates []*x509.Certificate) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificates can't be read: %w", err)
	}
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool, nil
}

const (
	// byteOrderMark begins a text in UTF-8 that some editors on Windows save.
	byteOrderMark = "\ufeff"

	beginPEM         = "-----BEGIN "
	beginCertificate = beginPEM + "CERTIFICATE-----"
)

// parseCertificates reads the certificates of a PEM bundle: at least one, and
// each that is marked as one must be one.
func parseCertificates(bundle string) ([]*x509.Certificate, error) {
	// Bundles put together from several files may have a mark in the middle.
	bundle = strings.ReplaceAll(bundle, byteOrderMark, "")
	var (
		certificates []*x509.Certificate
		others       []string
	)
	for rest := []byte(bundle); ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			others = append(others, block.Type)
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the bundle is damaged: %w", len(certificates)+1, err)
		}
		certificates = append(certificates, certificate)
	}
	marked := strings.Count(bundle, beginCertificate)
	switch {
	case marked > len(certificates):
		return nil, fmt.Errorf("%d of %s can't be decoded; each must stand whole between its lines %s and "+
			"-----END CERTIFICATE-----, without spaces in front", marked-len(certificates), counted(marked, "certificate"), beginCertificate)
	case len(certificates) > 0:
		return certificates, nil
	case len(others) > 0:
		return nil, fmt.Errorf("no certificate found, only: %s; give the CA certificate instead", strings.Join(others, ", "))
	case strings.Contains(bundle, "-\x00-"):
		return nil, errors.New("the text is in UTF-16; save it as UTF-8")
	case isDER(bundle):
		return nil, errors.New("this is a certificate in DER, not in PEM; convert it with " +
			"`openssl x509 -inform der -in FILE -out FILE.pem`, or on Windows with `certutil -encode FILE FILE.pem`")
	default:
		return nil, errors.New("no certificate found; a certificate in PEM begins with " + beginCertificate)
	}
}

// isDER reports whether this is a certificate in the binary form.
func isDER(content string) bool {
	_, err := x509.ParseCertificate([]byte(content))
	return err == nil
}

// ParseCACertPEM reads the value of ca_cert_pem, which is the text of the certificates
// itself. People give the path of their file, as other settings want it.
func ParseCACertPEM(value string) ([]*x509.Certificate, error) {
	certificates, err := parseCertificates(value)
	if line := strings.TrimSpace(value); err != nil && line != "" && !strings.Contains(line, "\n") && !strings.Contains(line, beginPEM) {
		return nil, fmt.Errorf(`%w. If this is the path of a file, use file("…")`, err)
	}
	return certificates, err
}

// counted returns a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
