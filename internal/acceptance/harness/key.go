package harness

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// CheckNoKey checks that the content contains the API key neither as text nor in Base64.
func CheckNoKey(t *testing.T, where string, content []byte) {
	t.Helper()
	for _, form := range append(base64Forms(fakeapi.Key), fakeapi.Key) {
		if bytes.Contains(content, []byte(form)) {
			t.Errorf("%s contains the API key, as %s", where, form)
		}
	}
}

// base64Forms returns three texts. If a longer text contains the given one, its Base64 contains at
// least one of them. Base64 encodes groups of three bytes, so there is a form for each place in a
// group where the given text may start. Incomplete groups at its ends are left out.
func base64Forms(text string) (forms []string) {
	for skipped := range 3 {
		groups := []byte(text[skipped:])
		groups = groups[:len(groups)/3*3]
		forms = append(forms, base64.StdEncoding.EncodeToString(groups))
	}
	return forms
}
