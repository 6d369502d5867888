package acceptance

import (
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

func TestProviderArgumentsAreCheckedAtValidate(t *testing.T) {
	t.Parallel()
	const (
		example   = "https://www.tofupilot.app"
		ascii     = "but a key has only visible ASCII characters; remove or correct it."
		lineBreak = `The key ends in a line break; remove it, or read the key from its file with trimspace(file("…")).`
		bearer    = "The key includes the word Bearer, which the provider adds; keep only what follows it."
	)
	_, privateKey := harness.NewCertificate(t, "key only")
	about := func(attribute string) func(words ...string) harness.Diagnosis {
		return func(words ...string) harness.Diagnosis {
			return harness.Error(attribute, "Invalid "+attribute, words...)
		}
	}
	key, url, certificate, timeout := about("api_key"), about("url"), about("ca_cert_pem"), about("request_timeout")
	plain := harness.Error("url", "Invalid url", "doesn't send the API key unencrypted over http://", "use https://", "allow_http to true")
	retries := func(got string) harness.Diagnosis {
		return harness.Error("max_retries", "Invalid max_retries", "max_retries must be a whole number from 0 to 10, not "+got+".")
	}
	server := harness.Connect(t, provider.Server("test")())
	for name, c := range map[string]struct {
		arguments harness.Values
		want      harness.Diagnosis
	}{
		"key empty":              {harness.Values{"api_key": ""}, key("The key is empty; omit api_key to use TOFUPILOT_API_KEY or the login file.")},
		"key with a space":       {harness.Values{"api_key": "tp_a tp_b"}, key("Character 5 of the key is U+0020 ' ', " + ascii)},
		"key with a line break":  {harness.Values{"api_key": "tp_abc\n"}, key(lineBreak)},
		"key with Bearer":        {harness.Values{"api_key": "Bearer tp_abc"}, key(bearer)},
		"key with its header":    {harness.Values{"api_key": "authorization: bearer tp_abc"}, key(bearer)},
		"key in quotes":          {harness.Values{"api_key": `"tp_abc"`}, key("The key has quotes around it; remove them.")},
		"key in Markdown":        {harness.Values{"api_key": "`tp_abc`"}, key("The key has quotes around it; remove them.")},
		"key in curly quotes":    {harness.Values{"api_key": "“tp_abc”"}, key("Character 1 of the key is U+201C '“', " + ascii)},
		"key with a mark":        {harness.Values{"api_key": "\ufefftp_abc"}, key("Character 1 of the key is U+FEFF, " + ascii)},
		"key with a delete":      {harness.Values{"api_key": "tp_\x7f"}, key("Character 4 of the key is U+007F, " + ascii)},
		"url empty":              {harness.Values{"url": ""}, url("The URL is empty; omit url to use TOFUPILOT_URL, the login file's server or " + example + ".")},
		"url without a scheme":   {harness.Values{"url": "tofupilot.example.com"}, url("must begin with https:// (or http://), as in https://tofupilot.example.com.")},
		"url without a host":     {harness.Values{"url": "https://"}, url("has no host", example)},
		"url with a password":    {harness.Values{"url": "https://user:hunter2@example.com"}, url("user info", "may be a password", "api_key")},
		"url with a query":       {harness.Values{"url": "https://example.com/api?organization=7"}, url("a query", "remove it")},
		"url with a fragment":    {harness.Values{"url": "https://example.com/#procedures"}, url("a fragment", "remove it")},
		"url with a space":       {harness.Values{"url": "https://exam ple.com"}, url("Character 13 of the URL is U+0020 ' ', and a URL has no quotes, white space or invisible characters; remove it.")},
		"http to elsewhere":      {harness.Values{"url": "http://tofupilot.example.com"}, plain},
		"http, refused outright": {harness.Values{"url": "http://10.0.0.7:8080/api", "allow_http": false}, plain},
		"certificate empty":      {harness.Values{"ca_cert_pem": ""}, certificate("No certificate found", "-----BEGIN CERTIFICATE-----")},
		"certificate's path":     {harness.Values{"ca_cert_pem": "/etc/ssl/tofupilot.pem"}, certificate(`No certificate found; a certificate in PEM begins with -----BEGIN CERTIFICATE-----. If this is the path of a file, use file("…").`)},
		"key for a certificate":  {harness.Values{"ca_cert_pem": privateKey}, certificate("No certificate found, only: PRIVATE KEY")},
		"max_retries -1":         {harness.Values{"max_retries": -1}, retries("-1")},
		"max_retries 11":         {harness.Values{"max_retries": 11}, retries("11")},
		"max_retries 1.5":        {harness.Values{"max_retries": 1.5}, retries("1.5")},
		"request_timeout 0":      {harness.Values{"request_timeout": "0"}, timeout(`"0" isn't a positive duration`)},
		"request_timeout 30":     {harness.Values{"request_timeout": "30"}, timeout(`"30" isn't a duration`, "write it like 30s, 5m or 1h30m")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.ExpectError(t, server.ValidateProvider(t, c.arguments), c.want)
		})
	}
}

func TestProviderArgumentsThatAreGoodOrNotKnownPassAtValidate(t *testing.T) {
	t.Parallel()
	server := harness.Connect(t, provider.Server("test")())
	for name, arguments := range map[string]harness.Values{
		"none":                       {},
		"key of all that is visible": {"api_key": "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~"},
		"http on this machine":       {"url": "http://localhost:3000"},
		"http where it is allowed":   {"url": "http://tofupilot.example.com", "allow_http": true},
		"http where it may be":       {"url": "http://tofupilot.example.com", "allow_http": harness.Unknown},
		"most retries":               {"max_retries": 10},
		"nothing is known":           {"api_key": harness.Unknown, "url": harness.Unknown, "ca_cert_pem": harness.Unknown, "max_retries": harness.Unknown, "request_timeout": harness.Unknown, "allow_http": harness.Unknown},
		"everything is null, again":  {"api_key": nil, "url": nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.ExpectNoDiagnostics(t, server.ValidateProvider(t, arguments))
		})
	}
}

// What may be a secret is in no error.
func TestErrorsDoNotRepeatKeysAndPasswords(t *testing.T) {
	t.Parallel()
	server := harness.Connect(t, provider.Server("test")())
	for _, arguments := range []harness.Values{
		{"api_key": "tp_secret 1"}, {"api_key": "tp_secret\n"}, {"api_key": "\x1btp_secret"},
		{"url": "https://tp_secret@example.com"}, {"url": "https://u:tp_secret@example.com/%zz"}, {"url": "tp_secret:tp_secret@example.com"},
		{"url": "https://example.com?token=tp_secret"}, {"url": "https://example.com#tp_secret"},
	} {
		diagnostics := server.ValidateProvider(t, arguments)
		if len(diagnostics) == 0 || strings.Contains(harness.Describe(diagnostics), "tp_secret") {
			t.Errorf("%v: %s", arguments, harness.Describe(diagnostics))
		}
	}
}
