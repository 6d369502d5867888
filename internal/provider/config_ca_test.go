package provider

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

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

func TestCertificatesComeFromTheAttributeElseFromTheFile(t *testing.T) {
	t.Parallel()
	first, key := harness.NewCertificate(t, "first")
	second, _ := harness.NewCertificate(t, "second")
	third, _ := harness.NewCertificate(t, "third")
	withCA := func(bundle string) providerModel {
		return providerModel{APIKey: types.StringValue("key"), CACertPEM: types.StringValue(bundle)}
	}
	none := providerModel{APIKey: types.StringValue("key")}
	for name, c := range map[string]struct {
		model providerModel
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{}
			if c.file != "" {
				env[envCACert] = write(t, c.file)
			}
			got, diags := resolve(t, c.model, env)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			expectTrust(t, got.rootCAs, c.want...)
		})
	}
}

func TestCertificatesThatCannotBeUsedAreAnErrorThatSaysWhereTheyAre(t *testing.T) {
	t.Parallel()
	good, key := harness.NewCertificate(t, "good")
	damaged := harness.InPEM("CERTIFICATE", []byte("no ASN.1"))
	for name, c := range map[string]struct{ content, words string }{
		"empty":                   {"", "there is no certificate in it; PEM text begins with -----BEGIN CERTIFICATE-----"},
		"garbage":                 {"garbage", "there is no certificate in it; PEM text begins with -----BEGIN CERTIFICATE-----"},
		"a key instead":           {key, "there is no certificate in it, only: PRIVATE KEY"},
		"cut off":                 {good[:len(good)/2], "there is no certificate in it"},
		"one of two is damaged":   {good + damaged, "certificate 2 of the bundle can't be read"},
		"first of two is damaged": {damaged + good, "certificate 1 of the bundle can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model := providerModel{APIKey: types.StringValue("key")}
			file := write(t, c.content)
			expectResolveError(t, model, environment{envCACert: file}, "ca_cert_pem", "Invalid ca_cert_pem",
				"The environment variable TOFUPILOT_CA_CERT names "+file+": "+c.words)
			model.CACertPEM = types.StringValue(c.content)
			expectResolveError(t, model, nil, "ca_cert_pem", "Invalid ca_cert_pem", "The provider's ca_cert_pem: "+c.words)
		})
	}
}

func TestFileOfCertificatesThatIsNotThereIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	model := providerModel{APIKey: types.StringValue("key")}
	for _, file := range []string{filepath.Join(t.TempDir(), "missing.pem"), t.TempDir()} {
		expectResolveError(t, model, environment{envCACert: file}, "ca_cert_pem", "Invalid ca_cert_pem",
			"The environment variable TOFUPILOT_CA_CERT names a CA certificate that can't be read", file, "set ca_cert_pem instead")
	}
}
