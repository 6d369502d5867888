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

// TestUserAgent checks that TF_APPEND_USER_AGENT is added to the User-Agent.
func TestUserAgent(t *testing.T) {
	t.Parallel()
	const base = "terraform-provider-tofupilot/1.2.3 (+https://github.com/tofupilot/terraform-provider-tofupilot) Terraform/1.11.4"
	for added, want := range map[string]string{
		"":                    base,
		" \n":                 base,
		"ci/7":                base + " ci/7",
		" ci/7 (nightly job)": base + " ci/7 (nightly job)",
	} {
		if got := formatUserAgent("1.2.3", "1.11.4", func(string) string { return added }); got != want {
			t.Errorf("TF_APPEND_USER_AGENT %q: got %q, want %q", added, got, want)
		}
	}
}

// TestSkippedCertificateIsLogged checks that the provider logs a warning about a configured certificate
// that it can't read.
func TestSkippedCertificateIsLogged(t *testing.T) {
	t.Parallel()
	usable, _ := harness.NewCertificate(t, "usable")
	unsupported, err := os.ReadFile("../config/testdata/brainpool.pem") // with a curve that Go doesn't support
	if err != nil {
		t.Fatal(err)
	}
	if log := configureCACert(t, usable); strings.Contains(log, "Skipped") {
		t.Errorf("the usable certificate was skipped: %s", log)
	}
	const want = `"@level":"warn","@message":"Skipped certificates that can't be read","@module":"provider","certificates":1,` +
		`"first":"certificate 2: x509: unsupported elliptic curve","from":"the provider's ca_cert_pem"`
	if log := configureCACert(t, usable+string(unsupported)); !strings.Contains(log, want) {
		t.Errorf("got log %s, want %s in it", log, want)
	}
}

// configureCACert configures a provider with this ca_cert_pem, and returns what it logs.
func configureCACert(t *testing.T, caCertPEM string) (log string) {
	t.Helper()
	ctx, lines := newLogContext(t)
	p := New("test")()
	var schema provider.SchemaResponse
	p.Schema(ctx, provider.SchemaRequest{}, &schema)
	block := harness.Value(t, schema.Schema.Type().TerraformType(ctx), harness.Values{"api_key": "tp_key", "ca_cert_pem": caCertPEM})
	var resp provider.ConfigureResponse
	p.Configure(ctx, provider.ConfigureRequest{Config: tfsdk.Config{Raw: block, Schema: schema.Schema}}, &resp)
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	return lines.String()
}

// FuzzProviderConfiguration checks that settings that the provider accepts can be used, and that no error
// contains the API key. It fuzzes the arguments of the provider block and the environment, except for
// arguments and variables that name files.
func FuzzProviderConfiguration(f *testing.F) {
	certificate, err := os.ReadFile("../config/testdata/certificate.pem")
	if err != nil {
		f.Fatal(err)
	}
	const secret = "tp_secret-of-the-fuzzed-configuration" // an API key is the secret and a fuzzed suffix
	// The values are in the order of the parameters of the function below.
	f.Add(byte(setAll), "", "https://tofupilot.example.com", string(certificate), int64(3), "30s", false, "", "")
	f.Add(byte(setAll), "\n", "http://tofupilot.example.com/api/", "", int64(0), "0s", true, "", "")
	f.Add(byte(setAPIKey|setURL|setCACertPEM|setMaxRetries), "1", "http://[::1]:3000", "garbage", int64(10), "", false, " ", "https://user:hunter2@example.com")
	f.Add(byte(setNone), "", "", "", int64(0), "", false, "1", "HTTP://127.0.0.1")
	f.Add(byte(setNone), "", "", "", int64(0), "", false, "\a", "https://user:hunter2@example.com")
	f.Add(byte(setURL|setMaxRetries), "", "ftp://a?b#c", "", int64(-1), "", false, "\t2", "https://example.com ")
	f.Fuzz(func(t *testing.T, set byte, apiKeySuffix, url, caCertPEM string, maxRetries int64, requestTimeout string, allowHTTP bool, apiKeyVariableSuffix, urlVariable string) {
		for _, text := range []string{apiKeySuffix, url, caCertPEM, requestTimeout, apiKeyVariableSuffix, urlVariable} {
			if !utf8.ValidString(text) {
				t.Skip() // Terraform's strings are valid UTF-8
			}
		}
		block := config.Block{AllowHTTP: allowHTTP}
		if set&setAPIKey != 0 {
			block.APIKey = new(secret + apiKeySuffix)
		}
		if set&setURL != 0 {
			block.URL = &url
		}
		if set&setCACertPEM != 0 {
			block.CACertPEM = &caCertPEM
		}
		if set&setMaxRetries != 0 {
			block.MaxRetries = new(int(maxRetries))
		}
		if set&setRequestTimeout != 0 {
			block.RequestTimeout = &requestTimeout
		}
		environment := map[string]string{config.EnvAPIKey: secret + apiKeyVariableSuffix, config.EnvURL: urlVariable, "HOME": "/nonexistent"} // without a login file

		diagnostics := harness.Connect(t, Server("test")()).ValidateProvider(t, harness.Values{
			"api_key": block.APIKey, "url": block.URL, "ca_cert_pem": block.CACertPEM,
			"max_retries": block.MaxRetries, "request_timeout": block.RequestTimeout, "allow_http": block.AllowHTTP,
		})
		if text := harness.FormatDiagnostics(diagnostics); strings.Contains(text, secret) {
			t.Errorf("the API key is in %s", text)
		}
		if len(diagnostics) > 0 {
			return // Terraform doesn't call Configure
		}
		settings, problems := config.Resolve(block, func(name string) string { return environment[name] }, user.Current)
		for _, problem := range problems {
			if strings.Contains(problem.Summary+problem.Detail, secret) {
				t.Errorf("the API key is in %v", problem)
			}
			if problem.InConfigure() {
				t.Errorf("validation doesn't report the problem %v", problem)
			}
		}
		if len(problems) == 0 {
			checkSettings(t, block, settings, secret)
		}
	})
}

// Arguments that FuzzProviderConfiguration sets, as bits.
const (
	setAPIKey = 1 << iota
	setURL
	setCACertPEM
	setMaxRetries
	setRequestTimeout
	setAll  = 0xff
	setNone = 0
)

// checkSettings checks that settings can be used, and that the API key begins with keyPrefix.
func checkSettings(t *testing.T, block config.Block, settings config.Settings, keyPrefix string) {
	t.Helper()
	if err := config.CheckAPIKey(settings.APIKey); err != nil || !strings.HasPrefix(settings.APIKey, keyPrefix) {
		t.Errorf("got API key %q: %v", settings.APIKey, err)
	}
	if !validBaseURL.MatchString(settings.BaseURL.String()) {
		t.Errorf("requests are sent to %s", settings.BaseURL)
	}
	if settings.BaseURL.Scheme != "https" && !rest.IsLoopback(settings.BaseURL) && !block.AllowHTTP {
		t.Errorf("requests are sent to %s without allow_http", settings.BaseURL)
	}
	if settings.MaxRetries < 0 || settings.MaxRetries > rest.MaxRetries {
		t.Errorf("got %d retries, want 0 to %d", settings.MaxRetries, rest.MaxRetries)
	}
	if settings.RequestTimeout <= 0 {
		t.Errorf("got a timeout of %s, want more than 0", settings.RequestTimeout)
	}
}

var validBaseURL = regexp.MustCompile(`^https?://[^/?#@]+(/[^?#]*)?/api$`)
