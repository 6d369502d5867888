package docs_test

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fence     = regexp.MustCompile("(?ms)^```.*?^```$")
	code      = regexp.MustCompile("`[^`\n]*`")
	link      = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	anchorTag = regexp.MustCompile(`<a id="([^"]+)">`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)
	// registryPage matches a page in the registry, which is a file in docs/.
	registryPage = regexp.MustCompile(`^https://registry\.terraform\.io/providers/tofupilot/tofupilot/latest/docs(?:/([a-z/_-]+))?$`)
	// githubPage matches a file, a directory or a workflow of this repository on GitHub.
	githubPage = regexp.MustCompile(`^https://github\.com/tofupilot/terraform-provider-tofupilot/(?:(?:blob|tree)/main/|(actions/workflows/))([^/?#][^?#]*?)(?:/badge\.svg)?(?:[?#].*)?$`)
)

// TestLinks checks that the files and headings to which pages and badges link exist in the
// repository. It doesn't check links to other sites. Relative links aren't allowed in docs/,
// because each registry resolves them in its own way.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages := readPages(t)
	checked := 0
	for page, text := range pages {
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(fence.ReplaceAllString(text, ""), ""), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			file := page
			onGitHub, inRegistry := githubPage.FindStringSubmatch(found[1]), registryPage.FindStringSubmatch(target)
			switch {
			case onGitHub != nil && onGitHub[1] != "":
				file = ".github/workflows/" + onGitHub[2]
			case onGitHub != nil:
				file = onGitHub[2]
			case inRegistry != nil:
				file = "docs/" + cmp.Or(inRegistry[1], "index") + ".md"
			case strings.Contains(target, ":"):
				continue
			case target != "":
				file = path.Join(path.Dir(page), target)
				if strings.HasPrefix(page, "docs/") {
					t.Errorf("%s: %s is relative, which doesn't work in registries", page, found[1])
				}
			}
			checked++
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s: %s doesn't exist", page, found[1])
			} else if anchor != "" && !findAnchors(pages[file])[anchor] {
				t.Errorf("%s: the heading of %s doesn't exist", page, found[1])
			}
		}
	}
	if checked < 10 {
		t.Errorf("found only %d links", checked)
	}
}

// findAnchors returns the anchors of a page's headings, as created by GitHub and the
// registries, and its anchor tags.
func findAnchors(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		slug := notInSlug.ReplaceAllString(strings.ToLower(strings.TrimSpace(match[1])), "")
		anchors[strings.ReplaceAll(slug, " ", "-")] = true
	}
	for _, match := range anchorTag.FindAllStringSubmatch(text, -1) {
		anchors[match[1]] = true
	}
	return anchors
}
