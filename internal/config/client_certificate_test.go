package config

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// TestClientCertificates checks that a key of each format can be used, even if there are other PEM blocks in
// the text of the key or of the certificate. Go needn't support the certificates of a chain after the first.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	ecCert, ecPKCS8 := harness.NewCertificate(t, "client")
	ecKey, err := x509.ParsePKCS8PrivateKey(decodePEM(ecPKCS8))
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalECPrivateKey(ecKey.(*ecdsa.PrivateKey)) //nolint:forcetypeassert // It is an error of the test otherwise.
	if err != nil {
		t.Fatal(err)
	}
	ecSEC1 := harness.EncodePEM("EC PRIVATE KEY", ecDER)

	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{NotAfter: time.Now().Add(time.Hour)}
	rsaDER, err := x509.CreateCertificate(rand.Reader, template, template, rsaKey.Public(), rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	rsaCert := harness.EncodePEM("CERTIFICATE", rsaDER)
	rsaPKCS1 := harness.EncodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))

	ecParameters := harness.EncodePEM("EC PARAMETERS", []byte{6, 0}) // as openssl ecparam writes before a key, but with an empty curve
	ca, _ := harness.NewCertificate(t, "CA")
	useCRLF := func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
	for name, c := range map[string]struct{ certificate, key string }{
		"PKCS #1":                         {rsaCert, rsaPKCS1},
		"PKCS #8":                         {ecCert, ecPKCS8},
		"SEC 1":                           {ecCert, ecParameters + ecSEC1},
		"a chain":                         {"subject=CN=client\n" + ecCert + "\n" + ca, ecSEC1},
		"an unsupported chain":            {ecCert + readBrainpool(t), ecPKCS8},
		"one text for both arguments":     {ecSEC1 + ecCert, ecSEC1 + ecCert},
		"with a byte-order mark and CRLF": {byteOrderMark + useCRLF(ecCert), byteOrderMark + useCRLF(ecSEC1)},
	} {
		settings, problems := resolve(t, Block{APIKey: new("key"), ClientCertPEM: &c.certificate, ClientKeyPEM: &c.key}, nil)
		got := settings.ClientCertificate
		if len(problems) > 0 || got == nil {
			t.Errorf("%s: got %v, %v", name, got, problems)
			continue
		}
		if want := strings.Count(c.certificate, beginCertificate); len(got.Certificate) != want {
			t.Errorf("%s: got %d certificates, want %d", name, len(got.Certificate), want)
		}
		if got.Leaf == nil || !bytes.Equal(got.Leaf.Raw, got.Certificate[0]) {
			t.Errorf("%s: got the leaf %v, want the first certificate", name, got.Leaf)
		}
	}
}

func TestClientCertificateErrors(t *testing.T) {
	t.Parallel()
	good, key := harness.NewCertificate(t, "client")
	other, otherKey := harness.NewCertificate(t, "other")
	keyDER := decodePEM(key)
	encrypted := string(pem.EncodeToMemory(&pem.Block{
		Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: keyDER,
	}))
	const (
		certArgument, keyArgument = "client_cert_pem", "client_key_pem"

		notPath      = `not the path of its file; use file("…").`
		notDecoded   = "The text can't be decoded; it must be complete, with all its line breaks, and without spaces in front of its lines."
		encryptedKey = "The key is encrypted; decrypt it with `openssl pkey -in FILE -out FILE.pem`."
		wrongKey     = "The key doesn't belong to the first certificate of client_cert_pem, which must be the client's own; " +
			"a certificate and its key print the same with `openssl x509 -noout -pubkey -in FILE` and `openssl pkey -pubout -in FILE`."
	)
	for name, c := range map[string]struct {
		certificate, key *string // nil: not set
		argument, words  string  // of the error
	}{
		"a certificate without a key":       {&good, nil, certArgument, "The certificate is set without its private key; set client_key_pem, or omit both."},
		"a key without a certificate":       {nil, &key, keyArgument, "The key is set without its certificate; set client_cert_pem, or omit both."},
		"a path as certificate":             {new("~/client.pem"), &key, certArgument, "This must be the text of the certificate, " + notPath},
		"a path as key":                     {&good, new("/etc/ssl/client.key\n"), keyArgument, "This must be the text of the key, " + notPath},
		"an empty certificate":              {new(""), &key, certArgument, "No certificate found; a certificate in PEM begins with -----BEGIN CERTIFICATE-----."},
		"an empty key":                      {&good, new(""), keyArgument, "No private key found; a key in PEM begins with -----BEGIN PRIVATE KEY-----."},
		"a key as certificate":              {&key, &key, certArgument, "No certificate found;"},
		"a certificate as key":              {&good, &good, keyArgument, "This is a certificate, not its private key; use file(\"…\") with the file of the key"},
		"a public key as key":               {&good, new(harness.EncodePEM("PUBLIC KEY", []byte("a"))), keyArgument, "No private key found;"},
		"a damaged certificate":             {new(good + harness.EncodePEM("CERTIFICATE", []byte("a"))), &key, certArgument, "Certificate 2 is damaged, or of a kind"},
		"a certificate cut off":             {new(good + good[:len(good)/2]), &key, certArgument, notDecoded},
		"a key cut off":                     {&good, new(key[:len(key)/2]), keyArgument, notDecoded},
		"a key in one line":                 {&good, new(strings.ReplaceAll(key, "\n", " ")), keyArgument, notDecoded},
		"a damaged key":                     {&good, new(harness.EncodePEM("PRIVATE KEY", keyDER[1:])), keyArgument, "The key is damaged, or isn't in PKCS #1, PKCS #8 or SEC 1;"},
		"a key of OpenSSH":                  {&good, new(harness.EncodePEM("OPENSSH PRIVATE KEY", []byte("openssh-key-v1"))), keyArgument, "`ssh-keygen -p -m PKCS8 -f FILE`."},
		"an encrypted key":                  {&good, new(harness.EncodePEM("ENCRYPTED PRIVATE KEY", keyDER)), keyArgument, encryptedKey},
		"a key encrypted in the old format": {&good, &encrypted, keyArgument, encryptedKey},
		"a key of another certificate":      {&good, &otherKey, keyArgument, wrongKey},
		"a chain in the wrong order":        {new(other + good), &key, keyArgument, wrongKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := Block{APIKey: new("key"), ClientCertPEM: c.certificate, ClientKeyPEM: c.key}
			checkArgumentError(t, block, c.argument, c.words)
			firstLine := func(key string) string { return strings.Split(key, "\n")[1] }
			checkNoSecrets(t, block, nil, firstLine(key), firstLine(otherKey))
		})
	}
}
