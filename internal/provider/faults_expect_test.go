package provider

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// idsIn are the IDs of a state.
func idsIn(t *testing.T, state *tfprotov6.DynamicValue) []string {
	t.Helper()
	schema := speak(t, Server("test")())
	object, err := state.Unmarshal(schema.procedures)
	if err != nil {
		t.Fatal(err)
	}
	var (
		attributes map[string]tftypes.Value
		list       []tftypes.Value
		ids        = []string{}
	)
	if err := object.As(&attributes); err != nil {
		t.Fatal(err)
	}
	if err := attributes["ids"].As(&list); err != nil {
		t.Fatal(err)
	}
	for _, element := range list {
		var id string
		if err := element.As(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// expectPlain wants a text that a person can read to its end and that steers no
// terminal.
func expectPlain(t *testing.T, text string) {
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
}

// expectKeyIsNowhere looks for the key as it is and as Base64 would hold it.
func expectKeyIsNowhere(t *testing.T, where string, content []byte) {
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

// goroutinesEnd runs a test whose goroutines must all end with it. Those that
// it starts, and those that they start, carry its name as a label, so that
// tests which run at the same time don't count.
func goroutinesEnd(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	label := regexp.MustCompile(`(?m)^# labels: .*` + regexp.QuoteMeta(fmt.Sprintf("%q", t.Name())))
	// A test of its own ends, and with it its servers, before goroutines are counted.
	t.Run("", func(t *testing.T) {
		pprof.SetGoroutineLabels(pprof.WithLabels(t.Context(), pprof.Labels("test", strings.TrimSuffix(t.Name(), "/#00"))))
		test(t)
	})
	var left bytes.Buffer
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left.Reset()
		if err := pprof.Lookup("goroutine").WriteTo(&left, 1); err != nil {
			t.Fatal(err)
		}
		if !label.Match(left.Bytes()) {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	for group := range strings.SplitSeq(left.String(), "\n\n") {
		if label.MatchString(group) {
			t.Errorf("goroutines stay:\n%s", group)
		}
	}
}
