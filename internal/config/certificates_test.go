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

// write puts a text into a new file and returns the file's path.
func write(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// expectTrust expects the pool to trust the certificates beside the system's.
func expectTrust(t *testing.T, pool *x509.CertPool, certificates ...string) {
	t.Helper()
	if pool == nil {
		t.Fatal("there is no pool: only the system's roots are trusted")
	}
	want, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	for _, certificate := range certificates {
		block, _ := pem.Decode([]byte(certificate))
		parsed, err := x509.ParseCertificate(block.Bytes)
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
		model Block
		file  string // content of the file that the variable names
		want  []string
	}{
		"attribute":               {withCA(first), "", []string{first}},
		"file":                    {none, first, []string{first}},
		"attribute over file":     {withCA(first), second, []string{first}},
		"attribute over bad file": {withCA(first), "garbage", []string{first}},
		"bundle of three":         {none, first + second + third, []string{first, second, third}},
		"bundle with comments":    {withCA("# first\n" + first + "\n\n# third\r\n" + third), "", []string{first, third}},
		"certificate with a key":  {none, key + first, []string{first}},
		"one twice":               {none, first + first, []string{first}},
		"byte-order mark":         {withCA(byteOrderMark + first), "", []string{first}},
		"an old name of the type": {none, x509Named(first) + second, []string{first, second}},
		"one in each part":        {none, byteOrderMark + first + byteOrderMark + second, []string{first, second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{}
			if c.file != "" {
				env[EnvCACert] = write(t, c.file)
			}
			got, problems := resolve(t, c.model, env)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			expectTrust(t, got.RootCAs, c.want...)
		})
	}
}

func TestCAErrors(t *testing.T) {
	t.Parallel()
	good, key := harness.NewCertificate(t, "good")
	damaged := harness.EncodePEM("CERTIFICATE", []byte("no ASN.1"))
	block, _ := pem.Decode([]byte(good))
	trusted := harness.EncodePEM("TRUSTED CERTIFICATE", append(block.Bytes, 0x30, 0x00))
	const openssl = "RUSTED CERTIFICATE is a format of OpenSSL's own; convert it with `openssl x509 -in FILE -out FILE.pem`, one certificate at a time."
	const none = "o certificate found; a certificate in PEM begins with -----BEGIN CERTIFICATE-----."
	for name, c := range map[string]struct{ content, words string }{
		"empty":                   {"", none},
		"garbage":                 {"garbage", none},
		"a key instead":           {key, "o certificate found, only: PRIVATE KEY; give the CA certificate instead."},
		"cut off":                 {good[:len(good)/2], "1 of 1 certificate can't be decoded"},
		"cut off after another":   {good + good[:len(good)/2], "1 of 2 certificates can't be decoded"},
		"in one line":             {strings.ReplaceAll(good, "\n", " "), "1 of 1 certificate can't be decoded"},
		"indented":                {good + strings.ReplaceAll("\n"+good, "\n", "\n  "), "without spaces in front"},
		"one of two is damaged":   {good + damaged, "ertificate 2 of the bundle is damaged"},
		"first of two is damaged": {damaged + good, "ertificate 1 of the bundle is damaged"},
		"old name, cut off":       {good + x509Named(good)[:len(good)/2], "1 of 2 certificates can't be decoded"},
		"a curve of another kind": {brainpool(t), "one of the bundle's certificates can be used: certificate 1: x509: unsupported elliptic curve."},
		"OpenSSL's own type":      {trusted, openssl},
		"OpenSSL's own, and one":  {good + trusted, openssl},
		"OpenSSL's own, cut off":  {trusted[:len(trusted)/2], openssl},
		"UTF-16":                  {string(utf16Text(binary.LittleEndian, good)), "he text is in UTF-16; save it as UTF-8."},
		"UTF-16, big-endian":      {string(utf16Text(binary.BigEndian, good)), "he text is in UTF-16; save it as UTF-8."},
		"DER":                     {string(block.Bytes), "his is a certificate in DER, not in PEM; convert it with `openssl x509 -inform der -in FILE -out FILE.pem`, or on Windows with `certutil -encode FILE FILE.pem`."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model := Block{APIKey: new("key")}
			file := write(t, c.content)
			expectProblem(t, model, environment{EnvCACert: file}, "", "Invalid TOFUPILOT_CA_CERT", file+": ", c.words)
			if _, err := ParseCACertPEM(c.content); strings.Contains(err.Error(), `use file("…")`) != (c.content == "garbage") {
				t.Errorf("of a path, it says: %s", err)
			}
			model.CACertPEM = new(c.content)
			expectProblem(t, model, nil, "ca_cert_pem", "Invalid ca_cert_pem", c.words)
		})
	}
}

// A certificate that Go can't read does no harm beside the one that is needed. What isn't the
// structure of a certificate may be what is left of the one that is needed.
func TestUnreadableCertificates(t *testing.T) {
	t.Parallel()
	good, _ := harness.NewCertificate(t, "good")
	block, _ := pem.Decode([]byte(good))
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
		"none":                     {good, nil, ""},
		"a curve, first":           {brainpool(t) + good, []string{"certificate 1: x509: unsupported elliptic curve"}, ""},
		"a curve, last":            {good + good + brainpool(t), []string{"certificate 3: x509: unsupported elliptic curve"}, ""},
		"a curve, by the old name": {x509Named(brainpool(t)) + good, []string{"certificate 1: x509: unsupported elliptic curve"}, ""},
		"two":                      {brainpool(t) + good + sequence(empty, empty, bits), []string{"certificate 1: x509: unsupported elliptic curve", "certificate 3: x509: malformed serial number"}, ""},
		"two, and no other":        {brainpool(t) + brainpool(t), nil, "none of the bundle's certificates can be used: certificate 1: x509: unsupported elliptic curve"},
		"one, and a damaged one":   {brainpool(t) + good + harness.EncodePEM("CERTIFICATE", block.Bytes[:100]), nil, "certificate 3 of the bundle is damaged: x509: malformed certificate"},
		"something after it":       {good + harness.EncodePEM("CERTIFICATE", append(block.Bytes, 0)), nil, "certificate 2 of the bundle is damaged: x509: trailing data"},
		"no signature":             {good + sequence(empty, empty), nil, "certificate 2 of the bundle is damaged: "},
		"a fourth part":            {good + sequence(empty, empty, bits, bits), nil, "certificate 2 of the bundle is damaged: "},
		"parts of other types":     {good + sequence(empty, bits, bits), nil, "certificate 2 of the bundle is damaged: "},
		"nothing":                  {good + harness.EncodePEM("CERTIFICATE", nil), nil, "certificate 2 of the bundle is damaged: "},
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
			expectTrust(t, got.pool(), good)
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

// A path counts from the directory in which the provider runs, which -chdir changes.
func TestCAPathIsAbsoluteInErrors(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	expectProblem(t, Block{APIKey: new("key")}, environment{EnvCACert: "missing.pem"}, "", "Invalid TOFUPILOT_CA_CERT",
		"The file "+filepath.Join(here, "missing.pem")+" can't be read: ")
}

func TestWrongCABesideLogin(t *testing.T) {
	t.Parallel()
	env, login := homeWith(t, credentials("https://tofupilot.example.com", `"ca_cert": `+quoted(beginCertificate)))
	expectProblem(t, Block{}, env, "", "The login file can't be used",
		"The ca_cert of the login file "+login+": this must be the path of a file, but it is a certificate;")
	expectProblem(t, Block{}, with(env, EnvCACert, `"ca.pem"`), "", "Invalid TOFUPILOT_CA_CERT", "The value has quotes around it; remove them.")
}

// brainpool returns a certificate whose curve Go doesn't support, in PEM.
func brainpool(t *testing.T) string {
	t.Helper()
	stored, err := os.ReadFile("testdata/brainpool.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(stored)
}

// x509Named gives certificates in PEM the type that early versions of OpenSSL wrote.
func x509Named(certificates string) string {
	return strings.ReplaceAll(certificates, " CERTIFICATE-----", " X509 CERTIFICATE-----")
}

// utf16Text is a text as some editors on Windows save it.
func utf16Text(order binary.AppendByteOrder, text string) (content []byte) {
	for _, unit := range utf16.Encode([]rune(byteOrderMark + text)) {
		content = order.AppendUint16(content, unit)
	}
	return content
}
