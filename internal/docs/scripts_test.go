//go:build unix

package docs_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestLockTimeout checks that each plan and apply in a script waits for the lock.
func TestLockTimeout(t *testing.T) {
	t.Parallel()
	checked := 0
	for page, text := range readPages(t) {
		for _, script := range slices.Concat(scriptBlock.FindAllString(text, -1), yamlStep.FindAllString(text, -1)) {
			for _, command := range planOrApply.FindAllString(script, -1) {
				checked++
				if !strings.Contains(command, " -lock-timeout=60s") {
					t.Errorf("%s: %s doesn't wait for the lock", page, command)
				}
			}
		}
	}
	if checked < 5 {
		t.Errorf("found only %d commands", checked)
	}
}

var planOrApply = regexp.MustCompile(`(?m)^.*terraform .*\b(?:plan|apply)\b.*$`)

// job is a checked-out repository on a CI system's machine, or a station.
type job struct {
	api  *fakeapi.Server
	url  string
	id   string // of the procedure that the pages' jobs look up
	dir  string
	home string
	env  []string

	edits   []string // pairs of old and new texts in scripts
	started string   // where scripts start; dir if empty
}

// newJob returns a job with a section's configuration in procedures/, and with replacements
// for the CLI and the SDK.
func newJob(t *testing.T, section string) *job {
	t.Helper()
	api, url := newServer(t)
	j := &job{api: api, url: url, dir: t.TempDir(), home: t.TempDir()}
	for _, p := range newProcedures() {
		if p.Name == smoke {
			j.id = p.ID
		}
	}
	writeFile(t, filepath.Join(j.dir, "procedures", "main.tf"), block.FindStringSubmatch(section)[2])
	writeFile(t, filepath.Join(j.dir, "tofupilot.json"), `{"procedureId":"of tofupilot.json, which a job must not upload"}`)
	bin, sdk := t.TempDir(), t.TempDir()
	binary, err := exec.LookPath(harness.CLI(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{"tofupilot": tofupilotCLI, "aws": awsCLI} {
		writeFile(t, filepath.Join(bin, name), script)
		if err := os.Chmod(filepath.Join(bin, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(sdk, "tofupilot", "v2.py"), tofupilotSDK)
	j.env = newEnvironment(userConfig(), "PATH="+bin+":"+os.Getenv("PATH"), "PYTHONPATH="+sdk, "HOME="+j.home,
		"UPLOADS="+filepath.Join(j.dir, "uploads"), "TF_IN_AUTOMATION=1")
	return j
}

// logIn writes the file that "tofupilot login" writes.
func (j *job) logIn(t *testing.T) {
	t.Helper()
	writeFile(t, filepath.Join(j.home, ".tofupilot", "credentials.json"),
		`{"api_key":"`+fakeapi.Key+`","base_url":"`+j.url+`","organization_slug":"acme","installation_id":null,"ca_cert":null}`)
}

// runScript runs the script of a section that is in this language and contains a text.
func (j *job) runScript(t *testing.T, language, heading, text string) (output string, err error) {
	t.Helper()
	for _, found := range scriptBlock.FindAllStringSubmatch(readSection(t, stationsPage, heading), -1) {
		if found[1] != language || !strings.Contains(found[2], text) {
			continue
		}
		program := map[string]string{"sh": "sh", "powershell": "pwsh"}[language]
		for _, tool := range []string{program, "jq", "curl"} {
			if _, err := exec.LookPath(tool); err != nil && (tool == program || strings.Contains(found[2], tool+" ")) {
				t.Skipf("%s, which the page uses, isn't installed", tool)
			}
		}
		file := filepath.Join(j.dir, "script.ps1") // PowerShell requires the extension
		writeFile(t, file, strings.NewReplacer(j.edits...).Replace(found[2]))
		return j.run(t, program, file)
	}
	t.Fatalf("%s has no script in %s with %q", heading, language, text)
	return "", nil
}

var (
	shellBlock  = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	scriptBlock = regexp.MustCompile("(?ms)^```(sh|powershell)\n(.*?)^```$")
)

func (j *job) runShell(t *testing.T, script string) (output string, err error) {
	t.Helper()
	return j.run(t, "sh", "-c", script)
}

func (j *job) run(t *testing.T, program string, arguments ...string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir, command.Env = cmp.Or(j.started, j.dir), j.env
	combined, err := command.CombinedOutput()
	return string(combined), err
}

// replace replaces text in the job's configuration.
func (j *job) replace(t *testing.T, from, to string) {
	t.Helper()
	file := filepath.Join(j.dir, "procedures", "main.tf")
	writeFile(t, file, strings.ReplaceAll(readFile(t, file), from, to))
}
