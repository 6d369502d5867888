package docs_test

import (
	"bufio"
	"encoding/pem"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

var export = regexp.MustCompile(`^export (TOFUPILOT_[A-Z_]+)=(\S+)$`)

// demo is the demo server as its page has users start it, also behind TLS.
type demo struct {
	url, tls    string
	certificate string // of TLS, in PEM
	env         []string
}

func startDemo(t *testing.T) demo {
	t.Helper()
	binary := harness.Build(t, "../../examples/demo", filepath.Join(t.TempDir(), "demo"))
	serve := exec.CommandContext(t.Context(), binary, "-serve")
	printed, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Kill() // it may have ended
		_ = serve.Wait()
	})
	d := demo{env: []string{asUser()}}
	for lines := bufio.NewScanner(printed); d.url == "" && lines.Scan(); {
		if found := export.FindStringSubmatch(lines.Text()); found != nil {
			d.env = append(d.env, found[1]+"="+found[2])
			if found[1] == "TOFUPILOT_URL" {
				d.url = found[2]
			}
		}
	}
	address, err := url.Parse(d.url)
	if err != nil || d.url == "" {
		t.Fatalf("the demo serves at %q: %v", d.url, err)
	}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }})
	t.Cleanup(proxy.Close)
	d.tls = proxy.URL
	d.certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw}))
	ca := filepath.Join(t.TempDir(), "ca.pem")
	write(t, ca, d.certificate)
	d.env = append(d.env, "TOFUPILOT_CA_CERT="+ca)
	return d
}

// answerFor has the demo answer for the addresses that a folder's configurations
// name, with the certificate that some have beside them.
func (d demo) answerFor(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		write(t, file, strings.NewReplacer("https://tofupilot.example.com", d.tls, "http://tofupilot.lab.example.com", d.url).Replace(read(t, file)))
	}
	write(t, filepath.Join(dir, "ca.pem"), d.certificate)
}
