// Package release_test installs the provider as its users do: terraform init
// gets it from a registry, which serves the assets of a release, and checks
// version, checksums and signature itself.
package release_test

import (
	"archive/zip"
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestRelease takes the assets from the folder RELEASE_ASSETS, signed with the
// key whose public half is in the file RELEASE_KEY. make release-check has GoReleaser
// put them there, and the release workflow downloads them.
func TestRelease(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("RELEASE_ASSETS")
	if dir == "" {
		t.Skip("RELEASE_ASSETS names no release: run make release-check")
	}
	release := load(t, dir, os.Getenv("RELEASE_KEY"))
	t.Run("assets", func(t *testing.T) { t.Parallel(); checkAssets(t, release) })
	t.Run("installs", func(t *testing.T) { t.Parallel(); checkInstalls(t, release) })
}

// listed is the checksum that SHA256SUMS has for an asset; empty if none.
func (a *assets) listed(name string) string {
	for line := range strings.Lines(string(a.files[a.sums()])) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[1] == name {
			return fields[0]
		}
	}
	return ""
}

// checkAssets holds the assets to what registries ask for and Terraform itself
// doesn't look at.
func checkAssets(t *testing.T, a *assets) {
	t.Helper()
	for name, content := range a.files {
		got, want := a.listed(name), sha256sum(content)
		// Terraform's registry refuses checksums of anything else.
		if !strings.HasSuffix(name, ".zip") && name != a.manifest() {
			want = ""
		}
		if got != want {
			t.Errorf("SHA256SUMS has %q for %s; want %q", got, name, want)
		}
	}
	if got := a.protocols(t); !slices.Equal(got, []string{"6.0"}) {
		t.Errorf("protocols %q", got)
	}
	keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(a.key))
	if err != nil {
		t.Fatal(err)
	}
	// In armor, a signature isn't taken for one here, nor by a registry.
	if _, err := openpgp.CheckDetachedSignature(keys, bytes.NewReader(a.files[a.sums()]), bytes.NewReader(a.files[a.signature()]), nil); err != nil {
		t.Errorf("signature: %v", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(a.files[a.zip()]), int64(len(a.files[a.zip()])))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(archive.File, func(f *zip.File) bool { return f.Name == a.binary() })
	if at < 0 {
		t.Fatalf("no %s in the zip", a.binary())
	}
	if size := archive.File[at].UncompressedSize64; size > 20<<20 {
		t.Errorf("%s has %d bytes: what made it larger than 20 MiB?", a.binary(), size)
	}
	if mode := archive.File[at].Mode(); mode.Perm() != 0o755 {
		t.Errorf("%s has mode %s", a.binary(), mode)
	}
}

// checkInstalls has Terraform install the provider, then plan with it.
func checkInstalls(t *testing.T, a *assets) {
	t.Helper()
	dir := workspace(t, publish(t, a))
	said, err := terraform(t, dir, nil, "init")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Log(said)
	for _, want := range []string{"Installed tofupilot/tofupilot v" + a.version, "key ID " + a.keyID} {
		if !strings.Contains(said, want) {
			t.Errorf("init doesn't say %q", want)
		}
	}
	lock := string(read(t, filepath.Join(dir, ".terraform.lock.hcl")))
	for _, want := range []string{`= "` + a.version + `"`, `"h1:`, `"zh:` + a.listed(a.zip()) + `"`} {
		if !strings.Contains(lock, want) {
			t.Errorf("the lock file doesn't have %s:\n%s", want, lock)
		}
	}

	api := fakeapi.New(fakeapi.Example2026())
	server := httptest.NewServer(api)
	defer server.Close()
	said, err = terraform(t, dir, []string{"TOFUPILOT_URL=" + server.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key}, "plan")
	if err != nil || !strings.Contains(said, fakeapi.Example2026().ID) {
		t.Fatalf("plan: %v\n%s", err, said)
	}
	// The linker has told the provider its version.
	if agent := api.Requests()[0].Header.Get("User-Agent"); !strings.Contains(agent, project+"/"+a.version+" ") {
		t.Errorf("the provider calls itself %q", agent)
	}
}
