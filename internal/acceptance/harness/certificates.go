package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// NewCertificate returns a self-signed CA certificate and its private key, each in PEM.
func NewCertificate(t *testing.T, name string) (certificate, key string) {
	t.Helper()
	return NewCertificateFrom(t, &x509.Certificate{Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)})
}

// NewCertificateFrom is like NewCertificate, but takes the names and the validity from a template.
func NewCertificateFrom(t *testing.T, template *x509.Certificate) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(1)
	template.IsCA = true
	template.BasicConstraintsValid = true // else IsCA has no effect
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return EncodePEM("CERTIFICATE", der), EncodePEM("PRIVATE KEY", pkcs8)
}

// EncodePEM encodes one PEM block.
func EncodePEM(kind string, content []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
}
