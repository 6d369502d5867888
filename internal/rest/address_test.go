package rest

import (
	"net/url"
	"testing"
)

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"http://localhost:3000":        true,
		"http://127.255.255.254:80":    true,
		"http://[::1]":                 true,
		"http://[::ffff:127.0.0.1]":    true,
		"http://0.0.0.0":               false,
		"http://10.0.0.1":              false,
		"http://[fe80::1]":             false,
		"http://notlocalhost":          false,
		"http://128.0.0.1":             false,
		"http://localhost.example.com": false,
		"http://127.0.0.1.nip.io":      false,
		"http://127.1":                 false, // only some systems read it as 127.0.0.1
	} {
		if got := IsLoopback(parseURL(t, raw)); got != want {
			t.Errorf("%s: got %t, want %t", raw, got, want)
		}
	}
}

func TestSameServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://example.com/api", "https://example.com/login?next=/", true},
		{"https://example.com", "https://EXAMPLE.com:443", true},
		{"http://example.com:80", "http://example.com", true},
		{"https://xn--bcher-kva.test", "https://XN--bcher-kva.test", true},
		{"http://example.com", "https://example.com", false},
		{"http://example.com:443", "https://example.com:443", false},
		{"https://example.com", "https://example.com:8443", false},
		{"https://example.com", "https://www.example.com", false},
		{"https://tofupilot.app", "https://www.tofupilot.app", false}, // package config treats them as one server
		{"https://example.com", "https://example.com.", false},
		// Hosts with letters outside ASCII never match, even if they are equal, or differ only in case.
		{"https://b\u00fccher.test", "https://b\u00fccher.test", false},
		{"https://hosts.test", "https://ho\u017fts.test", false},   // U+017F is another lower case of S
		{"https://\u212aelvin.test", "https://kelvin.test", false}, // U+212A, the Kelvin sign, is another upper case of k
	} {
		a, b := parseURL(t, c.a), parseURL(t, c.b)
		if got := SameServer(a, b); got != c.want {
			t.Errorf("%s and %s: got %t, want %t", a, b, got, c.want)
		}
		if got := SameServer(b, a); got != c.want {
			t.Errorf("%s and %s: got %t, want %t", b, a, got, c.want)
		}
	}
}

func parseURL(t *testing.T, raw string) *url.URL {
	t.Helper()
	address, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return address
}
