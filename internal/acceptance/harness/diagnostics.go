package harness

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Diagnosis describes an expected diagnostic.
type Diagnosis struct {
	Path    string // such as timeouts.read; empty: none
	Summary string
	Words   []string // parts of the detail
}

// Error returns a Diagnosis. Its detail must contain all of the words.
func Error(path, summary string, words ...string) Diagnosis {
	return Diagnosis{path, summary, words}
}

// ExpectError checks that there is one diagnostic, an error as described.
func ExpectError(t *testing.T, diagnostics []*tfprotov6.Diagnostic, want Diagnosis) {
	t.Helper()
	if len(diagnostics) != 1 {
		t.Fatalf("got %d diagnostics, want 1: %s", len(diagnostics), Describe(diagnostics))
	}
	got := diagnostics[0]
	if got.Severity != tfprotov6.DiagnosticSeverityError {
		t.Errorf("got severity %s, want an error", got.Severity)
	}
	if path := PathOf(got); path != want.Path {
		t.Errorf("got path %q, want %q: %s", path, want.Path, Describe(diagnostics))
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

// ExpectNoDiagnostics checks that there are no errors or warnings.
func ExpectNoDiagnostics(t *testing.T, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	if len(diagnostics) > 0 {
		t.Fatalf("got diagnostics: %s", Describe(diagnostics))
	}
}

// Describe returns the path, the summary and the detail of each diagnostic.
func Describe(diagnostics []*tfprotov6.Diagnostic) string {
	var text strings.Builder
	for _, diagnostic := range diagnostics {
		text.WriteString("\n" + PathOf(diagnostic) + ": " + diagnostic.Summary + "\n    " + diagnostic.Detail)
	}
	return text.String()
}

// PathOf returns the path of a diagnostic's attribute, such as timeouts.read, or an empty
// string.
func PathOf(diagnostic *tfprotov6.Diagnostic) string {
	var names []string
	for _, step := range diagnostic.Attribute.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}

// Refused is in the error for a port on which nothing listens: "connection refused" on Unix,
// "actively refused it" on Windows.
const Refused = "refused"

// NoSuchFile returns this system's error for a file that doesn't exist, without the period at
// its end on Windows.
func NoSuchFile(t *testing.T) string {
	t.Helper()
	_, err := os.Stat(filepath.Join(t.TempDir(), "none"))
	pathError := new(fs.PathError)
	if !errors.As(err, &pathError) {
		t.Fatal(err)
	}
	return strings.TrimSuffix(pathError.Err.Error(), ".")
}
