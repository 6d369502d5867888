package acceptance

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestSystemCertificates checks that the system's certificates are trusted together with ca_cert_pem, and
// that the error says which variables to correct if they can't be read. Each case runs Terraform, because
// a process reads the system's certificates only once.
func TestSystemCertificates(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("SSL_CERT_FILE and SSL_CERT_DIR have no effect on this system")
	}
	target := serveTLS(tlsOptions{trusted: true})(t)
	directory := t.TempDir()
	emptyDirectory := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		file := filepath.Join(directory, name)
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	other, _ := harness.NewCertificate(t, "other")
	unreadable := write("unreadable.pem", "", 0)
	missing := filepath.Join(directory, "missing.pem")
	const noStore = "Error: This machine has no CA certificates"
	advice := func(file string) string {
		return "no certificate that can be read: correct or unset SSL_CERT_FILE (" + file + ") and SSL_CERT_DIR (" + emptyDirectory + ")."
	}
	w := harness.NewWorkingDir(t, "")
	for name, c := range map[string]struct { //nolint:paralleltest // The cases share the directory.
		file   string   // SSL_CERT_FILE
		caCert string   // ca_cert_pem
		want   []string // parts of the error; nil: the plan succeeds
	}{
		"a directory instead of a file":                      {directory, "", []string{noStore, "x509: failed to load system roots and no roots provided", "is a directory", advice(directory)}},
		"a file that can't be read":                          {unreadable, "", []string{noStore, advice(unreadable)}},
		"a missing file":                                     {missing, "", []string{noStore, "x509: certificate signed by unknown authority", advice(missing)}},
		"a file without the server's CA":                     {write("other.pem", other, 0o600), "", []string{"Error: " + untrusted}},
		"a file with the server's CA":                        {write("server.pem", target.CACert, 0o600), "", nil},
		"a directory, and the server's CA in ca_cert_pem":    {directory, target.CACert, nil},
		"a missing file, and the server's CA in ca_cert_pem": {missing, target.CACert, nil},
		"a missing file, and another CA in ca_cert_pem":      {missing, other, []string{"Error: " + untrusted, advice(missing)}},
	} {
		t.Run(name, func(t *testing.T) {
			arguments := []string{"url = " + harness.Quote(target.URL)}
			if c.caCert != "" {
				arguments = append(arguments, "ca_cert_pem = "+harness.Quote(c.caCert))
			}
			w.Write(t, "case.tf", harness.Block(`provider "tofupilot"`, arguments...)+harness.Procedures("all"))
			w.Environment = []string{"TOFUPILOT_API_KEY=" + fakeapi.Key, "SSL_CERT_FILE=" + c.file, "SSL_CERT_DIR=" + emptyDirectory}
			output, err := w.Run(t, "plan", "-no-color", "-input=false")
			if c.want == nil && err != nil {
				t.Errorf("%v: %s", err, output)
			}
			if c.want != nil && err == nil {
				t.Errorf("the plan succeeded, want %q", c.want)
			}
			if !harness.OutputPattern(c.want...).MatchString(output) { // nil: matches everything
				t.Errorf("want %q: %s", c.want, output)
			}
			if strings.Contains(output, "Install") {
				t.Errorf("the error advises to install certificates, although the variables are wrong: %s", output)
			}
		})
	}
}
