package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// TestClientKeys checks that every format of a key can be used, also if the text has other blocks.
func TestClientKeys(t *testing.T) {
	t.Parallel()
	sec1, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(public, private any) string {
		template := &x509.Certificate{NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
		if err != nil {
			t.Fatal(err)
		}
		return harness.EncodePEM("CERTIFICATE", der)
	}
	marshalled, err := x509.MarshalECPrivateKey(sec1)
	if err != nil {
		t.Fatal(err)
	}
	certSEC1, certPKCS1 := signed(sec1.Public(), sec1), signed(pkcs1.Public(), pkcs1)
	keySEC1, keyPKCS1 := harness.EncodePEM("EC PRIVATE KEY", marshalled), harness.EncodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(pkcs1))
	certPKCS8, keyPKCS8 := harness.NewCertificate(t, "PKCS #8")
	ca, _ := harness.NewCertificate(t, "CA")
	for name, c := range map[string]struct{ certificate, key string }{
		"PKCS #1":                         {certPKCS1, keyPKCS1},
		"PKCS #8":                         {certPKCS8, keyPKCS8},
		"SEC 1":                           {certSEC1, harness.EncodePEM("EC PARAMETERS", []byte{6, 0}) + keySEC1},
		"a chain":                         {"subject=CN=client\n" + certSEC1 + "\n" + ca, keySEC1},
		"both in one file":                {keySEC1 + certSEC1, keySEC1 + certSEC1},
		"with a byte-order mark and CRLF": {byteOrderMark + strings.ReplaceAll(certSEC1, "\n", "\r\n"), byteOrderMark + strings.ReplaceAll(keySEC1, "\n", "\r\n")},
	} {
		settings, problems := resolve(t, Block{APIKey: new("key"), ClientCertPEM: &c.certificate, ClientKeyPEM: &c.key}, nil)
		if len(problems) > 0 || settings.ClientCertificate == nil || settings.ClientCertificate.Leaf == nil {
			t.Errorf("%s: %v", name, problems)
		}
	}
	if settings, problems := resolve(t, Block{APIKey: new("key")}, nil); len(problems) > 0 || settings.ClientCertificate != nil {
		t.Errorf("none: %v", problems)
	}
}

func TestClientCertificateErrors(t *testing.T) {
	t.Parallel()
	good, key := harness.NewCertificate(t, "client")
	other, otherKey := harness.NewCertificate(t, "other")
	block, _ := pem.Decode([]byte(key))
	encrypted := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: block.Bytes}))
	const (
		inCert, inKey = "client_cert_pem", "client_key_pem"

		path        = `not the path of its file; use file("…").`
		notDecoded  = "The text can't be decoded; it must be complete, with all its line breaks, and without spaces in front of its lines."
		isEncrypted = "The key is encrypted; decrypt it with `openssl pkey -in FILE -out FILE.pem`."
		belongs     = "The key doesn't belong to the first certificate of client_cert_pem, which must be the client's own; " +
			"a certificate and its key print the same with `openssl x509 -noout -pubkey -in FILE` and `openssl pkey -pubout -in FILE`."
	)
	for name, c := range map[string]struct {
		certificate, key *string
		argument, words  string
	}{
		"a certificate without a key":       {&good, nil, inCert, "The certificate is set without its private key; set client_key_pem, or omit both."},
		"a key without a certificate":       {nil, &key, inKey, "The key is set without its certificate; set client_cert_pem, or omit both."},
		"a path as certificate":             {new("~/client.pem"), &key, inCert, "This must be the text of the certificate, " + path},
		"a path as key":                     {&good, new("/etc/ssl/client.key\n"), inKey, "This must be the text of the key, " + path},
		"an empty certificate":              {new(""), &key, inCert, "No certificate found; a certificate in PEM begins with -----BEGIN CERTIFICATE-----."},
		"an empty key":                      {&good, new(""), inKey, "No private key found; a key in PEM begins with -----BEGIN PRIVATE KEY-----."},
		"a key as certificate":              {&key, &key, inCert, "No certificate found;"},
		"a certificate as key":              {&good, &good, inKey, "This is a certificate, not its private key; use file(\"…\") with the file of the key"},
		"a public key as key":               {&good, new(harness.EncodePEM("PUBLIC KEY", []byte("a"))), inKey, "No private key found;"},
		"a damaged certificate":             {new(good + harness.EncodePEM("CERTIFICATE", []byte("a"))), &key, inCert, "Certificate 2 is damaged, or of a kind"},
		"a certificate cut off":             {new(good + good[:len(good)/2]), &key, inCert, notDecoded},
		"a key cut off":                     {&good, new(key[:len(key)/2]), inKey, notDecoded},
		"a key in one line":                 {&good, new(strings.ReplaceAll(key, "\n", " ")), inKey, notDecoded},
		"a damaged key":                     {&good, new(harness.EncodePEM("PRIVATE KEY", block.Bytes[1:])), inKey, "The key is damaged, or isn't in PKCS #1, PKCS #8 or SEC 1;"},
		"a key of OpenSSH":                  {&good, new(harness.EncodePEM("OPENSSH PRIVATE KEY", []byte("openssh-key-v1"))), inKey, "`ssh-keygen -p -m PKCS8 -f FILE`."},
		"an encrypted key":                  {&good, new(harness.EncodePEM("ENCRYPTED PRIVATE KEY", block.Bytes)), inKey, isEncrypted},
		"a key encrypted in the old format": {&good, &encrypted, inKey, isEncrypted},
		"a key of another certificate":      {&good, &otherKey, inKey, belongs},
		"a chain in the wrong order":        {new(other + good), &key, inKey, belongs},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := Block{APIKey: new("key"), ClientCertPEM: c.certificate, ClientKeyPEM: c.key}
			checkArgumentError(t, b, nil, c.argument, c.words)
			checkNoSecrets(t, b, nil, strings.Split(key, "\n")[1])
		})
	}
}

// TestUnreadableChain checks that a chain may have certificates that Go doesn't support.
func TestUnreadableChain(t *testing.T) {
	t.Parallel()
	certificate, key := harness.NewCertificate(t, "client")
	got, problem := ParseClientCertificate(new(certificate+readBrainpool(t)), &key)
	if problem != nil || len(got.Certificate) != 2 || got.Leaf == nil || got.Leaf.Subject.CommonName != "client" {
		t.Errorf("%+v, %v", got, problem)
	}
}
