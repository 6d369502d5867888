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

// checkTrust checks that the pool has the system's certificates and these.
func checkTrust(t *testing.T, pool *x509.CertPool, certificates ...string) {
	t.Helper()
	if pool == nil {
		t.Fatal("there is no pool: only the system's roots are trusted")
	}
	want, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	for _, certificate := range certificates {
		decoded, _ := pem.Decode([]byte(certificate))
		parsed, err := x509.ParseCertificate(decoded.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		want.AddCert(parsed)
		if _, err := parsed.Verify(x509.VerifyOptions{Roots: pool}); err != nil {
			t.Errorf("%s isn't trusted: %v", parsed.Subject, err)
		}
	}
	if !pool.Equal(want) {
		t.Error("the pool isn't the system's with the certificates added")
	}
}

func TestCA(t *testing.T) {
	t.Parallel()
	first, key := harness.NewCertificate(t, "first")
	second, _ := harness.NewCertificate(t, "second")
	third, _ := harness.NewCertificate(t, "third")
	withCA := func(bundle string) Block {
		return Block{APIKey: new("key"), CACertPEM: new(bundle)}
	}
	none := Block{APIKey: new("key")}
	for name, c := range map[string]struct {
		block Block
		file  string // content of the file that TOFUPILOT_CA_CERT names
		want  []string
	}{
		"argument":                  {withCA(first), "", []string{first}},
		"file":                      {none, first, []string{first}},
		"argument and file":         {withCA(first), second, []string{first}},
		"argument and invalid file": {withCA(first), "garbage", []string{first}},
		"bundle of three":           {none, first + second + third, []string{first, second, third}},
		"bundle with comments":      {withCA("# first\n" + first + "\n\n# third\r\n" + third), "", []string{first, third}},
		"certificate with a key":    {none, key + first, []string{first}},
		"a duplicate":               {none, first + first, []string{first}},
		"a byte-order mark":         {withCA(byteOrderMark + first), "", []string{first}},
		"an old PEM type":           {none, useX509Type(first) + second, []string{first, second}},
		"two parts with a mark":     {none, byteOrderMark + first + byteOrderMark + second, []string{first, second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{}
			if c.file != "" {
				env[EnvCACert] = writeFile(t, c.file)
			}
			got, problems := resolve(t, c.block, env)
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
	damaged := harness.EncodePEM("CERTIFICATE", []byte("no ASN.1"))
	decoded, _ := pem.Decode([]byte(good))
	trusted := harness.EncodePEM("TRUSTED CERTIFICATE", append(decoded.Bytes, 0x30, 0x00))
	const openssl = "RUSTED CERTIFICATE is a format of OpenSSL's own; convert it with `openssl x509 -in FILE -out FILE.pem`, one certificate at a time."
	const none = "o certificate found; a certificate in PEM begins with -----BEGIN CERTIFICATE-----."
	for name, c := range map[string]struct{ content, words string }{
		"empty":                            {"", none},
		"garbage":                          {"garbage", none},
		"a key instead":                    {key, "o certificate found, only: PRIVATE KEY; give the CA certificate instead."},
		"cut off":                          {good[:len(good)/2], "1 of 1 certificate can't be decoded"},
		"cut off after another":            {good + good[:len(good)/2], "1 of 2 certificates can't be decoded"},
		"in one line":                      {strings.ReplaceAll(good, "\n", " "), "1 of 1 certificate can't be decoded"},
		"indented":                         {good + strings.ReplaceAll("\n"+good, "\n", "\n  "), "without spaces in front"},
		"one of two is damaged":            {good + damaged, "ertificate 2 of the bundle is damaged"},
		"first of two is damaged":          {damaged + good, "ertificate 1 of the bundle is damaged"},
		"an old PEM type, cut off":         {good + useX509Type(good)[:len(good)/2], "1 of 2 certificates can't be decoded"},
		"an unsupported curve":             {readBrainpool(t), "one of the bundle's certificates can be used: certificate 1: x509: unsupported elliptic curve."},
		"OpenSSL's PEM type":               {trusted, openssl},
		"a certificate and OpenSSL's type": {good + trusted, openssl},
		"OpenSSL's type, cut off":          {trusted[:len(trusted)/2], openssl},
		"UTF-16":                           {string(encodeUTF16(binary.LittleEndian, good)), "he text is in UTF-16; save it as UTF-8."},
		"UTF-16, big-endian":               {string(encodeUTF16(binary.BigEndian, good)), "he text is in UTF-16; save it as UTF-8."},
		"DER":                              {string(decoded.Bytes), "his is a certificate in DER, not in PEM; convert it with `openssl x509 -inform der -in FILE -out FILE.pem`, or on Windows with `certutil -encode FILE FILE.pem`."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := Block{APIKey: new("key")}
			file := writeFile(t, c.content)
			checkReadError(t, block, environment{EnvCACert: file}, "Invalid TOFUPILOT_CA_CERT", file+": ", c.words)
			if _, err := ParseCACertPEM(c.content); strings.Contains(err.Error(), `use file("…")`) != (c.content == "garbage") {
				t.Errorf("the advice about a path: %s", err)
			}
			block.CACertPEM = new(c.content)
			checkArgumentError(t, block, nil, "ca_cert_pem", c.words)
		})
	}
}

// TestUnreadableCertificates checks that a certificate that Go doesn't support is skipped if there
// are others. A PEM block that isn't a well-formed certificate is an error, because it may be a
// damaged copy of the one that is needed.
func TestUnreadableCertificates(t *testing.T) {
	t.Parallel()
	good, _ := harness.NewCertificate(t, "good")
	decoded, _ := pem.Decode([]byte(good))
	sequence := func(parts ...[]byte) string {
		content := slices.Concat(parts...)
		return harness.EncodePEM("CERTIFICATE", append([]byte{0x30, byte(len(content))}, content...))
	}
	empty, bits := []byte{0x30, 0x00}, []byte{0x03, 0x01, 0x00}
	for name, c := range map[string]struct {
		bundle  string
		skipped []string
		err     string
	}{
		"no unsupported one":               {good, nil, ""},
		"a curve, first":                   {readBrainpool(t) + good, []string{"certificate 1: x509: unsupported elliptic curve"}, ""},
		"a curve, last":                    {good + good + readBrainpool(t), []string{"certificate 3: x509: unsupported elliptic curve"}, ""},
		"a curve, with the old PEM type":   {useX509Type(readBrainpool(t)) + good, []string{"certificate 1: x509: unsupported elliptic curve"}, ""},
		"two":                              {readBrainpool(t) + good + sequence(empty, empty, bits), []string{"certificate 1: x509: unsupported elliptic curve", "certificate 3: x509: malformed serial number"}, ""},
		"two unsupported ones only":        {readBrainpool(t) + readBrainpool(t), nil, "none of the bundle's certificates can be used: certificate 1: x509: unsupported elliptic curve"},
		"an unsupported and a damaged one": {readBrainpool(t) + good + harness.EncodePEM("CERTIFICATE", decoded.Bytes[:100]), nil, "certificate 3 of the bundle is damaged: x509: malformed certificate"},
		"trailing data":                    {good + harness.EncodePEM("CERTIFICATE", append(decoded.Bytes, 0)), nil, "certificate 2 of the bundle is damaged: x509: trailing data"},
		"no signature":                     {good + sequence(empty, empty), nil, "certificate 2 of the bundle is damaged: "},
		"a fourth part":                    {good + sequence(empty, empty, bits, bits), nil, "certificate 2 of the bundle is damaged: "},
		"parts of other types":             {good + sequence(empty, bits, bits), nil, "certificate 2 of the bundle is damaged: "},
		"an empty one":                     {good + harness.EncodePEM("CERTIFICATE", nil), nil, "certificate 2 of the bundle is damaged: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseCACertPEM(c.bundle)
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.err) {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var skipped []string
			for _, err := range got.Skipped {
				skipped = append(skipped, err.Error())
			}
			if !slices.Equal(skipped, c.skipped) {
				t.Errorf("skipped %q, want %q", skipped, c.skipped)
			}
			checkTrust(t, got.pool(), good)
		})
	}
}

func TestSystemCAsAdvice(t *testing.T) {
	t.Parallel()
	const store = "This machine's certificate store has no certificate that can be read: "
	for _, c := range []struct {
		env  environment
		want string
	}{
		{environment{}, store + "install the package ca-certificates, or let this user read its files."},
		{environment{"SSL_CERT_FILE": "/ca.pem"}, store + "correct or unset SSL_CERT_FILE (/ca.pem)."},
		{environment{"SSL_CERT_DIR": "/a:/b"}, store + "correct or unset SSL_CERT_DIR (/a:/b)."},
		{environment{"SSL_CERT_FILE": "/ca.pem", "SSL_CERT_DIR": "/certs"}, store + "correct or unset SSL_CERT_FILE (/ca.pem) and SSL_CERT_DIR (/certs)."},
	} {
		settings, _ := resolve(t, Block{}, c.env)
		if got := settings.SystemCAs(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestCAPathIsAbsoluteInErrors checks the path in errors, because -chdir changes a relative one.
func TestCAPathIsAbsoluteInErrors(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	checkReadError(t, Block{APIKey: new("key")}, environment{EnvCACert: "missing.pem"}, "Invalid TOFUPILOT_CA_CERT",
		"The file "+filepath.Join(here, "missing.pem")+" can't be read: ")
}

// readBrainpool returns a certificate with a curve that Go doesn't support, in PEM.
func readBrainpool(t *testing.T) string {
	t.Helper()
	stored, err := os.ReadFile("testdata/brainpool.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(stored)
}

// useX509Type replaces the PEM type with that of early versions of OpenSSL.
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
