package provider

import (
	"bytes"
	"crypto/x509"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// takes tells whether the API takes a parameter (API.md, Parameters).
func takes(t *testing.T, api *fakeapi.Server, parameter, value string) bool {
	t.Helper()
	status := harness.Status(t, api, url.Values{parameter: {value}})
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
				t.Errorf("%q is %s, and an error", value, parsed)
			}
			// What the API itself takes, we take, but for times that are in another
			// year in UTC than those that have four digits.
			if outside := strings.Contains(err.Error(), "outside the years"); !outside && takes(t, api, "created_after", value) {
				t.Errorf("%q is refused, though the API takes it: %v", value, err)
			}
			return
		}
		for _, sent := range []string{tofupilot.FormatAfter(parsed), tofupilot.FormatBefore(parsed)} {
			if !takes(t, api, "created_after", sent) {
				t.Errorf("%q is sent as %q, which the API doesn't take", value, sent)
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
			t.Skip() // no string of Terraform's
		}
		server := harness.Connect(t, Server("test")())
		refused := server.Validate(t, "tofupilot_procedures", harness.Values{"search_query": value})
		blank := strings.TrimSpace(value) == ""
		if (len(refused) == 0) != (!blank && utf8.RuneCountInString(value) <= 100) || !blank && (len(refused) == 0) != takes(t, api, "search_query", value) {
			t.Errorf("%q: %s", value, harness.Describe(refused))
		}
	})
}

func FuzzCheckDuration(f *testing.F) {
	for _, value := range []string{"", "0", "30", "30s", "1.5s", "-5m", "1h30m", "1ns", "0.4ns", "1e9s", " 5m", "5m ", "5 m", "µs", "1µs", "1μs", "9999999h", "292y", "\x1b[31m", "5m\x00"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		err := checkDuration(value)
		duration, parseErr := time.ParseDuration(value)
		if (err == nil) != (parseErr == nil && duration > 0) {
			t.Errorf("%q is %s: %v", value, duration, err)
		}
		if err != nil && strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("the error can steer a terminal: %q", err)
		}
	})
}

func FuzzParseCertificates(f *testing.F) {
	certificate, key := fuzzedCertificate, harness.InPEM("PRIVATE KEY", []byte("key"))
	for _, bundle := range []string{
		"", "garbage", "/etc/ssl/ca.pem", certificate, certificate + certificate, key, key + certificate, "# one\r\n" + strings.ReplaceAll(certificate, "\n", "\r\n"),
		certificate[:len(certificate)/2], harness.InPEM("CERTIFICATE", nil), harness.InPEM("CERTIFICATE", []byte{0x30, 0x82}), harness.InPEM("TRUSTED CERTIFICATE", []byte("a")), "\uFEFF" + certificate,
		strings.Replace(certificate, "-----BEGIN", "-----BEGIN ", 1), harness.InPEM("\x1b[31m", []byte("a")),
	} {
		f.Add(bundle)
	}
	f.Fuzz(func(t *testing.T, bundle string) {
		certificates, err := parseCertificates(bundle)
		if (err == nil) != (len(certificates) > 0) || (err == nil) != (validCertificates.check(bundle) == nil) {
			t.Fatalf("%d certificates and %v", len(certificates), err)
		}
		if err != nil {
			return
		}
		var again strings.Builder
		for _, certificate := range certificates {
			again.WriteString(harness.InPEM("CERTIFICATE", certificate.Raw))
		}
		same, err := parseCertificates(again.String())
		if err != nil || !slices.EqualFunc(certificates, same, (*x509.Certificate).Equal) {
			t.Errorf("%d certificates come back as %d: %v", len(certificates), len(same), err)
		}
		pool := x509.NewCertPool()
		for _, certificate := range certificates {
			pool.AddCert(certificate)
		}
		if bytes.Contains([]byte(bundle), []byte("BEGIN CERTIFICATE")) && pool.Equal(x509.NewCertPool()) {
			t.Error("nothing is trusted")
		}
	})
}

// The whole provider block and the environment, as far as no file is read: what
// validate lets pass and resolve accepts is fit to be used, and no error repeats
// the key.
func FuzzProviderConfiguration(f *testing.F) {
	f.Add("", "https://tofupilot.example.com", fuzzedCertificate, int64(3), "30s", false, byte(0xff), "", "")
	f.Add("\n", "http://tofupilot.example.com/api/", "", int64(0), "0s", true, byte(0x3f), "", "")
	f.Add("1", "http://[::1]:3000", "garbage", int64(10), "-5m", false, byte(0x0f), " ", "https://user:hunter2@example.com")
	f.Add("", "tofupilot.example.com", "", int64(11), "5", false, byte(0x00), "1", "HTTP://127.0.0.1")
	f.Add("", "", "", int64(0), "", false, byte(0), "\a", "https://user:hunter2@example.com")
	f.Add("\u200b", "ftp://a?b#c", "", int64(-1), "1ns", false, byte(0x2a), "\t2", "https://example.com ")
	f.Fuzz(func(t *testing.T, key, address, certificates string, retries int64, timeout string, allowHTTP bool, set byte, keyVariable, addressVariable string) {
		const secret = "tp_secret-of-the-fuzzed-configuration"
		for _, text := range []string{key, address, certificates, timeout, keyVariable, addressVariable} {
			if !utf8.ValidString(text) {
				t.Skip() // no string of Terraform's
			}
		}
		given := func(bit int) bool { return set&(1<<bit) != 0 }
		arguments, model := harness.Values{}, providerModel{}
		if given(0) {
			arguments["api_key"], model.APIKey = secret+key, types.StringValue(secret+key)
		}
		if given(1) {
			arguments["url"], model.URL = address, types.StringValue(address)
		}
		if given(2) {
			arguments["ca_cert_pem"], model.CACertPEM = certificates, types.StringValue(certificates)
		}
		if given(3) {
			arguments["max_retries"], model.MaxRetries = retries, types.NumberValue(new(big.Float).SetInt64(retries))
		}
		if given(4) {
			arguments["request_timeout"], model.RequestTimeout = timeout, types.StringValue(timeout)
		}
		if given(5) {
			arguments["allow_http"], model.AllowHTTP = allowHTTP, types.BoolValue(allowHTTP)
		}
		environment := map[string]string{envAPIKey: secret + keyVariable, envURL: addressVariable, "HOME": "/nonexistent"}

		refused := harness.Connect(t, Server("test")()).ValidateProvider(t, arguments)
		if text := harness.Describe(refused); strings.Contains(text, secret) {
			t.Errorf("the key is in %s", text)
		}
		if len(refused) > 0 {
			return // and never comes to what follows
		}
		got, diagnostics := model.resolve(func(name string) string { return environment[name] })
		for _, diagnostic := range diagnostics {
			if strings.Contains(diagnostic.Summary()+diagnostic.Detail(), secret) {
				t.Errorf("the key is in %v", diagnostic)
			}
			if _, onAttribute := diagnostic.(diag.DiagnosticWithPath); !onAttribute {
				t.Errorf("no attribute is blamed: %v", diagnostic)
			}
		}
		for _, problem := range got.problems {
			if strings.Contains(problem.Summary()+problem.Detail(), secret) {
				t.Errorf("the key is in %v", problem)
			}
		}
		if diagnostics.HasError() || got.problems.HasError() {
			return
		}
		if tofupilot.CheckAPIKey(got.apiKey) != nil || !strings.HasPrefix(got.apiKey, secret) || given(0) != (got.keyFrom.words == "the provider's api_key") {
			t.Errorf("key %q from %s", got.apiKey, got.keyFrom.words)
		}
		allowed := got.baseURL.Scheme == "https" || rest.IsLoopback(got.baseURL) || given(5) && allowHTTP
		if base := got.baseURL; !allowed || !apiPath.MatchString(base.String()) {
			t.Errorf("it goes to %s", base)
		}
		if got.maxRetries < 0 || got.maxRetries > rest.MaxRetries || got.requestTimeout <= 0 || given(2) != (got.rootCAs != nil) {
			t.Errorf("%d retries, %s, roots %v", got.maxRetries, got.requestTimeout, got.rootCAs)
		}
	})
}

var apiPath = regexp.MustCompile(`^https?://[^/?#@]+(/[^?#]*)?/api$`)

// fuzzedCertificate is the same in every run, so that what is found can be found
// again. It has expired: that is for whoever connects to say.
const fuzzedCertificate = `-----BEGIN CERTIFICATE-----
MIH+MIGxoAMCAQICAQEwBQYDK2VwMA8xDTALBgNVBAMTBGZ1enowHhcNMjQwMTAx
MDAwMDAwWhcNMjQwMTAyMDAwMDAwWjAPMQ0wCwYDVQQDEwRmdXp6MCowBQYDK2Vw
AyEA5l+GPeMkH5v55AXHsImJxJc+Op6+iavkqGga9bqVpf2jMjAwMA8GA1UdEwEB
/wQFMAMBAf8wHQYDVR0OBBYEFAEZXn544dMdQthBUAy1FRw6/ZxsMAUGAytlcANB
AKL0fBs/wvz4ll2aPDDF92eov5knFi5xL2lLnx2sRGYrQ3eKiFmJzGqcMUdLho74
5BB10Rp2jNQha/1FPmWpfgk=
-----END CERTIFICATE-----
`
