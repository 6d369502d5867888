package provider

import (
	"strings"
	"testing"
)

func TestProviderArgumentsAreCheckedAtValidate(t *testing.T) {
	t.Parallel()
	const example = "https://www.tofupilot.app"
	_, privateKey := newCertificate(t, "key only")
	about := func(attribute string) func(words ...string) diagnosis {
		return func(words ...string) diagnosis { return diagnosis{attribute, "Invalid " + attribute, words} }
	}
	key, url, certificate, timeout := about("api_key"), about("url"), about("ca_cert_pem"), about("request_timeout")
	plain := diagnosis{"url", "Invalid url", []string{"the API key would travel unencrypted", "use https://", "allow_http = true"}}
	retries := func(got string) diagnosis {
		return diagnosis{"max_retries", "Invalid Attribute Value", []string{"must be between 0 and 10, got: " + got}}
	}
	server := speak(t, Server("test")())
	for name, c := range map[string]struct {
		arguments values
		want      diagnosis
	}{
		"key empty":               {values{"api_key": ""}, key("The key is empty")},
		"key of a space":          {values{"api_key": " "}, key("white space")},
		"key with a space":        {values{"api_key": "tp_a tp_b"}, key("white space")},
		"key with a line break":   {values{"api_key": "tp_abc\n"}, key("white space", "a line break that came along when it was copied")},
		"key with a hard space":   {values{"api_key": "tp_\u00a0abc"}, key("white space")},
		"key with an escape":      {values{"api_key": "tp_\x1b[31m"}, key("control character")},
		"key with a zero":         {values{"api_key": "tp_\x00"}, key("control character")},
		"key with a delete":       {values{"api_key": "tp_\x7f"}, key("control character")},
		"url empty":               {values{"url": ""}, url("must begin with https://", example)},
		"url without a scheme":    {values{"url": "tofupilot.example.com"}, url("must begin with https://", example)},
		"url, host and port":      {values{"url": "tofupilot.example.com:8443"}, url("must begin with https://", example)},
		"url, localhost and port": {values{"url": "localhost:8080/api"}, url("must begin with https://", example)},
		"url, address and port":   {values{"url": "127.0.0.1:8080"}, url("must begin with https://", example)},
		"url of ftp":              {values{"url": "ftp://tofupilot.example.com"}, url("must begin with https://", example)},
		"url of a file":           {values{"url": "file:///etc/passwd"}, url("must begin with https://", example)},
		"url without a host":      {values{"url": "https://"}, url("has no host", example)},
		"url of a path only":      {values{"url": "https:///api"}, url("has no host", example)},
		"url of a port only":      {values{"url": "https://:8443/api"}, url("has no host", example)},
		"url with one slash":      {values{"url": "https:/tofupilot.example.com"}, url("has no host", example)},
		"url with a user":         {values{"url": "https://user@example.com"}, url("user info", "api_key")},
		"url with a password":     {values{"url": "https://user:hunter2@example.com"}, url("user info", "could be a password", "api_key")},
		"url with a query":        {values{"url": "https://example.com/api?organization=7"}, url("a query", "leave it away")},
		"url with an empty query": {values{"url": "https://example.com/?"}, url("a query", "leave it away")},
		"url with a fragment":     {values{"url": "https://example.com/#procedures"}, url("a fragment", "leave it away")},
		"url with a space":        {values{"url": "https://exam ple.com"}, url("Not a URL")},
		"url with a bad port":     {values{"url": "https://example.com:https"}, url("Not a URL", "port")},
		"http to elsewhere":       {values{"url": "http://tofupilot.example.com"}, plain},
		"http, refused outright":  {values{"url": "http://10.0.0.7:8080/api", "allow_http": false}, plain},
		"http, nearly loopback":   {values{"url": "http://127.0.0.1.example.com"}, plain},
		"certificate empty":       {values{"ca_cert_pem": ""}, certificate("There is no certificate in it", "-----BEGIN CERTIFICATE-----")},
		"certificate's path":      {values{"ca_cert_pem": "/etc/ssl/tofupilot.pem"}, certificate("There is no certificate in it", "-----BEGIN CERTIFICATE-----")},
		"key for a certificate":   {values{"ca_cert_pem": privateKey}, certificate("There is no certificate in it, only: PRIVATE KEY")},
		"damaged certificate":     {values{"ca_cert_pem": inPEM("CERTIFICATE", []byte("no ASN.1"))}, certificate("Certificate 1 of the bundle can't be read")},
		"max_retries -1":          {values{"max_retries": -1}, retries("-1")},
		"max_retries 11":          {values{"max_retries": 11}, retries("11")},
		"request_timeout -5m":     {values{"request_timeout": "-5m"}, timeout(`"-5m" isn't a positive duration`)},
		"request_timeout 0":       {values{"request_timeout": "0"}, timeout(`"0" isn't a positive duration`)},
		"request_timeout 30":      {values{"request_timeout": "30"}, timeout(`"30" isn't a duration`, "write it like 30s, 5m or 1h30m")},
		"request_timeout empty":   {values{"request_timeout": ""}, timeout(`"" isn't a duration`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectError(t, server.validateProvider(t, c.arguments), c.want)
		})
	}
}

func TestProviderArgumentsThatAreGoodOrNotKnownPassAtValidate(t *testing.T) {
	t.Parallel()
	first, privateKey := newCertificate(t, "first")
	second, _ := newCertificate(t, "second")
	server := speak(t, Server("test")())
	for name, arguments := range map[string]values{
		"none":                      {},
		"key in any form":           {"api_key": "Ключ-🔑/+=.~"},
		"https":                     {"url": "https://tofupilot.example.com/below/api/"},
		"http on this machine":      {"url": "http://localhost:3000"},
		"http on this machine, v4":  {"url": "http://127.1.2.3"},
		"http on this machine, v6":  {"url": "http://[::1]:3000/api"},
		"http where it is allowed":  {"url": "http://tofupilot.example.com", "allow_http": true},
		"http where it may be":      {"url": "http://tofupilot.example.com", "allow_http": unknown},
		"certificates":              {"ca_cert_pem": "first\n" + first + "second\n" + second},
		"certificate, and its key":  {"ca_cert_pem": privateKey + first},
		"no retries":                {"max_retries": 0},
		"most retries":              {"max_retries": 10},
		"duration with a fraction":  {"request_timeout": "1.5s"},
		"nothing is known":          {"api_key": unknown, "url": unknown, "ca_cert_pem": unknown, "max_retries": unknown, "request_timeout": unknown, "allow_http": unknown},
		"everything is null, again": {"api_key": nil, "url": nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectNoDiagnostics(t, server.validateProvider(t, arguments))
		})
	}
}

// What may be a secret is in no error.
func TestErrorsDoNotRepeatKeysAndPasswords(t *testing.T) {
	t.Parallel()
	server := speak(t, Server("test")())
	for _, arguments := range []values{
		{"api_key": "tp_secret 1"}, {"api_key": "tp_secret\n"}, {"api_key": "\x1btp_secret"},
		{"url": "https://tp_secret@example.com"}, {"url": "https://u:tp_secret@example.com/%zz"}, {"url": "tp_secret:tp_secret@example.com"},
		{"url": "https://example.com?token=tp_secret"}, {"url": "https://example.com#tp_secret"},
	} {
		diagnostics := server.validateProvider(t, arguments)
		if len(diagnostics) == 0 || strings.Contains(describe(diagnostics), "tp_secret") {
			t.Errorf("%v: %s", arguments, describe(diagnostics))
		}
	}
}
