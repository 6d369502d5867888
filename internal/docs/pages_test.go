package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestCallouts checks that pages have few callouts, so that readers notice them.
func TestCallouts(t *testing.T) {
	t.Parallel()
	callout := regexp.MustCompile(`(?m)^[-~!]> `)
	for page, text := range readPages(t) {
		limit := 0
		if page == indexPage {
			limit = 3 // about modules, a key beside a login, and keys in plan files
		}
		if got := len(callout.FindAllString(text, -1)); got > limit {
			t.Errorf("%s has %d callouts, want at most %d", page, got, limit)
		}
	}
}

const indexPage = "docs/index.md"

// readPages returns the Markdown files of the repository, by path.
func readPages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"*.md", ".github/*.md", "docs/*.md", "docs/*/*.md", "internal/*/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Fatalf("found no %s", pattern)
		}
		for _, file := range files {
			path, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			pages[filepath.ToSlash(path)] = strings.ReplaceAll(readFile(t, file), "\r\n", "\n")
		}
	}
	return pages
}

// isForUsers reports whether a page is for users of the provider, not for its developers.
func isForUsers(page string) bool {
	return page == "README.md" || strings.HasPrefix(page, "docs/")
}

// readSection returns the part of a page from a heading to the next one.
func readSection(t *testing.T, page, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(readPages(t)[page], "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", page, heading)
	}
	text, _, _ = strings.Cut(text, "\n##")
	return text
}

// readBlock returns a section's first code block with the given language.
func readBlock(t *testing.T, page, heading, language string) string {
	t.Helper()
	blocks := findBlocks(readSection(t, page, heading), language)
	if len(blocks) == 0 {
		t.Fatalf("%s: the section %q has no code block in %s", page, heading, language)
	}
	return blocks[0].text
}

// codeBlock is a fenced code block of a page.
type codeBlock struct {
	language string
	text     string
	line     int // the number of text's first line in the page
}

var fencedBlock = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// findBlocks returns the text's code blocks with one of the languages.
func findBlocks(text string, languages ...string) (blocks []codeBlock) {
	for _, at := range fencedBlock.FindAllStringSubmatchIndex(text, -1) {
		found := codeBlock{language: text[at[2]:at[3]], text: text[at[4]:at[5]], line: 1 + strings.Count(text[:at[4]], "\n")}
		if slices.Contains(languages, found.language) {
			blocks = append(blocks, found)
		}
	}
	return blocks
}

// normalizeSpace replaces each sequence of white space by a single space.
func normalizeSpace(text string) string { return strings.Join(strings.Fields(text), " ") }

func readFile(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// writeFile writes a file, and creates its directory if it doesn't exist.
func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func removeFile(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}
