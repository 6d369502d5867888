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

// TestCleanText checks that control characters and invisible characters are removed, and that
// white space and invalid UTF-8 are replaced.
func TestCleanText(t *testing.T) {
	t.Parallel()
	clean := New("tp_secret").Text
	for text, want := range map[string]string{
		"no key":                       "no key",
		"\x1b[31mred\x1b[0m":           "[31mred[0m",
		"\u202edlrow":                  "dlrow",        // U+202E reverses the text direction
		"private \ue000 \U000f0000use": "private  use", // two characters for private use
		"one\r\n\ttwo\u2028three":      "one   two three",
		"  around  ":                   "around",
		"\xff\xfe":                     "\uFFFD\uFFFD",
		"Zoë 🔋":                        "Zoë 🔋",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestCleanKey checks that a key of any visible ASCII characters is redacted, whether unchanged, quoted
// or escaped as in a URL.
func TestCleanKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hasNoQuotesAround := func(key string) bool { return strings.Trim(key, "\"'`") == key } // as the provider requires
		key := rapid.StringMatching(`[!-~]{8,40}`).Filter(hasNoQuotesAround).Draw(t, "key")
		clean := New(key).Text
		inPath := &url.URL{Path: "/" + key}
		for encoding, encoded := range map[string]string{
			"unchanged":    key,
			"in quotes":    fmt.Sprintf("%q", key),
			"in a query":   url.QueryEscape(key),
			"in a segment": url.PathEscape(key),
			"in a path":    inPath.String(),
		} {
			if got := clean("before " + encoded + " after"); strings.Count(got, "[the API key]") != 1 {
				t.Errorf("%s: %q becomes %q, want the key redacted once", encoding, encoded, got)
			}
		}
	})
}

// TestCleanQuotedKey checks that a key is redacted in a string of Go or JSON, which escapes quotes, and in
// one of HCL, which also escapes ${.
func TestCleanQuotedKey(t *testing.T) {
	t.Parallel()
	clean := New(`a${b}"c`).Text
	for _, quoted := range []string{`"a${b}\"c"`, `"a$${b}\"c"`} {
		if got := clean(quoted); got != `"[the API key]"` {
			t.Errorf("%s: got %s", quoted, got)
		}
	}
}

// TestCleanSplitKey checks that a key is redacted even if invisible characters split it.
func TestCleanSplitKey(t *testing.T) {
	t.Parallel()
	const split = "tp_\u200bsec\x00ret" // a zero-width space and a control character
	if got := New("tp_secret").Text(split + split); got != "[the API key][the API key]" {
		t.Errorf("%q twice: got %q", split, got)
	}
}

// TestCleanInvisible checks that every control character is removed or becomes a space, and that every
// ignorable character (Default_Ignorable_Code_Point in Unicode) is removed.
func TestCleanInvisible(t *testing.T) {
	t.Parallel()
	for r := range unicode.MaxRune + 1 {
		shown := visible(string(r))
		// These tables contain all ignorable characters, and some others that are removed as well.
		isIgnorable := unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Cf, unicode.Variation_Selector)
		if isIgnorable && shown != "" {
			t.Errorf("%U becomes %q, want nothing", r, shown)
		}
		if unicode.IsControl(r) && strings.TrimSpace(shown) != "" {
			t.Errorf("%U becomes %q, want nothing or a space", r, shown)
		}
	}
}

// TestCleanLongText checks that at most 1,000 characters are shown, and that no part of the
// key remains where a text is cut.
func TestCleanLongText(t *testing.T) {
	t.Parallel()
	const key = "tp_SECRETsecret" // 15 bytes
	invisible := strings.Repeat("\u200b", maxInput)
	clean := New(key).Text
	for text, want := range map[string]string{
		strings.Repeat("ä", 1000): strings.Repeat("ä", 1000),
		strings.Repeat("ä", 1001): strings.Repeat("ä", 1000) + "…",
		// The key is replaced before the text is cut.
		strings.Repeat("x", 991) + key:                                     strings.Repeat("x", 991) + "[the API …",
		strings.Repeat("\u200b", 5_000) + key + strings.Repeat("x", 2_000): "[the API key]" + strings.Repeat("x", 987) + "…",
		// The input is cut within the key, after 14 of its 15 bytes.
		strings.Repeat("x", maxInput-14) + key: strings.Repeat("x", 1000) + "…",
		"tp_SECRETsecre" + invisible + "t":     "",
		// Of an input that is too long, as many bytes as the key has are dropped at the end: here all but "be".
		"before tp_SECRETs" + invisible: "be",
		// All bytes continue a character that has no first byte.
		strings.Repeat("\x80", maxInput+1): "",
	} {
		if got := clean(text); got != want {
			t.Errorf("%.100q: got %.100q, want %.100q", text, got, want)
		}
	}
}

// TestHeaderValues checks that a header's value of at least 8 bytes is redacted, even if it is escaped,
// or if its scheme, such as Bearer, is missing.
func TestHeaderValues(t *testing.T) {
	t.Parallel()
	clean := New("the-secret-key",
		Header{"X-Beginning", "abcd+1234"}, // before X-Long, whose value must be looked for first
		Header{"X-Long", "abcd+1234/xyz"},
		Header{"X-Eight", "12345678"},
		Header{"X-Seven", "abcdefg"},
		Header{"X-Words", "two  words"},
		Header{"X-Auth", "Bearer abc-token-123"},
	).Text
	for text, want := range map[string]string{
		"abcd+1234/xyz":               "[the header X-Long]",
		"?t=abcd%2B1234%2Fxyz":        "?t=[the header X-Long]",
		"abcd+1234/x":                 "[the header X-Beginning]/x",
		"the-secret-keyabcd+1234/xyz": "[the API key][the header X-Long]",
		"12345678 and abcdefg":        "[the header X-Eight] and abcdefg",
		"two  words":                  "[the header X-Words]",
		"Bearer abc-token-123":        "[the header X-Auth]",
		"token abc-token-123":         "token [the header X-Auth]",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestLogHandler checks that the key, control characters and invisible characters are removed
// from log values of every type. Bound attributes and groups are left out of the log.
func TestLogHandler(t *testing.T) {
	t.Parallel()
	const key = "the-secret-key"
	text := fmt.Sprintf("a%sb came \x1b[31mtwice\u200b", key)
	for name, value := range map[string]any{
		"a string":    text,
		"an error":    errors.New(text),
		"a Stringer":  stringer(text),
		"a LogValuer": logValuer(text),
		"a list":      []string{text},
		"a group":     slog.GroupValue(slog.String(key, text)),
	} {
		var logged strings.Builder
		log := slog.New(New(key).Handler(slog.NewTextHandler(&logged, nil))).With("bound", "left out").WithGroup("group")
		log.Warn("Reading the list again", "reason", value, "passes", 2)
		for _, want := range []string{`msg="Reading the list again" reason=`, "a[the API key]b came [31mtwice", " passes=2"} { // nothing bound between msg and reason
			if !strings.Contains(logged.String(), want) {
				t.Errorf("%s: logged %s, want %q in it", name, logged.String(), want)
			}
		}
		for _, unsafe := range []string{key, `\x1b`, `\u200b`} { // the text handler escapes characters
			if strings.Contains(logged.String(), unsafe) {
				t.Errorf("%s: logged %s, with %q in it", name, logged.String(), unsafe)
			}
		}
	}
}

type stringer string

func (s stringer) String() string { return string(s) }

type logValuer string

func (l logValuer) LogValue() slog.Value { return slog.AnyValue(errors.New(string(l))) }

// TestLogHandlerHeaders checks that values of headers are removed from errors, which may contain
// text of a server. In strings, which are the provider's own text, the values stay.
func TestLogHandlerHeaders(t *testing.T) {
	t.Parallel()
	const value = "abcd+1234/xyz"
	var logged strings.Builder
	log := slog.New(New("the-secret-key", Header{"X-Org", value}).Handler(slog.NewTextHandler(&logged, nil)))
	log.Warn("Again", "url", value, "error", errors.New(value))
	if want := `url=abcd+1234/xyz error="[the header X-Org]"`; !strings.Contains(logged.String(), want) {
		t.Errorf("logged %s, want %s in it", logged.String(), want)
	}
}

// FuzzText checks that a text becomes valid UTF-8 of bounded length, without the key, control
// characters and invisible characters.
func FuzzText(f *testing.F) {
	const exampleKey = "tp_0123456789abcdef"
	for _, text := range []string{
		`{"message":"Bad request","code":"BAD_REQUEST","issues":[]}`,
		`{"message":"No such key: ` + exampleKey + `","code":"` + exampleKey + `"}`,
		strings.Repeat(exampleKey+"\x00", 100),
		"", "<html>", "\x1b[31m", "\xff\xfe",
		"\u202e" + exampleKey[:9] + "\u200b" + exampleKey[9:],
	} {
		f.Add(text, exampleKey)
	}
	f.Fuzz(func(t *testing.T, text, key string) {
		isNotVisibleASCII := func(r rune) bool { return r <= ' ' || r > '~' }
		switch {
		case strings.ContainsFunc(key, isNotVisibleASCII):
			t.Skip("such a key isn't accepted by the provider")
		case len(key) < 8:
			t.Skip("a short key may be part of a word")
		case strings.ContainsAny(key, "[]"):
			t.Skip("[the API key] and the text beside it may form such a key")
		}
		shown := New(key).Text(text)
		if !utf8.ValidString(shown) {
			t.Errorf("%q isn't valid UTF-8", shown)
		}
		if strings.ContainsFunc(shown, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) }) {
			t.Errorf("%q has control or invisible characters", shown)
		}
		if length := utf8.RuneCountInString(shown); length > maxMessage+len([]rune("…")) {
			t.Errorf("got %d characters, want at most %d and an ellipsis", length, maxMessage)
		}
		if strings.Contains(shown, key) {
			t.Errorf("the key %q is in %q", key, shown)
		}
	})
}
