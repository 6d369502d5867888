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
	inlineCode = regexp.MustCompile("`[^`\n]*`")
	link       = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	heading    = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	anchorTag  = regexp.MustCompile(`<a id="([^"]+)">`)
	notInSlug  = regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)
	// registryPage matches the URL of a page in the registry. Its group is the path in docs/, without .md.
	registryPage = regexp.MustCompile(`^https://registry\.terraform\.io/providers/tofupilot/tofupilot/latest/docs(?:/([a-z/_-]+))?$`)
	// githubFile matches the URL of a file or a directory of this repository on GitHub. Its group is the path.
	githubFile = regexp.MustCompile(`^https://github\.com/tofupilot/terraform-provider-tofupilot/(?:blob|tree)/main/([^/?#][^?#]*)(?:[?#].*)?$`)
	// githubWorkflow matches the URL of a workflow or its badge. Its group is the name of the workflow's file.
	githubWorkflow = regexp.MustCompile(`^https://github\.com/tofupilot/terraform-provider-tofupilot/actions/workflows/([^/?#]+)(?:/badge\.svg)?(?:[?#].*)?$`)
)

// TestLinks checks links and badges that point to files and headings of this repository: each target
// must exist. It doesn't check links to other sites.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages := readPages(t)
	checked := 0
	for page, text := range pages {
		withoutCode := inlineCode.ReplaceAllString(fencedBlock.ReplaceAllString(text, ""), "")
		for _, found := range link.FindAllStringSubmatch(withoutCode, -1) {
			target := found[1]
			file := findLinkedFile(page, target)
			if file == "" {
				continue
			}
			checked++
			_, anchor, _ := strings.Cut(target, "#")
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s: %s doesn't exist", page, target)
			} else if anchor != "" && !findAnchors(pages[file])[anchor] {
				t.Errorf("%s: the heading of %s doesn't exist", page, target)
			}
			// Each registry resolves relative links in its own way.
			if strings.HasPrefix(page, "docs/") && !strings.HasPrefix(target, "#") && !strings.Contains(target, ":") {
				t.Errorf("%s: %s is relative, which doesn't work in registries", page, target)
			}
		}
	}
	if checked < 10 { // there are more, so link misses some
		t.Errorf("found only %d links", checked)
	}
}

// findLinkedFile returns the file of this repository to which a page links, or an empty string for a
// link to another site.
func findLinkedFile(page, target string) string {
	if found := githubWorkflow.FindStringSubmatch(target); found != nil {
		return ".github/workflows/" + found[1]
	}
	if found := githubFile.FindStringSubmatch(target); found != nil {
		return found[1]
	}
	file, _, _ := strings.Cut(target, "#")
	if found := registryPage.FindStringSubmatch(file); found != nil {
		return "docs/" + cmp.Or(found[1], "index") + ".md"
	}
	if strings.Contains(file, ":") {
		return "" // a URL of another site
	}
	if file == "" {
		return page
	}
	return path.Join(path.Dir(page), file)
}

// findAnchors returns the anchors of a page: those that GitHub and the registries create for headings,
// and those of anchor tags.
func findAnchors(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(fencedBlock.ReplaceAllString(text, ""), -1) {
		slug := notInSlug.ReplaceAllString(strings.ToLower(strings.TrimSpace(match[1])), "")
		anchors[strings.ReplaceAll(slug, " ", "-")] = true
	}
	for _, match := range anchorTag.FindAllStringSubmatch(text, -1) {
		anchors[match[1]] = true
	}
	return anchors
}
