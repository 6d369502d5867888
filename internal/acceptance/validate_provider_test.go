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
		"key empty":               {harness.Values{"api_key": ""}, key("The key is empty; omit api_key to use TOFUPILOT_API_KEY or the login file.")},
		"key of a space":          {harness.Values{"api_key": " "}, key("Character 1 of the key is U+0020 ' ', " + ascii)},
		"key with a space":        {harness.Values{"api_key": "tp_a tp_b"}, key("Character 5 of the key is U+0020 ' ', " + ascii)},
		"key with a line break":   {harness.Values{"api_key": "tp_abc\n"}, key(lineBreak)},
		"key with a Windows's":    {harness.Values{"api_key": "tp_abc\r\n"}, key(lineBreak)},
		"key with Bearer":         {harness.Values{"api_key": "Bearer tp_abc"}, key(bearer)},
		"key with its header":     {harness.Values{"api_key": "authorization: bearer tp_abc"}, key(bearer)},
		"key in quotes":           {harness.Values{"api_key": `"tp_abc"`}, key("The key has quotes around it; remove them.")},
		"key in single quotes":    {harness.Values{"api_key": "'tp_abc'"}, key("The key has quotes around it; remove them.")},
		"key in Markdown":         {harness.Values{"api_key": "`tp_abc`"}, key("The key has quotes around it; remove them.")},
		"key in curly quotes":     {harness.Values{"api_key": "“tp_abc”"}, key("Character 1 of the key is U+201C '“', " + ascii)},
		"key with a mark":         {harness.Values{"api_key": "\ufefftp_abc"}, key("Character 1 of the key is U+FEFF, " + ascii)},
		"key with no width":       {harness.Values{"api_key": "tp_\u200babc"}, key("Character 4 of the key is U+200B, " + ascii)},
		"key with a soft hyphen":  {harness.Values{"api_key": "tp_abc\u00ad"}, key("Character 7 of the key is U+00AD, " + ascii)},
		"key with a dash":         {harness.Values{"api_key": "tp—abc"}, key("Character 3 of the key is U+2014 '—', " + ascii)},
		"key with a hard space":   {harness.Values{"api_key": "tp_\u00a0abc"}, key("Character 4 of the key is U+00A0, " + ascii)},
		"key with an escape":      {harness.Values{"api_key": "tp_\x1b[31m"}, key("Character 4 of the key is U+001B, " + ascii)},
		"key with a delete":       {harness.Values{"api_key": "tp_\x7f"}, key("Character 4 of the key is U+007F, " + ascii)},
		"url empty":               {harness.Values{"url": ""}, url("The URL is empty; omit url to use TOFUPILOT_URL, the login file's server or " + example + ".")},
		"url without a scheme":    {harness.Values{"url": "tofupilot.example.com"}, url("must begin with https:// (or http://), as in https://tofupilot.example.com.")},
		"url, host and port":      {harness.Values{"url": "tofupilot.example.com:8443"}, url("must begin with https:// (or http://), as in https://tofupilot.example.com.")},
		"url, localhost and port": {harness.Values{"url": "localhost:8080/api"}, url("must begin with https:// (or http://), as in https://tofupilot.example.com.")},
		"url, address and port":   {harness.Values{"url": "127.0.0.1:8080"}, url("must begin with https:// (or http://), as in https://tofupilot.example.com.")},
		"url of ftp":              {harness.Values{"url": "ftp://tofupilot.example.com"}, url("must begin with https:// (or http://), as in https://tofupilot.example.com.")},
		"url of a file":           {harness.Values{"url": "file:///etc/passwd"}, url("must begin with https:// (or http://), as in https://tofupilot.example.com.")},
		"url without a host":      {harness.Values{"url": "https://"}, url("has no host", example)},
		"url of a path only":      {harness.Values{"url": "https:///api"}, url("has no host", example)},
		"url of a port only":      {harness.Values{"url": "https://:8443/api"}, url("has no host", example)},
		"url with one slash":      {harness.Values{"url": "https:/tofupilot.example.com"}, url("has no host", example)},
		"url with a user":         {harness.Values{"url": "https://user@example.com"}, url("user info", "api_key")},
		"url with a password":     {harness.Values{"url": "https://user:hunter2@example.com"}, url("user info", "may be a password", "api_key")},
		"url with a query":        {harness.Values{"url": "https://example.com/api?organization=7"}, url("a query", "remove it")},
		"url with an empty query": {harness.Values{"url": "https://example.com/?"}, url("a query", "remove it")},
		"url with a fragment":     {harness.Values{"url": "https://example.com/#procedures"}, url("a fragment", "remove it")},
		"url with a space":        {harness.Values{"url": "https://exam ple.com"}, url("Character 13 of the URL is U+0020 ' ', and a URL has no quotes, white space or invisible characters; remove it.")},
		"url with a bad port":     {harness.Values{"url": "https://example.com:https"}, url("This isn't a URL", "port")},
		"http to elsewhere":       {harness.Values{"url": "http://tofupilot.example.com"}, plain},
		"http, refused outright":  {harness.Values{"url": "http://10.0.0.7:8080/api", "allow_http": false}, plain},
		"http, nearly loopback":   {harness.Values{"url": "http://127.0.0.1.example.com"}, plain},
		"certificate empty":       {harness.Values{"ca_cert_pem": ""}, certificate("No certificate found", "-----BEGIN CERTIFICATE-----")},
		"certificate's path":      {harness.Values{"ca_cert_pem": "/etc/ssl/tofupilot.pem"}, certificate(`No certificate found; a certificate in PEM begins with -----BEGIN CERTIFICATE-----. If this is the path of a file, use file("…").`)},
		"key for a certificate":   {harness.Values{"ca_cert_pem": privateKey}, certificate("No certificate found, only: PRIVATE KEY")},
		"damaged certificate":     {harness.Values{"ca_cert_pem": harness.InPEM("CERTIFICATE", []byte("no ASN.1"))}, certificate("Certificate 1 of the bundle is damaged")},
		"max_retries -1":          {harness.Values{"max_retries": -1}, retries("-1")},
		"max_retries 11":          {harness.Values{"max_retries": 11}, retries("11")},
		"max_retries 1.5":         {harness.Values{"max_retries": 1.5}, retries("1.5")},
		"max_retries 1e400":       {harness.Values{"max_retries": hugeNumber(t)}, retries("1e+400")},
		"request_timeout -5m":     {harness.Values{"request_timeout": "-5m"}, timeout(`"-5m" isn't a positive duration`)},
		"request_timeout 0":       {harness.Values{"request_timeout": "0"}, timeout(`"0" isn't a positive duration`)},
		"request_timeout 30":      {harness.Values{"request_timeout": "30"}, timeout(`"30" isn't a duration`, "write it like 30s, 5m or 1h30m")},
		"request_timeout empty":   {harness.Values{"request_timeout": ""}, timeout(`"" isn't a duration`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.ExpectError(t, server.ValidateProvider(t, c.arguments), c.want)
		})
	}
}

func TestProviderArgumentsThatAreGoodOrNotKnownPassAtValidate(t *testing.T) {
	t.Parallel()
	first, privateKey := harness.NewCertificate(t, "first")
	second, _ := harness.NewCertificate(t, "second")
	server := harness.Connect(t, provider.Server("test")())
	for name, arguments := range map[string]harness.Values{
		"none":                       {},
		"key of all that is visible": {"api_key": "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~"},
		"https":                      {"url": "https://tofupilot.example.com/below/api/"},
		"http on this machine":       {"url": "http://localhost:3000"},
		"http on this machine, v4":   {"url": "http://127.1.2.3"},
		"http on this machine, v6":   {"url": "http://[::1]:3000/api"},
		"http where it is allowed":   {"url": "http://tofupilot.example.com", "allow_http": true},
		"http where it may be":       {"url": "http://tofupilot.example.com", "allow_http": harness.Unknown},
		"certificates":               {"ca_cert_pem": "first\n" + first + "second\n" + second},
		"certificate, and its key":   {"ca_cert_pem": privateKey + first},
		"no retries":                 {"max_retries": 0},
		"most retries":               {"max_retries": 10},
		"duration with a fraction":   {"request_timeout": "1.5s"},
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
