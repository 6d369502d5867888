package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	named   = regexp.MustCompile(`<a id="([^"]+)">`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)
	// hosted is what the repository's own site shows of it.
	hosted = regexp.MustCompile(`^https://github\.com/tofupilot/terraform-provider-tofupilot/(?:(?:blob|tree)/main/|(actions/workflows/))([^/?#][^?#]*?)(?:/badge\.svg)?(?:[?#].*)?$`)
)

// TestLinks holds links to what is in the repository: the file exists, and so
// does the heading. The same goes for badges. What is elsewhere isn't asked for.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := pages(t)
	checked := 0
	for page, text := range all {
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(fence.ReplaceAllString(text, ""), ""), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			file := page
			switch own := hosted.FindStringSubmatch(found[1]); {
			case own != nil && own[1] != "":
				file = ".github/workflows/" + own[2]
			case own != nil:
				file = own[2]
			case strings.Contains(target, ":"):
				continue
			case target != "":
				file = path.Join(path.Dir(page), target)
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
	for _, match := range named.FindAllStringSubmatch(text, -1) {
		found[match[1]] = true
	}
	return found
}
