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
// characters nor doubled punctuation.
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
	if doubled := doubledPeriod.FindString(text); doubled != "" {
		t.Errorf("the diagnostics contain %q", doubled)
	}
}

// doubledPeriod matches a message with a period, as systems' errors have on Windows, within a
// sentence. It doesn't match an ellipsis, as in Terraform's "Reading...".
var doubledPeriod = regexp.MustCompile(`[^\s.]\.[.;,:]\s|\S*\. \(`)

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
