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

// demo is a running demo server, with a TLS proxy in front.
type demo struct {
	url, tlsURL string
	certificate string   // of the proxy, in PEM
	env         []string // for Terraform, as the demo prints it
}

func startDemo(t *testing.T) demo {
	t.Helper()
	binary := harness.Build(t, "../../examples/demo", filepath.Join(t.TempDir(), "demo"))
	serve := exec.CommandContext(t.Context(), binary, "-serve")
	stdout, err := serve.StdoutPipe()
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
	d := demo{env: []string{userConfig()}}
	for lines := bufio.NewScanner(stdout); d.url == "" && lines.Scan(); {
		if found := export.FindStringSubmatch(lines.Text()); found != nil {
			d.env = append(d.env, found[1]+"="+found[2])
			if found[1] == "TOFUPILOT_URL" {
				d.url = found[2]
			}
		}
	}
	address, err := url.Parse(d.url)
	if err != nil || d.url == "" {
		t.Fatalf("got the demo's address %q: %v", d.url, err)
	}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }})
	t.Cleanup(proxy.Close)
	d.tlsURL = proxy.URL
	d.certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw}))
	ca := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, ca, d.certificate)
	d.env = append(d.env, "TOFUPILOT_CA_CERT="+ca)
	return d
}

// replaceAddresses replaces the servers in a directory's configurations by the demo, and
// writes the certificate that some of them read.
func (d demo) replaceAddresses(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		writeFile(t, file, strings.NewReplacer("https://tofupilot.example.com", d.tlsURL, "http://tofupilot.lab.example.com", d.url).Replace(readFile(t, file)))
	}
	writeFile(t, filepath.Join(dir, "ca.pem"), d.certificate)
}
