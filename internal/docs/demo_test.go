package docs_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
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

	headersURL, certificateURL   string // of the gateways in front of it
	clientCertificate, clientKey string // for certificateURL, in PEM
}

// What the gateway that requires headers accepts.
const gatewayID, gatewaySecret = "the-id.access", "the-secret-of-the-token"

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
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }}
	proxy := httptest.NewTLSServer(forward)
	t.Cleanup(proxy.Close)
	d.tlsURL = proxy.URL
	d.startGateways(t, forward)
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
		text := readFile(t, file)
		server := d.tlsURL
		switch {
		case strings.Contains(text, "CF-Access-Client-Id"):
			server = d.headersURL
		case strings.Contains(text, "client_cert_pem"):
			server = d.certificateURL
		}
		writeFile(t, file, strings.NewReplacer("https://tofupilot.example.com", server, "http://tofupilot.lab.example.com", d.url).Replace(text))
	}
	writeFile(t, filepath.Join(dir, "ca.pem"), d.certificate)
	writeFile(t, filepath.Join(dir, "client.pem"), d.clientCertificate)
}

// startGateways starts the gateways of the guide: one that redirects requests without the
// right headers to a login page, and one that requires a client certificate.
func (d *demo) startGateways(t *testing.T, server http.Handler) {
	t.Helper()
	login := http.RedirectHandler("https://acme.cloudflareaccess.invalid/cdn-cgi/access/login", http.StatusFound)
	headers := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cf-Access-Client-Id") != gatewayID || r.Header.Get("Cf-Access-Client-Secret") != gatewaySecret {
			login.ServeHTTP(w, r)
			return
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(headers.Close)
	d.clientCertificate, d.clientKey = harness.NewCertificate(t, "client")
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM([]byte(d.clientCertificate))
	certificates := httptest.NewUnstartedServer(server)
	certificates.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12}
	certificates.StartTLS()
	t.Cleanup(certificates.Close)
	d.headersURL, d.certificateURL = headers.URL, certificates.URL
}
