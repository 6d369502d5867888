package acceptance

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

func TestSecretsAreSensitive(t *testing.T) {
	t.Parallel()
	schema, err := provider.Server("test")().GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var sensitive []string
	for _, attribute := range schema.Provider.Block.Attributes {
		if attribute.Sensitive {
			sensitive = append(sensitive, attribute.Name)
		}
	}
	slices.Sort(sensitive)
	harness.CheckEqual(t, "sensitive arguments", sensitive, []string{"api_key", "client_key_pem", "headers"})
}

// TestKeyIsNotWritten checks that plan and apply write the API key to no output and to no file, if the
// key comes from the environment or from an ephemeral variable.
func TestKeyIsNotWritten(t *testing.T) {
	t.Parallel()
	mirror := harness.NewMirror(t)
	t.Run("environment", func(t *testing.T) {
		t.Parallel()
		testKeyIsNotWritten(t, mirror, harness.Block(`provider "tofupilot"`), "TOFUPILOT_API_KEY")
	})
	t.Run("ephemeral variable", func(t *testing.T) {
		t.Parallel()
		harness.RequireVersion(t, 10, 11) // ephemeral variables came with Terraform 1.10 and OpenTofu 1.11
		config := harness.Block(`variable "key"`, "type = string", "ephemeral = true") + harness.Block(`provider "tofupilot"`, "api_key = var.key")
		testKeyIsNotWritten(t, mirror, config, "TF_VAR_key")
	})
}

// testKeyIsNotWritten runs the cases of TestKeyIsNotWritten with a provider block. The environment
// variable keyVariable is set to the key.
func testKeyIsNotWritten(t *testing.T, mirror, providerConfig, keyVariable string) {
	t.Helper()
	w := harness.NewMirroredWorkingDir(t, mirror, providerConfig+harness.Procedures("all")+harness.Output("ids", "data.tofupilot_procedures.all.ids"))
	for name, c := range map[string]struct {
		target    targetFunc
		wantError string // of the plan; empty: none
	}{
		"a server without a fault":               {serveHandler(newAPI()), ""},
		"a server that fails at first":           {serveHandler(failFirstAttempts(newAPI(), echoKey(http.StatusInternalServerError))), ""},
		"a server that rejects the key":          {serveHandler(echoKey(http.StatusUnauthorized)), "The server doesn't accept the API key"},
		"a server that echoes the key in a page": {serveHandler(echoKey(http.StatusOK)), "The response isn't supported"},
		"a server that redirects":                {serveHandler(echoKey(http.StatusFound)), "The server redirects to another page"},
		"a server that sends more than the body": {serveHandler(sendKeyAfterResponse(newAPI())), ""},
		"HTTP/2":                                 {serveTLS(tlsOptions{trusted: true, http2: true}), ""},
	} {
		t.Run(name, func(t *testing.T) { // not parallel, because the cases share the directory
			target := c.target(t)
			// With http2debug, Go logs headers.
			w.Environment = []string{"TOFUPILOT_URL=" + target.URL, keyVariable + "=" + fakeapi.Key, "GODEBUG=http2debug=1"}
			if target.CACert != "" {
				file := filepath.Join(t.TempDir(), "ca.pem")
				if err := os.WriteFile(file, []byte(target.CACert), 0o600); err != nil {
					t.Fatal(err)
				}
				w.Environment = append(w.Environment, "TOFUPILOT_CA_CERT="+file)
			}
			artifacts, err := planAndApply(t, w)
			output := string(artifacts["output of plan"])
			switch {
			case c.wantError == "" && err != nil:
				t.Errorf("%v: %s", err, output)
			case c.wantError != "" && err == nil:
				t.Errorf("got no error, want %q", c.wantError)
			case !strings.Contains(output, c.wantError):
				t.Errorf("want error %q: %s", c.wantError, output)
			}
			harness.CheckReadable(t, output)
			for what, content := range artifacts {
				harness.CheckNoKey(t, what, content)
			}
			checkArtifacts(t, artifacts, c.wantError == "")
		})
	}
}

// TestKeyInOrdinaryVariable checks that the plan file has the API key if the key comes from a variable
// that isn't ephemeral, as the documentation says. This shows that TestKeyIsNotWritten would find a key.
func TestKeyInOrdinaryVariable(t *testing.T) {
	t.Parallel()
	w := harness.NewMirroredWorkingDir(t, harness.NewMirror(t), harness.Block(`variable "key"`, "type = string", "sensitive = true")+
		harness.Block(`provider "tofupilot"`, "api_key = var.key")+harness.Procedures("all"))
	w.Environment = []string{"TOFUPILOT_URL=" + serveHandler(newAPI())(t).URL, "TF_VAR_key=" + fakeapi.Key}
	artifacts, err := planAndApply(t, w)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for what, content := range artifacts {
		if bytes.Contains(content, []byte(fakeapi.Key)) {
			found = append(found, what)
		}
	}
	harness.CheckEqual(t, "the key is in", found, []string{"tfplan: tfplan"}) // the file tfplan in the plan file
}

// echoKey returns a handler that responds with the request's API key in headers and body.
func echoKey(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		message := "\x1b[31mNo such key: " + key + "\x1b[0m\a " + strings.Repeat(key, 1<<16/len(key)) // 64 KiB, so that the error cuts it off
		w.Header().Set("Content-Type", "application/json; "+key)
		w.Header().Set("Location", "https://tofupilot.invalid/?key="+key)
		w.Header().Set("Set-Cookie", "key="+key)
		w.Header().Set("Www-Authenticate", "Bearer "+key)
		w.WriteHeader(code)
		quote := func(text string) string {
			encoded, err := json.Marshal(text)
			if err != nil {
				panic(err)
			}
			return string(encoded)
		}
		// The message is first, because the client reads only the beginning of an error's body.
		_, _ = io.WriteString(w, `{"message":`+quote(message)+`,"code":`+quote(key)+`,"issues":[{"path":[`+quote(key)+`],"message":`+quote(message)+`}],`+
			`"data":[{"id":`+quote(key)+`,"fpy":`+quote(message)+`}],"meta":{"has_more":true,"next_cursor":`+quote(key)+`}}`)
	}
}

// sendKeyAfterResponse returns a handler that sends the API key after the end of each response. Go's
// client logs such bytes.
func sendKeyAfterResponse(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		response := httptest.NewRecorder()
		api.ServeHTTP(response, r)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", response.Body.Len(), response.Body)
		_, _ = io.WriteString(conn, r.Header.Get("Authorization"))
	})
}

// planAndApply runs plan and, if that succeeds, apply, with a trace log. It returns everything that they
// wrote, by name: their outputs, the files in the directory, and the files in the plan file.
func planAndApply(t *testing.T, w *harness.WorkingDir) (artifacts map[string][]byte, err error) {
	t.Helper()
	const planFile, logFile = "tfplan", "trace.log"
	for _, name := range []string{planFile, logFile} {
		_ = os.Remove(filepath.Join(w.Dir, name)) // of the previous run
	}
	w.Environment = append(w.Environment, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(w.Dir, logFile))
	artifacts = map[string][]byte{}
	for _, command := range [][]string{{"plan", "-no-color", "-input=false", "-out=" + planFile}, {"apply", "-no-color", "-input=false", planFile}} {
		var output string
		output, err = w.Run(t, command...)
		artifacts["output of "+command[0]] = []byte(output)
		if err != nil {
			break
		}
	}
	readFiles(t, os.DirFS(w.Dir), "", artifacts)
	if plan, ok := artifacts[planFile]; ok {
		archive, err := zip.NewReader(bytes.NewReader(plan), int64(len(plan)))
		if err != nil {
			t.Fatal(err)
		}
		readFiles(t, archive, planFile+": ", artifacts)
	}
	return artifacts, err
}

// readFiles adds the regular files of a file system to artifacts. It leaves out links, because they
// lead to the provider's binary.
func readFiles(t *testing.T, files fs.FS, prefix string, artifacts map[string][]byte) {
	t.Helper()
	if err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		artifacts[prefix+path], err = fs.ReadFile(files, path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// checkArtifacts checks that a run left a log, and, if it succeeded, a plan and a state. Without them,
// the checks that they don't contain the key would be worthless.
func checkArtifacts(t *testing.T, artifacts map[string][]byte, succeeded bool) {
	t.Helper()
	// Each file or output must contain its text, which may be empty.
	wantWords := map[string]string{"trace.log": "Sent a request", ".terraform.lock.hcl": "tofupilot/tofupilot", "output of plan": ""}
	if succeeded {
		wantWords["tfplan: tfplan"] = ""
		wantWords["tfplan: tfstate"] = ""
		wantWords["terraform.tfstate"] = fewIDs[0]
	}
	for name, words := range wantWords {
		content, ok := artifacts[name]
		if !ok {
			t.Errorf("%s is missing", name)
		} else if !bytes.Contains(content, []byte(words)) {
			t.Errorf("%s doesn't contain %q", name, words)
		}
	}
}
