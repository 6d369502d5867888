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

// CheckReadable checks that diagnostics aren't too long to read, and have neither control
// characters nor stray periods.
func CheckReadable(t *testing.T, text string) {
	t.Helper()
	const maxLength = 25_000 // for twenty issues with a thousand characters each
	if length := utf8.RuneCountInString(text); length > maxLength {
		t.Errorf("the diagnostics have %d characters, want at most %d", length, maxLength)
	}
	for _, r := range text {
		if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
			t.Errorf("the diagnostics contain %U", r)
		}
	}
	if stray := strayPeriod.FindString(text); stray != "" {
		t.Errorf("the diagnostics contain %q", stray)
	}
}

// strayPeriod matches a period before other punctuation or a parenthesis. Windows' error messages
// end with a period, which must be removed within a sentence. It doesn't match "Reading...".
var strayPeriod = regexp.MustCompile(`[^\s.]\.[.;,:]\s|\S*\. \(`)

// CheckNoKey checks that the content contains the key neither as text nor in Base64.
func CheckNoKey(t *testing.T, where string, content []byte) {
	t.Helper()
	for _, form := range encodings(fakeapi.Key) {
		if bytes.Contains(content, form) {
			t.Errorf("%s contains the key, as %s", where, form)
		}
	}
}

// encodings returns a text and its three forms in Base64. The form depends on the position at
// which the text begins in a group of three bytes. Incomplete groups are left out.
func encodings(text string) [][]byte {
	forms := [][]byte{[]byte(text)}
	for skip := range 3 {
		whole := text[(3-skip)%3:]
		whole = whole[:len(whole)/3*3]
		forms = append(forms, []byte(base64.StdEncoding.EncodeToString([]byte(whole))))
	}
	return forms
}
