package docs_test

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var export = regexp.MustCompile(`^export (TOFUPILOT_[A-Z_]+=\S+)$`)

// TestServerToPlayWith does what the guide on offline tests says: start the
// server, set what it prints, apply the example; and then plans what other pages show.
func TestServerToPlayWith(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "demo.exe") // .exe for Windows, and good anywhere
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "../../examples/demo").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	demo := exec.CommandContext(t.Context(), binary, "-serve")
	printed, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = demo.Process.Kill() // it may have ended
		_ = demo.Wait()
	}()
	env := []string{asUser()}
	for lines := bufio.NewScanner(printed); len(env) < 3 && lines.Scan(); {
		if found := export.FindStringSubmatch(lines.Text()); found != nil {
			env = append(env, found[1])
		}
	}

	_, guide, found := strings.Cut(pages(t)["docs/guides/offline-tests.md"], "\n## A server to play with\n")
	if !found {
		t.Fatal("the guide has no such section")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.tf"), block.FindStringSubmatch(guide)[2])
	terraform(t, dir, env, "init", "-input=false", "-no-color")
	if said := terraform(t, dir, env, "apply", "-auto-approve", "-input=false", "-no-color"); !strings.Contains(said, `created_by = "John Doe"`) {
		t.Errorf("the output isn't there:\n%s", said)
	}

	// It has what the README and the data sources' pages look up, too.
	dir = t.TempDir()
	calls := writeModules(t, dir, slices.DeleteFunc(configurations(t), func(c configuration) bool {
		return !strings.HasPrefix(c.name, "README_md_") && !strings.HasPrefix(c.name, "docs_data-sources_")
	}))
	write(t, filepath.Join(dir, "main.tf"), calls)
	terraform(t, dir, env, "init", "-input=false", "-no-color")
	terraform(t, dir, env, "plan", "-input=false", "-no-color")
}
