//go:build unix

package config

import (
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
	pipe := func(_ *testing.T, file string) error { return syscall.Mkfifo(file, 0o600) } // without a writer, reading it blocks
	link := func(target string) func(*testing.T, string) error {
		return func(_ *testing.T, file string) error { return os.Symlink(target, file) }
	}
	huge := func(_ *testing.T, file string) error {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			return err
		}
		return os.Truncate(file, 1<<40)
	}
	for what, c := range map[string]struct {
		create func(*testing.T, string) error
		is     string // as the error calls the file
	}{
		"directory":    {func(_ *testing.T, file string) error { return os.Mkdir(file, 0o700) }, "a directory"},
		"pipe":         {pipe, "a pipe"},
		"device":       {link("/dev/zero"), "a device or a socket"},
		"empty device": {link("/dev/null"), "a device or a socket"},
		"huge file":    {huge, "larger"},
		"one byte too large": {func(_ *testing.T, file string) error {
			return os.WriteFile(file, []byte(strings.Repeat(" ", 16<<20+1)), 0o600)
		}, "larger"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "ca.pem")
			if err := c.create(t, file); err != nil {
				t.Fatal(err)
			}
			const advice = "; correct the path, or set the provider's ca_cert_pem instead."
			reason := file + " must be a regular file of at most 16 MiB, but it is " + c.is
			checkReadError(t, Block{APIKey: new("key")}, environment{EnvCACert: file}, "Invalid TOFUPILOT_CA_CERT", reason+advice)
			env, login := newHome(t, loginJSON("https://tofupilot.example.com", `"ca_cert": `+quoteJSON(file)))
			checkReadError(t, Block{}, env, "The login file can't be used", "The ca_cert of the login file "+login+": "+reason+advice)

			if err := os.Remove(login); err != nil {
				t.Fatal(err)
			}
			if err := c.create(t, login); err != nil {
				t.Fatal(err)
			}
			checkReadError(t, Block{}, env, "The login file can't be used",
				"The login file "+login+" must be a regular file of at most 1 MiB, but it is "+c.is+". Run `tofupilot login` again, or set TOFUPILOT_API_KEY instead, and TOFUPILOT_URL for a self-hosted server.")
		})
	}
}

func TestLargestFiles(t *testing.T) {
	t.Parallel()
	certificate, _ := harness.NewCertificate(t, "authority")
	file := writeFile(t, certificate+strings.Repeat("\n", 16<<20-len(certificate)))
	link := filepath.Join(t.TempDir(), "link.pem")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	stored := loginJSON("https://tofupilot.example.com")
	env, _ := newHome(t, stored+strings.Repeat(" ", 1<<20-len(stored)))
	env[EnvCACert] = link
	got, problems := resolve(t, Block{}, env)
	if len(problems) > 0 || got.APIKey != storedKey {
		t.Fatal(problems)
	}
	checkTrust(t, got.RootCAs, certificate)
}
