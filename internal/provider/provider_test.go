package provider

import (
	"os"
	"os/user"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

func TestUserAgent(t *testing.T) {
	t.Parallel()
	const own = "terraform-provider-tofupilot/1.2.3 (+https://github.com/tofupilot/terraform-provider-tofupilot) Terraform/1.11.4"
	for added, want := range map[string]string{
		"":                    own,
		" \n":                 own,
		"ci/7":                own + " ci/7",
		" ci/7 (nightly job)": own + " ci/7 (nightly job)",
	} {
		if got := formatUserAgent("1.2.3", "1.11.4", func(string) string { return added }); got != want {
			t.Errorf("TF_APPEND_USER_AGENT %q: got %q, want %q", added, got, want)
		}
	}
}

func TestSkippedCertificateIsLogged(t *testing.T) {
	t.Parallel()
	unreadable, err := os.ReadFile("../config/testdata/brainpool.pem")
	if err != nil {
		t.Fatal(err)
	}
	usable, _ := harness.NewCertificate(t, "usable")
	for bundle, want := range map[string]string{
		usable: "",
		usable + string(unreadable): `"@level":"warn","@message":"Skipped certificates that can't be read","@module":"provider","certificates":1,` +
			`"first":"certificate 2: x509: unsupported elliptic curve","from":"the provider's ca_cert_pem"`,
	} {
		ctx, lines := newLogContext(t)
		configuring := New("test")()
		var schema provider.SchemaResponse
		configuring.Schema(ctx, provider.SchemaRequest{}, &schema)
		block := harness.Value(t, schema.Schema.Type().TerraformType(ctx), harness.Values{"api_key": "tp_key", "ca_cert_pem": bundle})
		var configured provider.ConfigureResponse
		configuring.Configure(ctx, provider.ConfigureRequest{Config: tfsdk.Config{Raw: block, Schema: schema.Schema}}, &configured)
		if configured.Diagnostics.HasError() {
			t.Fatal(configured.Diagnostics)
		}
		if got := lines.String(); !strings.Contains(got, want) || strings.Contains(got, "Skipped") != (want != "") {
			t.Errorf("the log doesn't have %q: %s", want, got)
		}
	}
}

// FuzzProviderConfiguration fuzzes the arguments of the provider block and the environment, except
// for those that read files. It checks that accepted settings can be used, and that no error
// contains the key.
func FuzzProviderConfiguration(f *testing.F) {
	certificate, err := os.ReadFile("../config/testdata/certificate.pem")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("", "https://tofupilot.example.com", string(certificate), int64(3), "30s", false, byte(0xff), "", "")
	f.Add("\n", "http://tofupilot.example.com/api/", "", int64(0), "0s", true, byte(0x3f), "", "")
	f.Add("1", "http://[::1]:3000", "garbage", int64(10), "-5m", false, byte(0x0f), " ", "https://user:hunter2@example.com")
	f.Add("", "tofupilot.example.com", "", int64(11), "5", false, byte(0x00), "1", "HTTP://127.0.0.1")
	f.Add("", "", "", int64(0), "", false, byte(0), "\a", "https://user:hunter2@example.com")
	f.Add("\u200b", "ftp://a?b#c", "", int64(-1), "1ns", false, byte(0x2a), "\t2", "https://example.com ")
	f.Fuzz(func(t *testing.T, key, address, certificates string, retries int64, timeout string, allowHTTP bool, set byte, keyVariable, addressVariable string) {
		const secret = "tp_secret-of-the-fuzzed-configuration"
		for _, text := range []string{key, address, certificates, timeout, keyVariable, addressVariable} {
			if !utf8.ValidString(text) {
				t.Skip() // Terraform's strings are valid UTF-8
			}
		}
		given := func(bit int) bool { return set&(1<<bit) != 0 }
		arguments, block := harness.Values{}, config.Block{}
		if given(0) {
			arguments["api_key"], block.APIKey = secret+key, new(secret+key)
		}
		if given(1) {
			arguments["url"], block.URL = address, new(address)
		}
		if given(2) {
			arguments["ca_cert_pem"], block.CACertPEM = certificates, new(certificates)
		}
		if given(3) {
			arguments["max_retries"], block.MaxRetries = retries, new(int(retries))
		}
		if given(4) {
			arguments["request_timeout"], block.RequestTimeout = timeout, new(timeout)
		}
		if given(5) {
			arguments["allow_http"], block.AllowHTTP = allowHTTP, allowHTTP
		}
		environment := map[string]string{config.EnvAPIKey: secret + keyVariable, config.EnvURL: addressVariable, "HOME": "/nonexistent"}

		diagnostics := harness.Connect(t, Server("test")()).ValidateProvider(t, arguments)
		if text := harness.FormatDiagnostics(diagnostics); strings.Contains(text, secret) {
			t.Errorf("the key is in %s", text)
		}
		if len(diagnostics) > 0 {
			return // Terraform doesn't call Configure
		}
		got, problems := config.Resolve(block, func(name string) string { return environment[name] }, user.Current)
		for _, problem := range problems {
			if strings.Contains(problem.Summary+problem.Detail, secret) {
				t.Errorf("the key is in %v", problem)
			}
			if problem.InConfigure() {
				t.Errorf("validation doesn't report it: %v", problem)
			}
		}
		if len(problems) > 0 {
			return
		}
		if config.CheckAPIKey(got.APIKey) != nil || !strings.HasPrefix(got.APIKey, secret) || given(0) != (got.KeySource.String() == "the provider's api_key") {
			t.Errorf("key %q from %s", got.APIKey, got.KeySource.String())
		}
		allowed := got.BaseURL.Scheme == "https" || rest.IsLoopback(got.BaseURL) || given(5) && allowHTTP
		if base := got.BaseURL; !allowed || !apiPath.MatchString(base.String()) {
			t.Errorf("requests are sent to %s", base)
		}
		if got.MaxRetries < 0 || got.MaxRetries > rest.MaxRetries || got.RequestTimeout <= 0 || given(2) != (got.RootCAs != nil) {
			t.Errorf("%d retries, %s, roots %v", got.MaxRetries, got.RequestTimeout, got.RootCAs)
		}
	})
}

var apiPath = regexp.MustCompile(`^https?://[^/?#@]+(/[^?#]*)?/api$`)
