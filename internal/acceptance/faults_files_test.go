//go:build unix

package acceptance

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Files of the user's that never end, or never begin. Each of the sizes is held in
// internal/provider, file by file.
func TestFilesWithoutAnEndAreRefusedAtOnce(t *testing.T) {
	for what, c := range map[string]struct {
		create func(file string) error
		but    string
	}{
		"a device":    {func(file string) error { return os.Symlink("/dev/zero", file) }, "it is a device or a socket"},
		"a pipe":      {func(file string) error { return syscall.Mkfifo(file, 0o600) }, "it is a pipe"},
		"a terabyte":  {func(file string) error { return sparse(file, 1<<40) }, "it is larger"},
		"a directory": {func(file string) error { return os.Mkdir(file, 0o700) }, "it is a directory"},
	} {
		t.Run(what, func(t *testing.T) {
			api, url := harness.Serve(t)
			login := harness.LogIn(t, map[string]string{"api_key": storedKey, "base_url": url})
			if err := os.Remove(login); err != nil {
				t.Fatal(err)
			}
			if err := c.create(login); err != nil {
				t.Fatal(err)
			}
			expectFileRefused(t, harness.Values{"url": url}, harness.Error("", "The login file can't be used",
				"The login file "+login+" must be a regular file of at most 1 MiB, but "+c.but, "TOFUPILOT_API_KEY"))
			t.Setenv("TOFUPILOT_CA_CERT", login)
			expectFileRefused(t, harness.Values{"url": url, "api_key": fakeapi.Key}, harness.Error("", "Invalid TOFUPILOT_CA_CERT",
				login+" must be a regular file of at most 16 MiB, but "+c.but, "ca_cert_pem"))
			harness.ExpectNoRequests(t, "the server", api)
		})
	}
}

func expectFileRefused(t *testing.T, provider harness.Values, want harness.Diagnosis) {
	t.Helper()
	began := time.Now()
	harness.ExpectError(t, configured(t, provider).Read(t, "tofupilot_procedures", harness.Values{}).Diagnostics, want)
	if spent := time.Since(began); spent > quick {
		t.Errorf("it took %s", spent)
	}
}

func sparse(file string, size int64) error {
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	return os.Truncate(file, size)
}
