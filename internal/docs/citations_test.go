package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	cites     = regexp.MustCompile(`API\.md, ([A-Z][^.,;:)]*)`)
	lineBreak = regexp.MustCompile(`\n\s*//\s*`) // comments may break anywhere

	// What TofuPilot publishes isn't part of the repository.
	citesElsewhere = regexp.MustCompile(`(?i)\b(?:both|two|either|neither|20\d\d|the|API's) documents?\b`)
)

// TestCitations holds comments that cite a section of the client's API.md, as in
// "API.md, Dates", to sections that it has, and lets none cite what readers don't have.
func TestCitations(t *testing.T) {
	t.Parallel()
	page := fence.ReplaceAllString(pages(t)["internal/tofupilot/API.md"], "")
	var sections []string
	for _, found := range heading.FindAllStringSubmatch(page, -1) {
		sections = append(sections, regexp.QuoteMeta(found[1]))
	}
	section := regexp.MustCompile(`^(?:` + strings.Join(sections, "|") + `)\b`)
	checked := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasPrefix(path, "internal/docs/") {
			return err
		}
		source := lineBreak.ReplaceAllString(read(t, filepath.Join(root, path)), " ")
		for _, found := range cites.FindAllStringSubmatch(source, -1) {
			checked++
			if !section.MatchString(found[1]) {
				t.Errorf("%s cites %q: API.md has no such section", path, found[0])
			}
		}
		if found := citesElsewhere.FindString(source); found != "" {
			t.Errorf("%s cites %q: cite a section of API.md instead", path, found)
		}
		return nil
	})
	if err != nil || checked == 0 {
		t.Errorf("%d citations, %v", checked, err)
	}
}
