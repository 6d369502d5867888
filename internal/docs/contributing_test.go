package docs_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	testMap  = regexp.MustCompile(`(?s)\n\| Tests \| What they hold \|\n\|---\|---\|\n(.*?)\n\n`)
	onTheMap = regexp.MustCompile("`([^`]+_test\\.go)`")
)

// TestEveryTestIsOnTheMap holds the table of tests in CONTRIBUTING.md to the tests that
// there are.
func TestEveryTestIsOnTheMap(t *testing.T) {
	t.Parallel()
	table := testMap.FindStringSubmatch(pages(t)["CONTRIBUTING.md"])
	if table == nil {
		t.Fatal("CONTRIBUTING.md has no table of tests")
	}
	matches := map[string]int{}
	for row := range strings.SplitSeq(table[1], "\n") {
		dir := ""
		for _, found := range onTheMap.FindAllStringSubmatch(strings.Split(row, "|")[1], -1) {
			pattern := found[1]
			if !strings.Contains(pattern, "/") {
				pattern = path.Join(dir, pattern) // of the one before
			}
			dir = path.Dir(pattern)
			matches[pattern] = 0
		}
	}
	err := fs.WalkDir(os.DirFS(root), ".", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		found := false
		for pattern := range matches {
			if ok, err := path.Match(pattern, file); err != nil {
				return err
			} else if ok {
				matches[pattern]++
				found = true
			}
		}
		if !found {
			t.Errorf("CONTRIBUTING.md doesn't say what %s holds: add it to the table of tests", file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pattern, files := range matches {
		if files == 0 {
			t.Errorf("CONTRIBUTING.md names the tests %s: there are none", pattern)
		}
	}
}
