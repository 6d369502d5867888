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

// assets contains the files of a release, with the names that provider registries require. It also
// contains the public key for their signature.
type assets struct {
	dir       string
	version   string
	publicKey string // in ASCII armor
	keyID     string
	files     map[string][]byte // by name
}

func (a *assets) name(suffix string) string { return project + "_" + a.version + "_" + suffix }
func (a *assets) zip() string               { return a.name(platform + ".zip") }
func (a *assets) sums() string              { return a.name("SHA256SUMS") }
func (a *assets) signature() string         { return a.name("SHA256SUMS.sig") }
func (a *assets) manifest() string          { return a.name("manifest.json") }

// binary returns the name of the executable in the zip.
func (a *assets) binary() string {
	if runtime.GOOS == "windows" {
		return project + "_v" + a.version + ".exe"
	}
	return project + "_v" + a.version
}

// protocols returns the versions of the plugin protocol. A registry takes them from the manifest.
func (a *assets) protocols(t *testing.T) []string {
	t.Helper()
	var content struct {
		Version  int `json:"version"`
		Metadata struct {
			ProtocolVersions []string `json:"protocol_versions"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(a.files[a.manifest()], &content); err != nil || content.Version != 1 {
		t.Fatalf("manifest: version %d, %v; want version 1", content.Version, err)
	}
	return content.Metadata.ProtocolVersions
}

// loadAssets loads the assets from the directory in which GoReleaser built them, or to which they were
// downloaded, and the public key from keyFile.
func loadAssets(t *testing.T, dir, keyFile string) *assets {
	t.Helper()
	a := &assets{dir: dir, publicKey: string(readFile(t, keyFile)), files: map[string][]byte{}}
	sums, err := filepath.Glob(filepath.Join(dir, project+"_*_SHA256SUMS"))
	if err != nil || len(sums) != 1 {
		t.Fatalf("%s must contain one SHA256SUMS: got %v, %v", dir, sums, err)
	}
	a.version = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(sums[0]), project+"_"), "_SHA256SUMS")
	for _, name := range []string{a.sums(), a.signature()} {
		a.files[name] = readFile(t, filepath.Join(dir, name))
	}
	for line := range strings.Lines(string(a.files[a.sums()])) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		a.files[name] = readFile(t, filepath.Join(dir, name))
	}
	keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(a.publicKey))
	if err != nil || len(keys) != 1 {
		t.Fatalf("%s must contain one public key: got %d, %v", keyFile, len(keys), err)
	}
	a.keyID = keys[0].PrimaryKey.KeyIdString()
	return a
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
