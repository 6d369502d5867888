package harness

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// WantDiagnostic describes an expected diagnostic.
type WantDiagnostic struct {
	Path    string // the argument, such as timeouts.read; empty for none
	Summary string
	Words   []string // texts that the detail contains
}

// WantError returns a WantDiagnostic for CheckError. The path is empty for an error without an argument.
func WantError(path, summary string, words ...string) WantDiagnostic {
	return WantDiagnostic{path, summary, words}
}

// CheckError checks that there is exactly one diagnostic, and that it is the expected error.
func CheckError(t *testing.T, diagnostics []*tfprotov6.Diagnostic, want WantDiagnostic) {
	t.Helper()
	if len(diagnostics) != 1 {
		t.Fatalf("got %d diagnostics, want 1: %s", len(diagnostics), FormatDiagnostics(diagnostics))
	}
	got := diagnostics[0]
	if got.Severity != tfprotov6.DiagnosticSeverityError {
		t.Errorf("got severity %s, want an error", got.Severity)
	}
	if path := DiagnosticPath(got); path != want.Path {
		t.Errorf("got path %q, want %q: %s", path, want.Path, FormatDiagnostics(diagnostics))
	}
	if got.Summary != want.Summary {
		t.Errorf("got summary %q, want %q", got.Summary, want.Summary)
	}
	for _, word := range want.Words {
		if !strings.Contains(got.Detail, word) {
			t.Errorf("no %q in the detail: %s", word, got.Detail)
		}
	}
}

// CheckNoDiagnostics checks that there are no errors or warnings.
func CheckNoDiagnostics(t *testing.T, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	if len(diagnostics) > 0 {
		t.Fatalf("got diagnostics: %s", FormatDiagnostics(diagnostics))
	}
}

// CheckReadable checks that the text of diagnostics isn't too long to read, and that it has neither
// control characters nor stray periods.
func CheckReadable(t *testing.T, text string) {
	t.Helper()
	const maxLength = 25_000 // room for twenty issues of a server, with a thousand characters each
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

// strayPeriod matches a period before other punctuation, unless it is part of an ellipsis, and any
// period before a parenthesis. The error messages of Windows end with a period; a text that continues
// after such a message must leave it out.
var strayPeriod = regexp.MustCompile(`[^\s.]\.[.;,:]\s|\S*\. \(`)

// FormatDiagnostics returns the path, the summary and the detail of each diagnostic.
func FormatDiagnostics(diagnostics []*tfprotov6.Diagnostic) string {
	var text strings.Builder
	for _, diagnostic := range diagnostics {
		text.WriteString("\n" + DiagnosticPath(diagnostic) + ": " + diagnostic.Summary + "\n    " + diagnostic.Detail)
	}
	return text.String()
}

// DiagnosticPath returns the path of a diagnostic's attribute, such as timeouts.read, or an
// empty string.
func DiagnosticPath(diagnostic *tfprotov6.Diagnostic) string {
	var names []string
	for _, step := range diagnostic.Attribute.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}

// ConnectionRefused is part of the error for a port on which nothing listens: "connection
// refused" on Unix, "actively refused it" on Windows.
const ConnectionRefused = "refused"

// FileNotFoundMessage returns this system's error for a file that doesn't exist. It removes the
// period at the end, which Windows adds.
func FileNotFoundMessage(t *testing.T) string {
	t.Helper()
	_, err := os.Stat(filepath.Join(t.TempDir(), "none"))
	pathError, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		t.Fatal(err)
	}
	return strings.TrimSuffix(pathError.Err.Error(), ".")
}
