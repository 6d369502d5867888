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
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

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
	for _, attribute := range schema.Provider.Block.Attributes {
		if isSecret := slices.Contains([]string{"api_key", "headers", "client_key_pem"}, attribute.Name); attribute.Sensitive != isSecret {
			t.Errorf("%s is sensitive: %t", attribute.Name, attribute.Sensitive)
		}
	}
}

// TestKeyIsNotWritten runs plan and apply with several servers. A key from the environment or an
// ephemeral variable must be in no output and in no file.
func TestKeyIsNotWritten(t *testing.T) {
	t.Parallel()
	mirror := harness.NewMirror(t)
	for name, key := range map[string]struct{ config, variable string }{
		"environment":        {harness.Block(`provider "tofupilot"`), "TOFUPILOT_API_KEY"},
		"ephemeral variable": {harness.Block(`variable "key"`, "type = string", "ephemeral = true") + harness.Block(`provider "tofupilot"`, "api_key = var.key"), "TF_VAR_key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "ephemeral variable" {
				harness.RequireVersion(t, 10, 11)
			}
			w := harness.NewMirroredWorkingDir(t, mirror, key.config+harness.Procedures("all")+harness.Output("ids", "data.tofupilot_procedures.all.ids"))
			for name, c := range map[string]struct {
				target targetFunc
				want   string // the plan's error; empty: it succeeds
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
					// http2debug makes Go log headers.
					w.Environment = []string{"TOFUPILOT_URL=" + target.URL, key.variable + "=" + fakeapi.Key, "GODEBUG=http2debug=1"}
					if target.CACert != "" {
						file := filepath.Join(t.TempDir(), "ca.pem")
						if err := os.WriteFile(file, []byte(target.CACert), 0o600); err != nil {
							t.Fatal(err)
						}
						w.Environment = append(w.Environment, "TOFUPILOT_CA_CERT="+file)
					}
					artifacts, err := planAndApply(t, w)
					output := string(artifacts["output of plan"])
					if (err != nil) != (c.want != "") || !strings.Contains(output, c.want) {
						t.Errorf("%v: %s", err, output)
					}
					harness.CheckReadable(t, output)
					for what, content := range artifacts {
						harness.CheckNoKey(t, what, content)
					}
					checkArtifacts(t, artifacts, err == nil)
				})
			}
		})
	}
}

// TestKeyInOrdinaryVariable checks that the plan file has the key of an ordinary variable. This
// also shows that TestKeyIsNotWritten would find a key.
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
	harness.CheckEqual(t, "the key is in", found, []string{"tfplan: tfplan"})
}

// echoKey returns a handler that responds with the request's key in headers and body.
func echoKey(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		message := "\x1b[31mNo such key: " + key + "\x1b[0m\a " + strings.Repeat(key, 1<<16/len(key))
		w.Header().Set("Content-Type", "application/json; "+key)
		w.Header().Set("Location", "https://tofupilot.invalid/?key="+key)
		w.Header().Set("Set-Cookie", "key="+key)
		w.Header().Set("Www-Authenticate", "Bearer "+key)
		w.WriteHeader(code)
		text := func(value any) string {
			encoded, err := json.Marshal(value)
			if err != nil {
				panic(err)
			}
			return string(encoded)
		}
		_, _ = io.WriteString(w, `{"message":`+text(message)+`,"code":`+text(key)+`,"issues":[{"path":[`+text(key)+`],"message":`+text(message)+`}],`+
			`"data":[{"id":`+text(key)+`,"fpy":`+text(message)+`}],"meta":{"has_more":true,"next_cursor":`+text(key)+`}}`)
	}
}

// sendKeyAfterResponse returns a handler that sends the key after each body. Go logs it.
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

// planAndApply runs plan and apply with a trace log. It returns their outputs, the files in the
// directory, and the parts of the plan file, by name.
func planAndApply(t *testing.T, w *harness.WorkingDir) (artifacts map[string][]byte, err error) {
	t.Helper()
	const plan, log = "tfplan", "trace.log"
	for _, name := range []string{plan, log} {
		_ = os.Remove(filepath.Join(w.Dir, name)) // of the previous run
	}
	w.Environment = append(w.Environment, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(w.Dir, log))
	artifacts = map[string][]byte{}
	for _, command := range [][]string{{"plan", "-no-color", "-input=false", "-out=" + plan}, {"apply", "-no-color", "-input=false", plan}} {
		var output string
		output, err = w.Run(t, command...)
		artifacts["output of "+command[0]] = []byte(output)
		if err != nil {
			break
		}
	}
	if err := filepath.WalkDir(w.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err // a link is the provider's binary
		}
		name, err := filepath.Rel(w.Dir, path)
		if err != nil {
			return err
		}
		artifacts[name], err = os.ReadFile(path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if content, ok := artifacts[plan]; ok {
		readZip(t, plan, content, artifacts)
	}
	return artifacts, err
}

func readZip(t *testing.T, name string, archive []byte, parts map[string][]byte) {
	t.Helper()
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range reader.File {
		part, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		parts[name+": "+file.Name] = content
	}
}

// checkArtifacts checks that a run left the log, the plan and the state, so that the search for the
// key isn't empty.
func checkArtifacts(t *testing.T, artifacts map[string][]byte, applied bool) {
	t.Helper()
	want := map[string]string{"trace.log": "Sent a request", ".terraform.lock.hcl": "tofupilot/tofupilot", "output of plan": ""}
	if applied {
		want["tfplan: tfplan"], want["tfplan: tfstate"], want["terraform.tfstate"] = "", "", fewIDs[0]
	}
	for what, words := range want {
		if content, ok := artifacts[what]; !ok || !bytes.Contains(content, []byte(words)) {
			t.Errorf("%s is missing, or has no %q in it", what, words)
		}
	}
}

func TestKeyIsNotLogged(t *testing.T) {
	t.Parallel()
	api, url := harness.NewFakeServer(t, fakeapi.Generate(1, fakeapi.WithRepository)...)
	api.Fail(fakeapi.Status(http.StatusServiceUnavailable, `{"message": "no such key: `+fakeapi.Key+`", "code": "SERVICE_UNAVAILABLE"}`))
	connection := newConnection(t, harness.Values{"url": url, "api_key": fakeapi.Key, "max_retries": 1})

	var lines bytes.Buffer
	resp := connection.ReadWithContext(tflogtest.RootLogger(t.Context(), &lines), t, quickTimeout, "tofupilot_procedures", harness.Values{"search_query": fakeapi.Key})
	if len(resp.Diagnostics) != 1 || strings.Contains(resp.Diagnostics[0].Detail, "no such key: "+fakeapi.Key) {
		t.Errorf("diagnostics: %s", harness.FormatDiagnostics(resp.Diagnostics))
	}
	for _, words := range []string{"Sent a request", "Trying a request again"} {
		if !strings.Contains(lines.String(), words) {
			t.Errorf("the log doesn't say %q: %s", words, &lines)
		}
	}
	if strings.Contains(lines.String(), fakeapi.Key) {
		t.Errorf("the key is in the log: %s", &lines)
	}
}
