package redact

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestClean redacts the key, also with invisible characters in it, and control characters.
func TestClean(t *testing.T) {
	t.Parallel()
	clean := New("tp_secret").Text
	for text, want := range map[string]string{
		"":                                     "",
		"no key":                               "no key",
		"Bearer tp_secret":                     "Bearer [the API key]",
		"tp_secrettp_secret":                   "[the API key][the API key]",
		"tp_\u200bsecret":                      "[the API key]", // a zero-width space
		"tp_\x00sec\u00adret":                  "[the API key]", // a soft hyphen
		"tp_\u034fsec\ufe0fret":                "[the API key]", // a joiner and a variation selector
		"tp_\u115fsec\u17b4r\U000e0080et":      "[the API key]", // a filler, a vowel and an unassigned code point
		"\x1b[31mred\x1b[0m":                   "[31mred[0m",
		"\u202edlrow":                          "dlrow", // the character reverses the text direction
		"one\r\n\ttwo\u2028three":              "one   two three",
		"  around  ":                           "around",
		"\xff\xfe":                             "\uFFFD\uFFFD",
		"Zoë 🔋":                                "Zoë 🔋",
		strings.Repeat("ä", 1000):              strings.Repeat("ä", 1000),
		strings.Repeat("ä", 1001):              strings.Repeat("ä", 1000) + "…",
		strings.Repeat("x", 995) + "tp_secret": strings.Repeat("x", 995) + "[the …",
	} {
		if got := clean(text); got != want || !utf8.ValidString(got) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestCleanKey checks that a key of any visible ASCII characters is redacted in each encoding.
func TestCleanKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[!-~]{8,40}`).Filter(func(key string) bool { return strings.Trim(key, "\"'`") == key }).Draw(t, "key")
		clean := New(key).Text
		inPath := &url.URL{Path: "/" + key}
		for encoding, encoded := range map[string]string{
			"unchanged": key, "in quotes": fmt.Sprintf("%q", key), "in a query": url.QueryEscape(key),
			"in a segment": url.PathEscape(key), "in a path": inPath.String(), "in lower case": strings.ToLower(url.QueryEscape("ß")) + url.QueryEscape(key),
		} {
			if got := clean("before " + encoded + " after"); strings.Count(got, "[the API key]") != 1 {
				t.Errorf("%s, %q becomes %q", encoding, encoded, got)
			}
		}
	})
}

// TestCleanInvisible checks three categories, which contain all of Unicode's
// Default_Ignorable_Code_Point.
func TestCleanInvisible(t *testing.T) {
	t.Parallel()
	for r := range unicode.MaxRune + 1 {
		ignorable := unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Cf, unicode.Variation_Selector)
		if shown := visible(string(r)); ignorable && shown != "" || unicode.IsControl(r) && strings.TrimSpace(shown) != "" {
			t.Errorf("%U is shown", r)
		}
	}
	for _, r := range []rune{0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f, 0x3164, 0xfe00, 0xfe0f, 0xffa0, 0xfff0, 0x1d173, 0xe0000, 0xe0080, 0xe0fff} {
		if visible(string(r)) != "" {
			t.Errorf("%U is shown", r)
		}
	}
}

// TestCleanBeforeCut checks that no part of the key remains where the text is cut.
func TestCleanBeforeCut(t *testing.T) {
	t.Parallel()
	const key = "tp_SECRETsecret"
	clean := New(key)
	for text, want := range map[string]string{
		strings.Repeat("x", 86) + key:          strings.Repeat("x", 86) + "[the API key]",
		strings.Repeat("x", 991) + key:         strings.Repeat("x", 991) + "[the API …",
		strings.Repeat("x", maxInput-14) + key: strings.Repeat("x", 1000) + "…",
		// Without invisible characters the text is short, but the input is cut within the key.
		"tp_SECRETsecre" + strings.Repeat("\u200b", maxInput) + "t":        "",
		strings.Repeat("\x80", maxInput+1):                                 "", // only continuation bytes
		"before tp_SECRETs" + strings.Repeat("\u200b", maxInput):           "be",
		strings.Repeat("\u200b", 5_000) + key + strings.Repeat("x", 2_000): "[the API key]" + strings.Repeat("x", 987) + "…",
	} {
		if got := clean.Text(text); got != want {
			t.Errorf("%.100q: got %.100q, want %.100q", text, got, want)
		}
	}
}

func TestHeaderValues(t *testing.T) {
	t.Parallel()
	const token = "abcd+1234/xyz"
	clean := New("the-secret-key", Header{"X-Short", "secret7"}, Header{"X-Org", "abcd+1234"}, Header{"CF-Access-Client-Secret", token}, Header{"X-Words", "two  words"})
	for text, want := range map[string]string{
		"unchanged: " + token:                     "unchanged: [the header CF-Access-Client-Secret]",
		"the shorter one: abcd+1234/x":            "the shorter one: [the header X-Org]/x",
		"in a URL: ?t=" + url.QueryEscape(token):  "in a URL: ?t=[the header CF-Access-Client-Secret]",
		"too short: secret7, and " + "two  words": "too short: secret7, and [the header X-Words]",
		"both: the-secret-key" + token:            "both: [the API key][the header CF-Access-Client-Secret]",
	} {
		if got := clean.Text(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := clean.OwnText("https://abcd+1234/xyz?the-secret-key"); got != "https://abcd+1234/xyz?[the API key]" {
		t.Errorf("the provider's own text became %q", got)
	}
	var logged strings.Builder
	slog.New(clean.Handler(slog.NewTextHandler(&logged, nil))).Warn("Again", "url", token, "error", errors.New(token))
	if text := logged.String(); !strings.Contains(text, "url="+token+` error="[the header CF-Access-Client-Secret]"`) {
		t.Errorf("logged %s", text)
	}
}

func TestLogHandler(t *testing.T) {
	t.Parallel()
	const key = "the-secret-key"
	text := fmt.Sprintf("%q came \x1b[31mtwice\u200b, as %s did", "a"+key+"b", url.QueryEscape(key))
	for name, value := range map[string]any{
		"a text": text, "an error": errors.New(text), "a Stringer": stringer(text), "a LogValuer": logValuer(text), "a list": []string{text}, "a group": slog.GroupValue(slog.String(key, text)),
	} {
		var logged strings.Builder
		log := slog.New(New(key).Handler(slog.NewTextHandler(&logged, nil)))
		log.Warn("Reading the list again", "reason", value, "passes", 2)
		log.With("bound", key).WithGroup(key).Warn("Reading the list again", "reason", value)
		if text := logged.String(); strings.Contains(text, key) || strings.ContainsAny(text, "\x1b\u200b") || !strings.Contains(text, `a[the API key]b`) || !strings.Contains(text, "passes=2") {
			t.Errorf("%s: logged %q", name, text)
		}
	}
}

type stringer string

func (s stringer) String() string { return string(s) }

type logValuer string

func (l logValuer) LogValue() slog.Value { return slog.AnyValue(errors.New(string(l))) }

// TestRedactedForms checks encoded forms of a secret, the shortest header value that is redacted
// (8 bytes), and the removal of private-use characters.
func TestRedactedForms(t *testing.T) {
	t.Parallel()
	const key = `a${b}"c`
	r := New(key, Header{"X-Eight", "12345678"}, Header{"X-Seven", "abcdefg"}, Header{"X-Auth", "Bearer abc-token-123"})
	for text, want := range map[string]string{
		fmt.Sprintf("%q", key):         `"[the API key]"`,
		`"a$${b}\"c"`:                  `"[the API key]"`,
		"12345678 and abcdefg":         "[the header X-Eight] and abcdefg",
		"Bearer abc-token-123":         "[the header X-Auth]",
		"token abc-token-123":          "token [the header X-Auth]",
		"private \ue000 \U000f0000use": "private  use",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	const key = "tp_0123456789abcdef"
	for _, text := range []string{
		`{"message":"Bad request","code":"BAD_REQUEST","issues":[]}`,
		`{"message":"No such key: ` + key + `","code":"` + key + `"}`, strings.Repeat(key+"\x00", 100),
		"\x1b[31m", `<html>`, ``, "\xff\xfe", "\u202e" + key[:9] + "\u200b" + key[9:],
	} {
		f.Add(text, key)
	}
	f.Fuzz(func(t *testing.T, text, key string) {
		// A shorter key could be part of a word. One with brackets could appear where the replacement,
		// "[the API key]", meets the text around it.
		if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) || len(key) < 8 || strings.ContainsAny(key, "[]") {
			t.Skip()
		}
		shown := New(key).Text(text)
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) }) {
			t.Errorf("%q has control or invisible characters", shown)
		}
		if length := utf8.RuneCountInString(shown); length > maxMessage+1 { // with an ellipsis
			t.Errorf("it has %d characters", length)
		}
		if strings.Contains(shown, key) {
			t.Errorf("the key %q is in %q", key, shown)
		}
	})
}
