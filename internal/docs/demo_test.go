package docs_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
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

// exportLine matches a line of the demo's output that sets an environment variable in sh.
var exportLine = regexp.MustCompile(`^export (TOFUPILOT_[A-Z_]+)=(\S+)$`)

// demo is a running demo server with a TLS proxy and two gateways. The TLS servers use the
// same certificate.
type demo struct {
	url         string
	proxyURL    string   // of the TLS proxy
	certificate string   // of the TLS proxy and the gateways, in PEM
	env         []string // makes Terraform read from url and trust certificate

	headerGatewayURL      string // of the gateway that requires headers
	certificateGatewayURL string // of the gateway that requires a client certificate
	clientCertificate     string // for certificateGatewayURL, in PEM
	clientKey             string
}

// The values of the headers that the header gateway requires.
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
	t.Cleanup(func() { _ = serve.Wait() }) // waits for the demo, which the end of the test's context has killed
	d := demo{env: []string{userConfig()}}
	lines := bufio.NewScanner(stdout)
	for d.url == "" && lines.Scan() {
		if found := exportLine.FindStringSubmatch(lines.Text()); found != nil {
			name, value := found[1], found[2]
			d.env = append(d.env, name+"="+value)
			if name == "TOFUPILOT_URL" { // the last variable of the first server
				d.url = value
			}
		}
	}
	if d.url == "" {
		t.Fatalf("the demo printed no address: %v", lines.Err())
	}
	d.startGateways(t)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, caFile, d.certificate)
	d.env = append(d.env, "TOFUPILOT_CA_CERT="+caFile)
	return d
}

// startGateways starts the TLS proxy and the gateways.
func (d *demo) startGateways(t *testing.T) {
	t.Helper()
	address, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }}
	proxy := startTLS(t, forward, nil)
	d.proxyURL = proxy.URL
	d.certificate = harness.EncodePEM("CERTIFICATE", proxy.Certificate().Raw)

	requireHeaders := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cf-Access-Client-Id") != gatewayID || r.Header.Get("Cf-Access-Client-Secret") != gatewaySecret {
			http.Error(w, "", http.StatusForbidden)
			return
		}
		forward.ServeHTTP(w, r)
	}
	d.headerGatewayURL = startTLS(t, http.HandlerFunc(requireHeaders), nil).URL

	d.clientCertificate, d.clientKey = harness.NewCertificate(t, "client")
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM([]byte(d.clientCertificate))
	requireCertificate := &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12}
	d.certificateGatewayURL = startTLS(t, forward, requireCertificate).URL
}

// startTLS starts a TLS server with the certificate of net/http/httptest.
func startTLS(t *testing.T, handler http.Handler, config *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// newDir returns a directory with a configuration of a page, in which terraform init has run.
func (d demo) newDir(t *testing.T, configuration string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	writeFile(t, filepath.Join(dir, "main.tf"), configuration)
	d.replaceAddresses(t, dir)
	runTerraform(t, dir, d.env, "init")
	return dir
}

// replaceAddresses replaces the addresses in a directory's configurations by those of the demo
// server, the TLS proxy and the gateways. It writes the certificates that the configurations read.
func (d demo) replaceAddresses(t *testing.T, dir string) {
	t.Helper()
	editConfigurations(t, dir, func(text string) string {
		selfHosted := d.proxyURL
		switch {
		case strings.Contains(text, "CF-Access-Client-Id"):
			selfHosted = d.headerGatewayURL
		case strings.Contains(text, "client_cert_pem"):
			selfHosted = d.certificateGatewayURL
		}
		addresses := strings.NewReplacer("https://tofupilot.example.com", selfHosted, "http://tofupilot.lab.example.com", d.url)
		return addresses.Replace(text)
	})
	writeFile(t, filepath.Join(dir, "ca.pem"), d.certificate)
	writeFile(t, filepath.Join(dir, "client.pem"), d.clientCertificate)
}
