package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Terraform's own, which users of this provider meet.
var ofTerraform = []string{"Invalid for_each argument", "Failed to query available provider packages"}

var (
	tableRow = regexp.MustCompile(`(?m)^\| ([A-Z][^|]*) \|`)
	listed   = regexp.MustCompile(`%s|" \+ advice\.plural\(\)`)
	envName  = regexp.MustCompile(`env\w+ += "(TOFUPILOT_\w+)"`) // "Invalid " and its name are a title
)

func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var errors strings.Builder
	errors.WriteString(strings.Join(ofTerraform, "\n"))
	for _, source := range sources {
		if !strings.HasSuffix(source, "_test.go") {
			// The code has a variable where a title names what is listed.
			code := listed.ReplaceAllString(read(t, source), "procedures")
			errors.WriteString(envName.ReplaceAllString(code, "Invalid $1"))
		}
	}
	_, table, found := strings.Cut(pages(t)["docs/index.md"], "\n## Troubleshooting\n")
	if !found {
		t.Fatal("docs/index.md has no troubleshooting")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	rows := tableRow.FindAllStringSubmatch(table, -1)
	if len(rows) < 10 {
		t.Errorf("the table has %d errors", len(rows))
	}
	for _, row := range rows {
		for name := range strings.SplitSeq(row[1], ", ") {
			if name != "Error" && !strings.Contains(errors.String(), name) {
				t.Errorf("no error is called %q", name)
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
