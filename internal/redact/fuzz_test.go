package redact

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

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
