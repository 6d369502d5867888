// Package release_test installs the provider as its users do. A local registry serves the
// assets of a release, and terraform init checks version, checksums and signature.
package release_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestRelease checks the assets in the directory that RELEASE_ASSETS names and installs the provider
// from them. RELEASE_KEY names the file with the public key. The test is run by "make release-check",
// which builds the assets, and by the release workflow, which downloads them.
func TestRelease(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("RELEASE_ASSETS")
	if dir == "" {
		t.Skip("RELEASE_ASSETS isn't set: run make release-check")
	}
	release := loadAssets(t, dir, os.Getenv("RELEASE_KEY"))
	t.Run("assets", func(t *testing.T) { t.Parallel(); checkAssets(t, release) })
	t.Run("install", func(t *testing.T) { t.Parallel(); checkInstall(t, release) })
}

// checksum returns the checksum that SHA256SUMS contains for an asset, or an empty string.
func (a *assets) checksum(name string) string {
	for line := range strings.Lines(string(a.files[a.sums()])) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[1] == name {
			return fields[0]
		}
	}
	return ""
}

// checkAssets checks what the registries require, but terraform init doesn't check.
func checkAssets(t *testing.T, a *assets) {
	t.Helper()
	for name, content := range a.files {
		want := ""
		// Terraform's registry rejects SHA256SUMS if it lists files other than zips and the manifest.
		if strings.HasSuffix(name, ".zip") || name == a.manifest() {
			want = fmt.Sprintf("%x", sha256.Sum256(content))
		}
		if got := a.checksum(name); got != want {
			t.Errorf("SHA256SUMS: got %q for %s, want %q", got, name, want)
		}
	}
	if got, want := a.protocols(t), []string{"6.0"}; !slices.Equal(got, want) {
		t.Errorf("got protocols %q, want %q", got, want)
	}
	archive, err := zip.NewReader(bytes.NewReader(a.files[a.zip()]), int64(len(a.files[a.zip()])))
	if err != nil {
		t.Fatal(err)
	}
	index := slices.IndexFunc(archive.File, func(f *zip.File) bool { return f.Name == a.binary() })
	if index < 0 {
		t.Fatalf("no %s in the zip", a.binary())
	}
	binary := archive.File[index]
	if size := binary.UncompressedSize64; size > 20<<20 { // a little above the size today, to notice growth
		t.Errorf("%s has %d bytes, more than 20 MiB", a.binary(), size)
	}
	if mode := binary.Mode(); mode.Perm() != 0o755 {
		t.Errorf("%s has mode %s, want 0755", a.binary(), mode)
	}
}

// checkInstall installs the provider with terraform init, and plans a read with it. Like the registries,
// init rejects a signature that is wrong or in ASCII armor.
func checkInstall(t *testing.T, a *assets) {
	t.Helper()
	dir := newWorkingDir(t, newRegistry(t, a))
	output, err := runTerraform(t, dir, nil, "init")
	if err != nil {
		t.Fatalf("init: %v\n%s", err, output)
	}
	t.Log(output)
	for _, want := range []string{"Installed tofupilot/tofupilot v" + a.version, "key ID " + a.keyID} {
		if !strings.Contains(output, want) {
			t.Errorf("no %q in the output of init", want)
		}
	}

	api := fakeapi.New(fakeapi.Example2026())
	server := httptest.NewServer(api)
	defer server.Close()
	output, err = runTerraform(t, dir, []string{"TOFUPILOT_URL=" + server.URL, "TOFUPILOT_API_KEY=" + fakeapi.Key}, "plan")
	if err != nil {
		t.Fatalf("plan: %v\n%s", err, output)
	}
	if !strings.Contains(output, fakeapi.Example2026().ID) {
		t.Errorf("no %q in the output of plan:\n%s", fakeapi.Example2026().ID, output)
	}
	// The build sets the version with a linker flag.
	if agent := api.Requests()[0].Header.Get("User-Agent"); !strings.Contains(agent, project+"/"+a.version+" ") {
		t.Errorf("got User-Agent %q, want version %s in it", agent, a.version)
	}
}
