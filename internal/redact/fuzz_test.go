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
		// Shorter keys could be part of any word, and a bracket could make a new key
		// out of one's end and of what replaces it, "[the API key]".
		if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) || len(key) < 8 || strings.ContainsAny(key, "[]") {
			t.Skip()
		}
		shown := New(key).Text(text)
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) }) {
			t.Errorf("%q can steer a terminal", shown)
		}
		if length := utf8.RuneCountInString(shown); length > maxMessage+1 { // an ellipsis follows a text that was cut
			t.Errorf("it is %d characters long", length)
		}
		if strings.Contains(shown, key) {
			t.Errorf("the key %q is in %q", key, shown)
		}
	})
}
