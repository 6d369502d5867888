package release_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
)

// registry serves one release on loopback, by the provider registry protocol:
// https://developer.hashicorp.com/terraform/internals/provider-registry-protocol.
type registry struct {
	*assets
	says []string // versions of the plugin protocol
	base string   // URL
}

// publish serves the assets until the test ends.
func publish(t *testing.T, a *assets) *registry {
	t.Helper()
	r := &registry{assets: a, says: a.protocols(t)}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /v1/providers/tofupilot/tofupilot/versions", r.versions)
	routes.HandleFunc("GET /v1/providers/tofupilot/tofupilot/{version}/download/{os}/{arch}", r.download)
	routes.HandleFunc("GET /assets/{name}", r.asset)
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	r.base = server.URL
	return r
}

func (r *registry) versions(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"versions": []any{map[string]any{
		"version":   r.version,
		"protocols": r.says,
		"platforms": []any{map[string]any{"os": runtime.GOOS, "arch": runtime.GOARCH}},
	}}})
}

func (r *registry) download(w http.ResponseWriter, request *http.Request) {
	if request.PathValue("version") != r.version || request.PathValue("os")+"_"+request.PathValue("arch") != platform {
		http.NotFound(w, request)
		return
	}
	// Registries take the checksum from SHA256SUMS; so a zip that was changed
	// since doesn't have it.
	answer(w, map[string]any{
		"protocols":             r.says,
		"os":                    runtime.GOOS,
		"arch":                  runtime.GOARCH,
		"filename":              r.zip(),
		"download_url":          r.base + "/assets/" + r.zip(),
		"shasum":                r.listed(r.zip()),
		"shasums_url":           r.base + "/assets/" + r.sums(),
		"shasums_signature_url": r.base + "/assets/" + r.signature(),
		"signing_keys": map[string]any{"gpg_public_keys": []any{
			map[string]any{"key_id": r.keyID, "ascii_armor": r.key},
		}},
	})
}

func (r *registry) asset(w http.ResponseWriter, request *http.Request) {
	content, ok := r.files[request.PathValue("name")]
	if !ok {
		http.NotFound(w, request)
		return
	}
	_, _ = w.Write(content) // fails only when the client has gone
}

func answer(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(content) // fails only when the client has gone
}

func sha256sum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
