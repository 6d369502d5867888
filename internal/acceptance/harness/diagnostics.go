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

// Diagnosis is what a diagnostic must say: where, its summary, and words of its
// detail. A path that is empty is none.
type Diagnosis struct {
	Path    string // such as timeouts.read
	Summary string
	Words   []string
}

// Error is an error at a path, with a summary, and with these words in its detail.
func Error(path, summary string, words ...string) Diagnosis {
	return Diagnosis{path, summary, words}
}

// ExpectError expects one diagnostic, an error that reads as described.
func ExpectError(t *testing.T, diagnostics []*tfprotov6.Diagnostic, want Diagnosis) {
	t.Helper()
	if len(diagnostics) != 1 {
		t.Fatalf("%d diagnostics instead of one: %s", len(diagnostics), Describe(diagnostics))
	}
	got := diagnostics[0]
	if got.Severity != tfprotov6.DiagnosticSeverityError {
		t.Errorf("severity %s", got.Severity)
	}
	if where := PathOf(got); where != want.Path {
		t.Errorf("it is on %q instead of %q: %s", where, want.Path, Describe(diagnostics))
	}
	if got.Summary != want.Summary {
		t.Errorf("summary %q instead of %q", got.Summary, want.Summary)
	}
	for _, word := range want.Words {
		if !strings.Contains(got.Detail, word) {
			t.Errorf("the detail doesn't say %q: %s", word, got.Detail)
		}
	}
}

// ExpectNoDiagnostics expects neither an error nor a warning.
func ExpectNoDiagnostics(t *testing.T, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	if len(diagnostics) > 0 {
		t.Fatalf("diagnostics: %s", Describe(diagnostics))
	}
}

// Describe is what diagnostics say, all of it.
func Describe(diagnostics []*tfprotov6.Diagnostic) string {
	var text strings.Builder
	for _, diagnostic := range diagnostics {
		text.WriteString("\n" + PathOf(diagnostic) + ": " + diagnostic.Summary + "\n    " + diagnostic.Detail)
	}
	return text.String()
}

// PathOf is the attribute that a diagnostic is on, such as timeouts.read; empty if
// it is on none.
func PathOf(diagnostic *tfprotov6.Diagnostic) string {
	var names []string
	for _, step := range diagnostic.Attribute.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}

// Refused is what every system's message has where nothing listens: "connection
// refused" on Unix, "actively refused it" on Windows.
const Refused = "refused"

// NoSuchFile is this system's message of a file that doesn't exist, without the
// period that it ends in on Windows.
func NoSuchFile(t *testing.T) string {
	t.Helper()
	_, err := os.Stat(filepath.Join(t.TempDir(), "none"))
	failed := new(fs.PathError)
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return strings.TrimSuffix(failed.Err.Error(), ".")
}
