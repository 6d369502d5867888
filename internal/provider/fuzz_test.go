package provider

import (
	"net/http"
	"net/url"
	"os"
	"os/user"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// isAccepted reports whether the fake accepts the value of a parameter (API.md, Parameters).
func isAccepted(t *testing.T, api *fakeapi.Server, parameter, value string) bool {
	t.Helper()
	status := harness.RequestStatus(t, api, url.Values{parameter: {value}})
	api.Forget()
	return status == http.StatusOK
}

func FuzzParseTime(f *testing.F) {
	for _, value := range []string{
		"2024-01-15T10:30:00Z", "2024-01-15t10:30:00.5z", "2024-01-15T11:30:00.123456789+01:00", "2024-01-15T10:30:00.9999999999-14:00", "2024-02-29T23:59:59Z",
		"2023-02-29T00:00:00Z", "2024-01-15", "2024-01-15 10:30:00Z", "2024-01-15T10:30:00,5Z", "2024-01-15T1:30:00Z", "2024-01-15T10:30Z", "2024-01-15T24:00:00Z",
		"2024-01-15T10:30:60Z", "2024-01-15T10:30:00+24:00", "2024-01-15T10:30:00-00:00", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59.9995Z", "10000-01-01T00:00:00Z", "",
		"2024-01-15T10:30:00.Z", "٢٠٢٤-01-15T10:30:00Z", "2024-01-15T10:30:00.0000000000000000000000000000001Z", "2024-01-15T10:30:00Z\n",
	} {
		f.Add(value)
	}
	api := fakeapi.New()
	f.Fuzz(func(t *testing.T, value string) {
		parsed, err := parseTime(value)
		if err != nil {
			if !parsed.IsZero() {
				t.Errorf("%q: got %s with an error", value, parsed)
			}
			// The provider accepts all times that the API accepts, except those whose year in
			// UTC doesn't have four digits.
			if outside := strings.Contains(err.Error(), "outside the years"); !outside && isAccepted(t, api, "created_after", value) {
				t.Errorf("%q is rejected, but the API accepts it: %v", value, err)
			}
			return
		}
		for _, sent := range []string{tofupilot.FormatAfter(parsed), tofupilot.FormatBefore(parsed)} {
			if !isAccepted(t, api, "created_after", sent) {
				t.Errorf("%q is sent as %q, which the API rejects", value, sent)
			}
		}
	})
}

func FuzzCheckSearchQuery(f *testing.F) {
	for _, value := range []string{"", "a", " ", "FVT", "🔋", strings.Repeat("a", 100), strings.Repeat("a", 101), strings.Repeat("🔋", 100), strings.Repeat("🔋", 101), "\x00", "\xff", "ä\u0308", "a&limit=1#+%"} {
		f.Add(value)
	}
	f.Add("\v\u0085\u00a0\u2028\u3000")
	api := fakeapi.New()
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			t.Skip() // Terraform's strings are valid UTF-8
		}
		server := harness.Connect(t, Server("test")())
		diagnostics := server.Validate(t, "tofupilot_procedures", harness.Values{"search_query": value})
		blank := strings.TrimSpace(value) == ""
		if (len(diagnostics) == 0) != (!blank && utf8.RuneCountInString(value) <= 100) || !blank && (len(diagnostics) == 0) != isAccepted(t, api, "search_query", value) {
			t.Errorf("%q: %s", value, harness.FormatDiagnostics(diagnostics))
		}
	})
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
