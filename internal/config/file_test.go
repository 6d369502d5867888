//go:build unix

package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// TestOnlyRegularFiles checks that a file that isn't regular, or is too large, is an error. Reading
// it could block, or use much memory.
func TestOnlyRegularFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		create      func(file string) error
		description string // of the file, in the error
	}{
		"directory":    {func(file string) error { return os.Mkdir(file, 0o700) }, "a directory"},
		"pipe":         {func(file string) error { return syscall.Mkfifo(file, 0o600) }, "a pipe"},
		"device":       {func(file string) error { return os.Symlink("/dev/zero", file) }, "a device or a socket"},
		"empty device": {func(file string) error { return os.Symlink("/dev/null", file) }, "a device or a socket"},
		"huge file": {func(file string) error {
			return errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, 1<<40))
		}, "larger"},
		"one byte too large": {func(file string) error {
			return os.WriteFile(file, []byte(strings.Repeat(" ", 16<<20+1)), 0o600)
		}, "larger"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := filepath.Join(t.TempDir(), "ca.pem")
			if err := c.create(ca); err != nil {
				t.Fatal(err)
			}
			words := ca + " must be a regular file of at most 16 MiB, but it is " + c.description + "; correct the path, or set the provider's ca_cert_pem instead."
			checkReadError(t, Block{APIKey: new("key")}, environment{EnvCACert: ca}, "Invalid TOFUPILOT_CA_CERT", words)
			env, login := newHome(t, loginJSON("https://tofupilot.example.com", `"ca_cert": `+quoteJSON(ca)))
			checkReadError(t, Block{}, env, "The login file can't be used", "The ca_cert of the login file "+login+": "+words)

			if err := errors.Join(os.Remove(login), c.create(login)); err != nil {
				t.Fatal(err)
			}
			checkReadError(t, Block{}, env, "The login file can't be used",
				"The login file "+login+" must be a regular file of at most 1 MiB, but it is "+c.description+". Run `tofupilot login` again, or set TOFUPILOT_API_KEY instead, and TOFUPILOT_URL for a self-hosted server.")
		})
	}
}

// TestLargestFiles checks that a certificate file of 16 MiB, read through a symbolic link, and a login
// file of 1 MiB can be used.
func TestLargestFiles(t *testing.T) {
	t.Parallel()
	certificate, _ := harness.NewCertificate(t, "authority")
	file := writeFile(t, certificate+strings.Repeat("\n", 16<<20-len(certificate)))
	link := filepath.Join(t.TempDir(), "link.pem")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	login := loginJSON("https://tofupilot.example.com")
	env, _ := newHome(t, login+strings.Repeat(" ", 1<<20-len(login)))
	env[EnvCACert] = link
	got, problems := resolve(t, Block{}, env)
	if len(problems) > 0 || got.APIKey != storedKey {
		t.Fatal(problems)
	}
	checkTrust(t, got.RootCAs, certificate)
}
