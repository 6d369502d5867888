package docs_test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	jobBlock   = regexp.MustCompile("(?ms)^```(sh|yaml|groovy)\n(.*?)^```$")
	firstLine  = regexp.MustCompile(`(?m)^( *)set -eu$`)
	command    = regexp.MustCompile(`(?m)^\s*(?:[A-Z_a-z]+=\$\()?(?:terraform|jq) `)
)

// TestScriptsStopAtTheFirstFailure holds every script that users are shown, in a
// block of sh or within a CI system's file, to begin with set -eu: a lookup that
// fails must fail the job. Blocks of "shell" are commands to type; in a terminal,
// set -e would close it.
func TestScriptsStopAtTheFirstFailure(t *testing.T) {
	t.Parallel()
	checked := 0
	for page, text := range pages(t) {
		if !forUsers(page) {
			continue
		}
		for _, found := range shellBlock.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(found[1], "set -eu\n") {
				t.Errorf("%s: a script doesn't begin with set -eu:\n%s", page, found[1])
			}
		}
		for _, found := range jobBlock.FindAllStringSubmatch(text, -1) {
			scripts := scripts(found[2])
			checked += len(scripts)
			if outside := without(found[2], scripts); command.MatchString(outside) {
				t.Errorf("%s: a command isn't in a script that begins with set -eu:\n%s", page, outside)
			}
			if hidden := masked.FindString(found[2]); hidden != "" {
				t.Errorf("%s: the shell ignores a failure of the command in %q", page, hidden)
			}
		}
	}
	if checked < 4 {
		t.Errorf("only %d scripts found", checked)
	}
}

// masked is a command whose failure doesn't count, even with set -e.
var masked = regexp.MustCompile(`(?m)(?:export|echo) .*\$\(.*`)

// scripts are those in a text, without their indentation: from set -eu to the next
// line that is indented less, or to the end of the block.
func scripts(text string) []string {
	var found []string
	for _, at := range firstLine.FindAllStringSubmatchIndex(text, -1) {
		indent := text[at[2]:at[3]]
		var script strings.Builder
		for line := range strings.Lines(text[at[0]:]) {
			if !strings.HasPrefix(line, indent) || line == "```\n" {
				break
			}
			script.WriteString(strings.TrimPrefix(line, indent))
		}
		found = append(found, script.String())
	}
	return found
}

// without is a block without its scripts, and without indentation.
func without(block string, scripts []string) string {
	var flat strings.Builder
	for line := range strings.Lines(block) {
		flat.WriteString(strings.TrimLeft(line, " "))
	}
	text := flat.String()
	for _, script := range scripts {
		text = strings.Replace(text, script, "", 1)
	}
	return text
}
