package release_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
)

const (
	project  = "terraform-provider-tofupilot"
	platform = runtime.GOOS + "_" + runtime.GOARCH
)

// assets are the files of one release, by name, and the key that they are signed
// with. The names and forms are what a provider registry asks for.
type assets struct {
	version string
	key     string // public, in armor
	keyID   string
	files   map[string][]byte
}

func (a *assets) name(suffix string) string { return project + "_" + a.version + "_" + suffix }
func (a *assets) zip() string               { return a.name(platform + ".zip") }
func (a *assets) sums() string              { return a.name("SHA256SUMS") }
func (a *assets) signature() string         { return a.name("SHA256SUMS.sig") }
func (a *assets) manifest() string          { return a.name("manifest.json") }

// binary is what the executable in the zip is called.
func (a *assets) binary() string {
	if runtime.GOOS == "windows" {
		return project + "_v" + a.version + ".exe"
	}
	return project + "_v" + a.version
}

// protocols are the versions of the plugin protocol that the manifest promises:
// a registry has no other source for them.
func (a *assets) protocols(t *testing.T) []string {
	t.Helper()
	var content struct {
		Version  int `json:"version"`
		Metadata struct {
			ProtocolVersions []string `json:"protocol_versions"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(a.files[a.manifest()], &content); err != nil || content.Version != 1 {
		t.Fatalf("the manifest, version %d: %v", content.Version, err)
	}
	return content.Metadata.ProtocolVersions
}

// load takes the assets from a folder, GoReleaser's or one that a release was
// downloaded to, and the public key that goes with their signature.
func load(t *testing.T, dir, keyFile string) *assets {
	t.Helper()
	a := &assets{key: string(read(t, keyFile)), files: map[string][]byte{}}
	sums, err := filepath.Glob(filepath.Join(dir, project+"_*_SHA256SUMS"))
	if err != nil || len(sums) != 1 {
		t.Fatalf("one SHA256SUMS is needed in %s: %v, %v", dir, sums, err)
	}
	a.version = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(sums[0]), project+"_"), "_SHA256SUMS")
	for _, name := range []string{a.sums(), a.signature()} {
		a.files[name] = read(t, filepath.Join(dir, name))
	}
	for line := range strings.Lines(string(a.files[a.sums()])) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		a.files[name] = read(t, filepath.Join(dir, name))
	}
	keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(a.key))
	if err != nil || len(keys) != 1 {
		t.Fatalf("one public key is needed in %s: %v", keyFile, err)
	}
	a.keyID = keys[0].PrimaryKey.KeyIdString()
	return a
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
