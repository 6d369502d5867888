package harness

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

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
