package harness

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// ExpectPlain wants a text that a person can read to its end and that steers no
// terminal.
func ExpectPlain(t *testing.T, text string) {
	t.Helper()
	const longest = 25_000 // twenty issues are shown, of a thousand characters each
	if length := utf8.RuneCountInString(text); length > longest {
		t.Errorf("the diagnostics are %d characters long", length)
	}
	for _, r := range text {
		if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
			t.Errorf("the diagnostics have %U in them", r)
		}
	}
	if doubled := doubledPeriod.FindString(text); doubled != "" {
		t.Errorf("the diagnostics have %q in them", doubled)
	}
}

// doubledPeriod is what comes of a message that ends in a period, as the system's do
// on Windows, where the sentence goes on. An ellipsis, as in Terraform's "Reading...",
// is none.
var doubledPeriod = regexp.MustCompile(`[^\s.]\.[.;,:]\s|\S*\. \(`)

// ExpectKeyIsNowhere looks for the key as it is and as Base64 would hold it.
func ExpectKeyIsNowhere(t *testing.T, where string, content []byte) {
	t.Helper()
	for _, form := range formsOf(fakeapi.Key) {
		if bytes.Contains(content, form) {
			t.Errorf("%s: the key is in it, as %s", where, form)
		}
	}
}

// formsOf are a text and the three ways in which Base64 writes it, by where in a
// group of three bytes it begins, without the characters that its neighbours share.
func formsOf(text string) [][]byte {
	forms := [][]byte{[]byte(text)}
	for skip := range 3 {
		whole := text[(3-skip)%3:]
		whole = whole[:len(whole)/3*3]
		forms = append(forms, []byte(base64.StdEncoding.EncodeToString([]byte(whole))))
	}
	return forms
}
