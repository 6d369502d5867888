package release_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
)

// registry serves one release with the provider registry protocol:
// https://developer.hashicorp.com/terraform/internals/provider-registry-protocol.
type registry struct {
	*assets
	pluginProtocols []string
	url             string
}

// newRegistry returns a registry on loopback that runs until the test ends.
func newRegistry(t *testing.T, a *assets) *registry {
	t.Helper()
	r := &registry{assets: a, pluginProtocols: a.protocols(t)}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /v1/providers/tofupilot/tofupilot/versions", r.versions)
	routes.HandleFunc("GET /v1/providers/tofupilot/tofupilot/{version}/download/{os}/{arch}", r.download)
	routes.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServer(http.Dir(a.dir))))
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *registry) versions(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{"versions": []any{map[string]any{
		"version":   r.version,
		"protocols": r.pluginProtocols,
		"platforms": []any{map[string]any{"os": runtime.GOOS, "arch": runtime.GOARCH}},
	}}})
}

func (r *registry) download(w http.ResponseWriter, request *http.Request) {
	if request.PathValue("version") != r.version || request.PathValue("os")+"_"+request.PathValue("arch") != platform {
		http.NotFound(w, request)
		return
	}
	// The checksum is that in SHA256SUMS, as in the registries. So Terraform rejects a zip that was
	// changed after SHA256SUMS was written.
	writeJSON(w, map[string]any{
		"protocols":             r.pluginProtocols,
		"os":                    runtime.GOOS,
		"arch":                  runtime.GOARCH,
		"filename":              r.zip(),
		"download_url":          r.url + "/assets/" + r.zip(),
		"shasum":                r.checksum(r.zip()),
		"shasums_url":           r.url + "/assets/" + r.sums(),
		"shasums_signature_url": r.url + "/assets/" + r.signature(),
		"signing_keys": map[string]any{"gpg_public_keys": []any{
			map[string]any{"key_id": r.keyID, "ascii_armor": r.publicKey},
		}},
	})
}

func writeJSON(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(content) // if it fails, so does terraform, and the test reports that
}
