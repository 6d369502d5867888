package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ParseClientCertificate reads the values of client_cert_pem and client_key_pem. The
// certificate is nil if neither is set.
func ParseClientCertificate(certPEM, keyPEM *string) (*tls.Certificate, *Problem) {
	ofCertificate, ofKey := Source{Argument: "client_cert_pem"}, Source{Argument: "client_key_pem"}
	switch {
	case certPEM == nil && keyPEM == nil:
		return nil, nil
	case keyPEM == nil:
		return nil, problemOf(ofCertificate, errors.New("the certificate is set without its private key; set client_key_pem, or omit both"))
	case certPEM == nil:
		return nil, problemOf(ofKey, errors.New("the key is set without its certificate; set client_cert_pem, or omit both"))
	}
	if err := CheckClientCertPEM(*certPEM); err != nil {
		return nil, problemOf(ofCertificate, err)
	}
	if err := CheckClientKeyPEM(*keyPEM); err != nil {
		return nil, problemOf(ofKey, err)
	}
	certificate, err := tls.X509KeyPair([]byte(withoutMark(*certPEM)), []byte(withoutMark(*keyPEM)))
	if err != nil {
		return nil, problemOf(ofKey, errors.New("the key doesn't belong to the first certificate of client_cert_pem, which must be the client's own; "+
			"a certificate and its key print the same with `openssl x509 -noout -pubkey -in FILE` and `openssl pkey -pubout -in FILE`"))
	}
	if certificate.Leaf, err = x509.ParseCertificate(certificate.Certificate[0]); err != nil {
		return nil, problemOf(ofCertificate, err)
	}
	return &certificate, nil
}

// CheckClientCertPEM reports what is wrong with the value of client_cert_pem: a certificate,
// and its chain.
func CheckClientCertPEM(value string) error {
	number := 0
	for _, block := range blocksOf(value) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		number++
		// Go needn't be able to read the chain, which only the server verifies.
		if _, err := x509.ParseCertificate(block.Bytes); err != nil && (number == 1 || !isCertificate(block.Bytes)) {
			return fmt.Errorf("certificate %d is damaged, or of a kind that isn't supported: %w", number, err)
		}
	}
	switch {
	case isPath(value):
		return errors.New(`this must be the text of the certificate, not the path of its file; use file("…")`)
	case strings.Count(value, beginCertificate) > number:
		return errNotDecoded
	case number == 0:
		return errors.New("no certificate found; a certificate in PEM begins with " + beginCertificate)
	}
	return nil
}

// CheckClientKeyPEM reports what is wrong with the value of client_key_pem. The error doesn't
// repeat any of it.
func CheckClientKeyPEM(value string) error {
	isKey := func(block *pem.Block) bool { return strings.HasSuffix(block.Type, "PRIVATE KEY") }
	blocks := blocksOf(value)
	at := slices.IndexFunc(blocks, isKey)
	switch {
	case isPath(value):
		return errors.New(`this must be the text of the key, not the path of its file; use file("…")`)
	case at < 0 && strings.Contains(value, "PRIVATE KEY-----"):
		return errNotDecoded
	case at < 0 && len(blocks) > 0 && blocks[0].Type == "CERTIFICATE":
		return errors.New(`this is a certificate, not its private key; use file("…") with the file of the key, which begins with -----BEGIN PRIVATE KEY-----`)
	case at < 0:
		return errors.New("no private key found; a key in PEM begins with -----BEGIN PRIVATE KEY-----")
	case blocks[at].Type == "ENCRYPTED PRIVATE KEY", strings.Contains(blocks[at].Headers["Proc-Type"], "ENCRYPTED"):
		return errors.New("the key is encrypted; decrypt it with `openssl pkey -in FILE -out FILE.pem`")
	}
	_, errPKCS1 := x509.ParsePKCS1PrivateKey(blocks[at].Bytes)
	_, errPKCS8 := x509.ParsePKCS8PrivateKey(blocks[at].Bytes)
	_, errSEC1 := x509.ParseECPrivateKey(blocks[at].Bytes)
	if errPKCS1 != nil && errPKCS8 != nil && errSEC1 != nil {
		return errors.New("the key is damaged, or isn't in PKCS #1, PKCS #8 or SEC 1; convert it with `openssl pkey -in FILE -out FILE.pem`, " +
			"or a key of OpenSSH with `ssh-keygen -p -m PKCS8 -f FILE`")
	}
	return nil
}

var errNotDecoded = errors.New("the text can't be decoded; it must be complete, with all its line breaks, and without spaces in front of its lines")

// blocksOf returns the blocks of a text in PEM.
func blocksOf(text string) (blocks []*pem.Block) {
	for rest := []byte(withoutMark(text)); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return blocks
		}
		blocks = append(blocks, block)
	}
}

// isPath reports whether a text is probably the path of a file in PEM.
func isPath(text string) bool {
	line := strings.TrimSpace(text)
	return line != "" && !strings.Contains(line, "\n") && !strings.Contains(line, beginPEM)
}

func withoutMark(text string) string { return strings.ReplaceAll(text, byteOrderMark, "") }
