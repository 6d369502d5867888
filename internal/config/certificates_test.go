package config

import (
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// writeFile writes a new file and returns its path.
func writeFile(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// checkTrust checks that a pool consists of the system's certificates and of these, which are in PEM.
func checkTrust(t *testing.T, pool *x509.CertPool, certificates ...string) {
	t.Helper()
	if pool == nil {
		t.Fatal("got no pool: only the system's certificates are trusted")
	}
	want, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	for _, certificate := range certificates {
		parsed, err := x509.ParseCertificate(decodePEM(certificate))
		if err != nil {
			t.Fatal(err)
		}
		want.AddCert(parsed)
		if _, err := parsed.Verify(x509.VerifyOptions{Roots: pool}); err != nil {
			t.Errorf("%s isn't trusted: %v", parsed.Subject, err)
		}
	}
	if !pool.Equal(want) {
		t.Error("the pool has other certificates than the system's and the wanted ones")
	}
}

func TestCA(t *testing.T) {
	t.Parallel()
	first, key := harness.NewCertificate(t, "first")
	second, _ := harness.NewCertificate(t, "second")
	third, _ := harness.NewCertificate(t, "third")
	for name, c := range map[string]struct {
		argument string // ca_cert_pem; empty: not set
		file     string // content of the file that TOFUPILOT_CA_CERT names; empty: not set
		want     []string
	}{
		"argument and file":         {first, second, []string{first}},
		"argument and invalid file": {first, "garbage", []string{first}},
		"bundle of three":           {"", first + second + third, []string{first, second, third}},
		"bundle with comments":      {"# first\n" + first + "\n\n# third\r\n" + third, "", []string{first, third}},
		"certificate with a key":    {"", key + first, []string{first}},
		"a duplicate":               {"", first + first, []string{first}},
		"a byte-order mark":         {byteOrderMark + first, "", []string{first}},
		"two byte-order marks":      {"", byteOrderMark + first + byteOrderMark + second, []string{first, second}},
		"an old PEM type":           {"", useX509Type(first) + second, []string{first, second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block, env := Block{APIKey: new("key")}, environment{}
			if c.argument != "" {
				block.CACertPEM = &c.argument
			}
			if c.file != "" {
				env[EnvCACert] = writeFile(t, c.file)
			}
			got, problems := resolve(t, block, env)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			checkTrust(t, got.RootCAs, c.want...)
		})
	}
}

func TestCAErrors(t *testing.T) {
	t.Parallel()
	good, key := harness.NewCertificate(t, "good")
	der := decodePEM(good)
	damaged := harness.EncodePEM("CERTIFICATE", []byte("no ASN.1"))
	trusted := harness.EncodePEM("TRUSTED CERTIFICATE", append(slices.Clone(der), 0x30, 0x00)) // with an empty list of uses
	const (
		notFound    = "no certificate found; a certificate in PEM begins with -----BEGIN CERTIFICATE-----."
		notDecoded  = " can't be decoded; each must be complete between its lines -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----, without spaces in front."
		openSSLType = "TRUSTED CERTIFICATE is a format of OpenSSL's own; convert it with `openssl x509 -in FILE -out FILE.pem`, one certificate at a time."
		inUTF16     = "the text is in UTF-16; save it as UTF-8."
		inDER       = "this is a certificate in DER, not in PEM; convert it with `openssl x509 -inform der -in FILE -out FILE.pem`, or on Windows with `certutil -encode FILE FILE.pem`."
	)
	for name, c := range map[string]struct{ content, words string }{
		"empty":                            {"", notFound},
		"a key instead":                    {key, "no certificate found, only: PRIVATE KEY; give the CA certificate instead."},
		"cut off":                          {good[:len(good)/2], "1 of 1 certificate" + notDecoded},
		"cut off after another":            {good + good[:len(good)/2], "1 of 2 certificates" + notDecoded},
		"in one line":                      {strings.ReplaceAll(good, "\n", " "), "1 of 1 certificate" + notDecoded},
		"indented":                         {good + strings.ReplaceAll("\n"+good, "\n", "\n  "), "1 of 2 certificates" + notDecoded},
		"an old PEM type, cut off":         {good + useX509Type(good)[:len(good)/2], "1 of 2 certificates" + notDecoded},
		"the first of two is damaged":      {damaged + good, "certificate 1 of the bundle is damaged: "},
		"an unsupported curve":             {readBrainpool(t), "none of the bundle's certificates can be used: certificate 1: x509: unsupported elliptic curve."},
		"OpenSSL's PEM type":               {trusted, openSSLType},
		"a certificate and OpenSSL's type": {good + trusted, openSSLType},
		"OpenSSL's type, cut off":          {trusted[:len(trusted)/2], openSSLType},
		"UTF-16":                           {string(encodeUTF16(binary.LittleEndian, good)), inUTF16},
		"UTF-16, big-endian":               {string(encodeUTF16(binary.BigEndian, good)), inUTF16},
		"DER":                              {string(der), inDER},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := writeFile(t, c.content)
			checkReadError(t, Block{APIKey: new("key")}, environment{EnvCACert: file}, "Invalid TOFUPILOT_CA_CERT", file+": "+c.words)
			sentence := strings.ToUpper(c.words[:1]) + c.words[1:] // no path comes before the words
			checkArgumentError(t, Block{APIKey: new("key"), CACertPEM: &c.content}, "ca_cert_pem", sentence)
		})
	}
}

// TestCAPath checks that the error says how to read a file if ca_cert_pem looks like a path, and only then.
func TestCAPath(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"/etc/ssl/ca.pem": true, "two\nlines": false} {
		_, err := ParseCACertPEM(value)
		if got := strings.Contains(err.Error(), `. If this is the path of a file, use file("…")`); got != want {
			t.Errorf("%q: got %t, want %t: %v", value, got, want, err)
		}
	}
}

// TestSkippedCertificates checks that certificates that Go can't parse are skipped if the bundle has other
// certificates that Go can parse.
func TestSkippedCertificates(t *testing.T) {
	t.Parallel()
	good, _ := harness.NewCertificate(t, "good")
	brainpool := readBrainpool(t)
	malformed := encodeSequence(emptySequence, emptySequence, emptyBitString) // a certificate's parts, but empty
	const curve = "x509: unsupported elliptic curve"
	for name, c := range map[string]struct {
		bundle string
		want   []string // errors about the skipped certificates
	}{
		"none":                             {good, nil},
		"the first":                        {brainpool + good, []string{"certificate 1: " + curve}},
		"the last":                         {good + good + brainpool, []string{"certificate 3: " + curve}},
		"the first, with the old PEM type": {useX509Type(brainpool) + good, []string{"certificate 1: " + curve}},
		"the first and the last":           {brainpool + good + malformed, []string{"certificate 1: " + curve, "certificate 3: x509: malformed serial number"}},
	} {
		bundle, err := ParseCACertPEM(c.bundle)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, err := range bundle.Skipped {
			got = append(got, err.Error())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: skipped %q, want %q", name, got, c.want)
		}
		checkTrust(t, bundle.pool(), good)
	}
}

// TestDamagedCertificates checks that a PEM block that isn't a well-formed certificate is an error,
// because it may be a damaged copy of the certificate that is needed.
func TestDamagedCertificates(t *testing.T) {
	t.Parallel()
	good, _ := harness.NewCertificate(t, "good")
	der := decodePEM(good)
	for name, c := range map[string]struct{ damaged, reason string }{ // reason: the start of it; empty: any
		"cut off":              {harness.EncodePEM("CERTIFICATE", der[:100]), "x509: malformed certificate"},
		"trailing data":        {harness.EncodePEM("CERTIFICATE", append(slices.Clone(der), 0)), "x509: trailing data"},
		"empty":                {harness.EncodePEM("CERTIFICATE", nil), ""},
		"no signature":         {encodeSequence(emptySequence, emptySequence), ""},
		"a fourth part":        {encodeSequence(emptySequence, emptySequence, emptyBitString, emptyBitString), ""},
		"parts of other types": {encodeSequence(emptySequence, emptyBitString, emptyBitString), ""},
	} {
		want := "certificate 3 of the bundle is damaged: " + c.reason
		if _, err := ParseCACertPEM(readBrainpool(t) + good + c.damaged); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// Parts of certificates in DER. A certificate is a sequence of two sequences and a bit string.
const (
	sequenceTag    = 0x30
	emptySequence  = "\x30\x00"
	emptyBitString = "\x03\x01\x00"
)

// encodeSequence returns a certificate in PEM whose content is an ASN.1 sequence of these parts.
func encodeSequence(parts ...string) string {
	content := strings.Join(parts, "")
	return harness.EncodePEM("CERTIFICATE", append([]byte{sequenceTag, byte(len(content))}, content...))
}

// decodePEM returns the content of the first PEM block.
func decodePEM(text string) []byte {
	block, _ := pem.Decode([]byte(text))
	return block.Bytes
}

func TestSystemCAsAdvice(t *testing.T) {
	t.Parallel()
	const noCertificate = "This machine's certificate store has no certificate that can be read: "
	for _, c := range []struct {
		env  environment
		want string
	}{
		{environment{}, noCertificate + "install the package ca-certificates, or let this user read its files."},
		{environment{"SSL_CERT_FILE": "/ca.pem"}, noCertificate + "correct or unset SSL_CERT_FILE (/ca.pem)."},
		{environment{"SSL_CERT_FILE": "/ca.pem", "SSL_CERT_DIR": "/certs"}, noCertificate + "correct or unset SSL_CERT_FILE (/ca.pem) and SSL_CERT_DIR (/certs)."},
	} {
		settings, _ := resolve(t, Block{}, c.env)
		if got := settings.AdviseSystemCAs(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// readBrainpool returns a certificate in PEM. Go doesn't support its Brainpool curve.
func readBrainpool(t *testing.T) string {
	t.Helper()
	stored, err := os.ReadFile("testdata/brainpool.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(stored)
}

// useX509Type replaces the PEM type of certificates by that of early versions of OpenSSL.
func useX509Type(certificates string) string {
	return strings.ReplaceAll(certificates, " CERTIFICATE-----", " X509 CERTIFICATE-----")
}

// encodeUTF16 encodes a text with a byte-order mark, as some editors on Windows do.
func encodeUTF16(order binary.AppendByteOrder, text string) (content []byte) {
	for _, unit := range utf16.Encode([]rune(byteOrderMark + text)) {
		content = order.AppendUint16(content, unit)
	}
	return content
}
