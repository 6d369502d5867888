package config

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// FuzzParseURL checks that the base of a valid URL is valid and its own base, and that requests below
// it go to the same server. An error doesn't repeat an invalid URL that may have a password.
func FuzzParseURL(f *testing.F) {
	for _, raw := range []string{
		DefaultURL, DefaultURL + "/api", "https://tofupilot.example.com/below/api/", "HTTPS://TofuPilot.Example.COM:8443//api//", "http://[::1]:3000/api", "http://[fe80::1%25eth0]/",
		"tofupilot.example.com", "localhost:3000", "ftp://example.com", "https://", "https:///api", "https://user:hunter2@example.com", "https://example.com/@", "https://example.com?a=b",
		"https://example.com/#a", "https://example.com/a b", "https://example.com/%61pi", "https://example.com/%2e%2e/api", "https://example.com/../../api", "https://example.com/a%2Fapi",
		"https://example.com/api/api", "https://example.com/API", "https://exämple.com/Ключ", "https://example.com:99999", "https://example.com:", "https://%41.example.com", "https:example.com", "//example.com",
		"https://example.com/%zz", "https://example.com\n", "https://example.com/;a=b", "https://1.2.3.4.5", "\x00", "",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		base, err := ParseURL(raw)
		if err != nil {
			// A short URL may be in the error by chance.
			if strings.Contains(raw, "@") && len(raw) > 20 && strings.Contains(err.Error(), raw) {
				t.Errorf("the error repeats a URL that may have a password: %v", err)
			}
			return
		}
		text := base.String()
		if strings.Contains(text, "@") {
			return // The path had %40. ParseURL rejects a URL with @, so the base can't be parsed again.
		}
		if again, err := ParseURL(text); err != nil || again.String() != text {
			t.Fatalf("%q has the base %q, which has the base %v, %v", raw, text, again, err)
		}
		if want := (&url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path, RawPath: base.RawPath}); *base != *want {
			t.Errorf("%q has the base %#v, with more than a scheme, a host and a path", raw, base)
		}
		if base.Scheme != "http" && base.Scheme != "https" {
			t.Errorf("%q has the scheme %q", raw, base.Scheme)
		}
		if base.Hostname() == "" || base.Host != strings.ToLower(base.Host) {
			t.Errorf("%q has the host %q", raw, base.Host)
		}
		cleaned := path.Clean(raw) // without doubled slashes and dot segments
		if strings.HasSuffix(base.EscapedPath(), "/api/api") && !strings.Contains(cleaned, "/api/api") {
			t.Errorf("%q has the path %q: /api was added twice", raw, base.EscapedPath())
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base.JoinPath("v2/procedures").String(), nil)
		if err != nil {
			t.Fatalf("%q can't be requested: %v", raw, err)
		}
		if !rest.SameServer(request.URL, base) || !strings.HasSuffix(request.URL.EscapedPath(), "/api/v2/procedures") {
			t.Errorf("%q is requested as %q", raw, request.URL)
		}
	})
}

var visibleASCII = regexp.MustCompile("^[!-~]+$")

// FuzzCheckAPIKey checks that a valid key has visible ASCII characters only and can be sent in a header,
// and that the error about an invalid one doesn't repeat it.
func FuzzCheckAPIKey(f *testing.F) {
	const valid = "tp_0123456789abcdef"
	for _, key := range []string{valid, "", " ", "a b", "tp_\n", "tp_\u00a0", "tp_\u200b", "\ufeff" + valid, "Ключ-🔑/+=.~", "\x00", "\x7f", "\u0085", "\xff\xfe", `"\`, "Bearer", "Bearer " + valid, "'" + valid + "'"} {
		f.Add(key)
	}
	if err := CheckAPIKey("!#$%&()*+,-./09:;<=>?@AZ[]^_az{|}~"); err != nil {
		f.Errorf("a key with every kind of valid character: %v", err)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if err := CheckAPIKey(key); err != nil {
			if len(key) > 15 && strings.Contains(err.Error(), key) { // the error may contain a shorter text by chance
				t.Errorf("the error repeats the key: %v", err)
			}
			return
		}
		if !visibleASCII.MatchString(key) {
			t.Errorf("%q is accepted", key)
		}
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://tofupilot.invalid/", nil)
		request.Header.Set("Authorization", "Bearer "+key)
		var sent bytes.Buffer
		if err := request.Write(&sent); err != nil {
			t.Fatal(err)
		}
		received, err := http.ReadRequest(bufio.NewReader(&sent))
		if err != nil {
			t.Fatalf("%q can't be sent: %v", key, err)
		}
		// Write adds a User-Agent.
		if len(received.Header) != 2 || received.Header.Get("Authorization") != "Bearer "+key {
			t.Errorf("%q is received as %v", key, received.Header)
		}
	})
}

// FuzzParseDuration checks that the accepted values are those that Go parses as a positive duration, and that
// errors have no control characters.
func FuzzParseDuration(f *testing.F) {
	for _, value := range []string{"", "0", "30", "30s", "1.5s", "-5m", "1h30m", "1ns", "0.4ns", "1e9s", " 5m", "5m ", "5 m", "µs", "1µs", "1μs", "9999999h", "292y", "\x1b[31m", "5m\x00"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		_, err := ParseDuration(value)
		duration, goErr := time.ParseDuration(value)
		accepted, valid := err == nil, goErr == nil && duration > 0
		if accepted != valid {
			t.Errorf("%q: accepted %t, want %t: %v", value, accepted, valid, err)
		}
		if err != nil && strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("the error contains control characters: %q", err)
		}
	})
}

// FuzzParseCertificates checks that a bundle that is parsed without an error has certificates, and that
// they are the same after they are encoded and parsed again.
func FuzzParseCertificates(f *testing.F) {
	stored, err := os.ReadFile("testdata/certificate.pem") // constant, so that inputs are reproducible
	if err != nil {
		f.Fatal(err)
	}
	certificate, key := string(stored), harness.EncodePEM("PRIVATE KEY", []byte("key"))
	for _, bundle := range []string{
		"", "garbage", "/etc/ssl/ca.pem", certificate, certificate + certificate, key, key + certificate, "# one\r\n" + strings.ReplaceAll(certificate, "\n", "\r\n"),
		certificate[:len(certificate)/2], harness.EncodePEM("CERTIFICATE", nil), harness.EncodePEM("TRUSTED CERTIFICATE", []byte("a")), harness.EncodePEM("X509 CERTIFICATE", []byte("a")),
		harness.EncodePEM("CERTIFICATE", []byte{sequenceTag, 0x82}), // 0x82: the length follows in two bytes, which are missing
		certificate + encodeSequence(emptySequence, emptySequence, emptyBitString), byteOrderMark + certificate,
		strings.Replace(certificate, "-----BEGIN", "-----BEGIN ", 1), harness.EncodePEM("\x1b[31m", []byte("a")),
	} {
		f.Add(bundle)
	}
	f.Fuzz(func(t *testing.T, bundle string) {
		parsed, err := ParseCACertPEM(bundle)
		if err != nil {
			if n := len(parsed.Certificates); n > 0 {
				t.Errorf("%d certificates, although %v", n, err)
			}
			return
		}
		if len(parsed.Certificates) == 0 {
			t.Fatal("no certificates, and no error")
		}
		var encoded strings.Builder
		for _, certificate := range parsed.Certificates {
			encoded.WriteString(harness.EncodePEM("CERTIFICATE", certificate.Raw))
		}
		again, err := ParseCACertPEM(encoded.String())
		if err != nil || !slices.EqualFunc(parsed.Certificates, again.Certificates, (*x509.Certificate).Equal) {
			t.Errorf("%d certificates become %d: %v", len(parsed.Certificates), len(again.Certificates), err)
		}
	})
}
