package config

import (
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://www.tofupilot.app":             "https://www.tofupilot.app/api",
		"https://www.tofupilot.app/api/":        "https://www.tofupilot.app/api",
		"https://example.com/tofupilot":         "https://example.com/tofupilot/api",
		"https://example.com//tofupilot//api//": "https://example.com/tofupilot/api",
		"https://example.com/v2":                "https://example.com/v2/api",
		"https://example.com/api/v2x":           "https://example.com/api/v2x/api", // only /api/v2 is an error
		"https://example.com/myapi":             "https://example.com/myapi/api",
		"https://example.com/a%20b/c%2Fd":       "https://example.com/a%20b/c%2Fd/api",
		"https://example.com:65535":             "https://example.com:65535/api",
		"http://[::1]:3000/":                    "http://[::1]:3000/api",
		"https://[2001:DB8::1]":                 "https://[2001:db8::1]/api",
		"HTTPS://WWW.TofuPilot.App/API":         "https://www.tofupilot.app/API/api", // paths keep their case
		"https://例え.テスト":                        "https://xn--r8jz45g.xn--zckzah/api",
		"https://例え.テスト:8443/ключ":              "https://xn--r8jz45g.xn--zckzah:8443/%D0%BA%D0%BB%D1%8E%D1%87/api",

		// tofupilot.app is www.tofupilot.app, but only over https and on port 443.
		"https://tofupilot.app":              "https://www.tofupilot.app/api",
		"HTTPS://TofuPilot.app:443/api/":     "https://www.tofupilot.app/api",
		"https://tofupilot.app:8443":         "https://tofupilot.app:8443/api",
		"http://tofupilot.app":               "http://tofupilot.app/api",
		"https://tofupilot.app.evil.example": "https://tofupilot.app.evil.example/api",
	} {
		base, err := parseURL(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if got := base.String(); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}

func TestBadURLs(t *testing.T) {
	t.Parallel()
	const noScheme, noHost, hasUser, hasQuery = "must begin with https://", "has no host", "contains user info", "has a query"
	for raw, want := range map[string]string{
		"":                           noScheme,
		"tofupilot.example.com":      noScheme,
		"tofupilot.example.com:8443": noScheme,
		"10.0.0.7:8443/api":          noScheme,
		"ftp://example.com":          noScheme,
		"https://":                   noHost,
		"https://:8443":              noHost,
		"https://@example.com":       hasUser,
		"https://example.com?":       hasQuery,
		"https://example.com/?a=b#c": hasQuery,
		"https://example.com#":       "has a fragment",
		"https://example.com:port":   "this isn't a URL",
		"https://example.com:65536":  "port 65536 doesn't exist",
		"https://https://host":       "has :// twice",
		"https://::1:8443":           "needs brackets",
		"http://localhost:80:8080":   "needs brackets",
		"https://[::1":               "this isn't a URL",
		"https://[::1%25%5b]":        "this isn't a URL",
		"https://example.com/\xff":   "this isn't a URL",
		"https://-ä.example.com":     "the URL's host isn't a valid name",

		`"https://example.com"`:      "character 1 of the URL is U+0022 '\"', and a URL has no quotes, white space or invisible characters; remove it",
		"`https://example.com`":      "character 1 of the URL is U+0060 '`', and",
		"https://example.com\u201d":  "character 20 of the URL is U+201D '\u201d', and",
		"https://exa mple.com":       "character 12 of the URL is U+0020 ' ', and",
		"\ufeffhttps://example.com":  "character 1 of the URL is U+FEFF, and",
		"https://мü\u034f.example":   "character 11 of the URL is U+034F",
		"https://example.com/a\x00b": "character 22 of the URL is U+0000, and",

		"https://example.com/api/v2":             "drop /v2",
		"https://example.com/api//v2/procedures": "drop /v2",
	} {
		base, err := parseURL(raw)
		if err == nil {
			t.Errorf("%q: got the base %s, want an error", raw, base)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", raw, err, want)
		}
	}
}

func TestURLErrorsHideSecrets(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"https://secret@example.com", "https://user:secret@example.com", "https://user:sec%zzret@example.com", "https://secret:@:x/",
		"secret:secret@", "ftp://secret@", "https://user:secret@exa mple.com", "https://user:secret\n@example.com",
		"https://example.com/?token=secret", "https://example.com#secret",
	} {
		if base, err := parseURL(raw); err == nil || strings.Contains(err.Error(), "sec") { // also finds sec%zzret
			t.Errorf("%q: got %v, %v", raw, base, err)
		}
	}
}
