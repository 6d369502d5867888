package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// What the process that the test below starts is told.
const (
	envPublicURL  = "TEST_PUBLIC_URL"
	envPrivateURL = "TEST_PRIVATE_URL"
	envPrivateCA  = "TEST_PRIVATE_CA"
)

// ca_cert_pem adds to the system's roots: with it, a server that the system
// trusts is still trusted, and a private one is as well. Go reads the system's roots once, so that this takes a process of its
// own, whose system trusts an authority of ours.
func TestConfiguredAuthoritiesAreAddedToTheSystems(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("this system's roots can't be given by SSL_CERT_FILE")
	}
	if os.Getenv(envPublicURL) != "" {
		expectBothAuthorities(t)
		return
	}
	public, private := secure(certified{known: true})(t), secure(certified{known: true})(t)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, []byte(public.Authority), 0o600); err != nil {
		t.Fatal(err)
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), "SSL_CERT_FILE="+roots, "SSL_CERT_DIR="+t.TempDir(),
		envPublicURL+"="+public.URL, envPrivateURL+"="+private.URL, envPrivateCA+"="+private.Authority)
	if said, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
	if len(public.Asked()) != 2 || len(private.Asked()) != 1 {
		t.Errorf("the public server was asked %d times, the private one %d times", len(public.Asked()), len(private.Asked()))
	}
}

func expectBothAuthorities(t *testing.T) {
	t.Helper()
	for name, c := range map[string]struct {
		url       string
		authority any // null: none is configured
		trusted   bool
	}{
		"public":                        {os.Getenv(envPublicURL), nil, true},
		"private":                       {os.Getenv(envPrivateURL), nil, false},
		"public, though one is added":   {os.Getenv(envPublicURL), os.Getenv(envPrivateCA), true},
		"private, because one is added": {os.Getenv(envPrivateURL), os.Getenv(envPrivateCA), true},
	} {
		server := configured(t, harness.Values{"url": c.url, "api_key": fakeapi.Key, "ca_cert_pem": c.authority})
		diagnostics := server.Read(t, "tofupilot_procedures", harness.Values{}).Diagnostics
		if trusted := len(diagnostics) == 0; trusted != c.trusted {
			t.Errorf("%s: trusted is %t: %s", name, trusted, harness.Describe(diagnostics))
		}
	}
}
