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
	dropped   = regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)
	// registered is a page in the registry, which is a file of docs/.
	registered = regexp.MustCompile(`^https://registry\.terraform\.io/providers/tofupilot/tofupilot/latest/docs(?:/([a-z/_-]+))?$`)
	// hosted is what the repository's own site shows of it.
	hosted = regexp.MustCompile(`^https://github\.com/tofupilot/terraform-provider-tofupilot/(?:(?:blob|tree)/main/|(actions/workflows/))([^/?#][^?#]*?)(?:/badge\.svg)?(?:[?#].*)?$`)
)

// TestLinks holds links to what is in the repository: the file exists, and so
// does the heading. The same goes for badges. What is elsewhere isn't asked for.
// The registries resolve relative links each in another way, so pages that they
// show have none.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := pages(t)
	checked := 0
	for page, text := range all {
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(fence.ReplaceAllString(text, ""), ""), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			file := page
			own, shown := hosted.FindStringSubmatch(found[1]), registered.FindStringSubmatch(target)
			switch {
			case own != nil && own[1] != "":
				file = ".github/workflows/" + own[2]
			case own != nil:
				file = own[2]
			case shown != nil:
				file = "docs/" + cmp.Or(shown[1], "index") + ".md"
			case strings.Contains(target, ":"):
				continue
			case target != "":
				file = path.Join(path.Dir(page), target)
				if strings.HasPrefix(page, "docs/") {
					t.Errorf("%s: %s is relative, and leads elsewhere in a registry", page, found[1])
				}
			}
			checked++
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s: %s doesn't exist", page, found[1])
			} else if anchor != "" && !anchors(all[file])[anchor] {
				t.Errorf("%s: %s: there is no such heading", page, found[1])
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d links found", checked)
	}
}

// anchors are what the headings of a page can be linked by, as GitHub and the
// registries make them.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		slug := dropped.ReplaceAllString(strings.ToLower(strings.TrimSpace(match[1])), "")
		found[strings.ReplaceAll(slug, " ", "-")] = true
	}
	for _, match := range anchorTag.FindAllStringSubmatch(text, -1) {
		found[match[1]] = true
	}
	return found
}
