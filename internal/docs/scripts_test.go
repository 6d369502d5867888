//go:build unix

package docs_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// planOrApply matches a line of a script that runs terraform plan or apply.
var planOrApply = regexp.MustCompile(`(?m)^.*terraform .*\b(?:plan|apply)\b.*$`)

// TestLockTimeout checks that each plan and apply in a script of a page has the option to wait for
// another job that has locked the Terraform state.
func TestLockTimeout(t *testing.T) {
	t.Parallel()
	checked := 0
	for page, text := range readPages(t) {
		scripts := yamlStep.FindAllString(text, -1)
		for _, script := range findBlocks(text, "sh", "powershell") {
			scripts = append(scripts, script.text)
		}
		for _, command := range planOrApply.FindAllString(strings.Join(scripts, ""), -1) {
			checked++
			if !strings.Contains(command, " -lock-timeout=60s") {
				t.Errorf("%s: %s doesn't wait for the lock", page, command)
			}
		}
	}
	if checked < 5 { // there are more, so planOrApply misses some
		t.Errorf("found only %d commands", checked)
	}
}

// job is a directory in which the scripts of a guide run: a repository on a CI machine, or the
// directory of a test on a station.
type job struct {
	api  *fakeapi.Server
	url  string // of the API
	dir  string
	home string // the user's home directory
	env  []string

	edits    []string // texts in a script and their replacements, in turn, for strings.NewReplacer
	startDir string   // the directory in which programs start; if it is empty, they start in dir
}

// newJob returns a job with the configuration of a guide's section, and with the fake CLI, SDK and AWS
// CLI.
func newJob(t *testing.T, page, heading string) *job {
	t.Helper()
	api, url := newServer(t)
	j := &job{api: api, url: url, dir: t.TempDir(), home: t.TempDir()}
	writeFile(t, j.configurationFile(), readBlock(t, page, heading, "terraform"))
	writeFile(t, filepath.Join(j.dir, "tofupilot.json"), `{"procedureId":"of tofupilot.json, which a job must not upload"}`)

	programs := t.TempDir()
	terraform, err := exec.LookPath(harness.CLI(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(terraform, filepath.Join(programs, "terraform")); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{"tofupilot": fakeCLI, "aws": fakeAWSCLI} {
		file := filepath.Join(programs, name)
		writeFile(t, file, script)
		if err := os.Chmod(file, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	pythonPackages := t.TempDir()
	writeFile(t, filepath.Join(pythonPackages, "tofupilot", "v2.py"), fakeSDK)
	j.env = newEnvironment(userConfig(), "PATH="+programs+":"+os.Getenv("PATH"), "PYTHONPATH="+pythonPackages, "HOME="+j.home,
		"UPLOADS="+j.uploadsFile(), "TF_IN_AUTOMATION=1")
	return j
}

func (j *job) configurationFile() string { return filepath.Join(j.dir, "procedures", "main.tf") }
func (j *job) uploadsFile() string       { return filepath.Join(j.dir, "uploads") }

// logIn writes the file that "tofupilot login" writes.
func (j *job) logIn(t *testing.T) {
	t.Helper()
	writeFile(t, filepath.Join(j.home, ".tofupilot", "credentials.json"),
		`{"api_key":"`+fakeapi.Key+`","base_url":"`+j.url+`","organization_slug":"acme","installation_id":null,"ca_cert":null}`)
}

// replaceInConfiguration replaces a text in the job's Terraform configuration.
func (j *job) replaceInConfiguration(t *testing.T, from, to string) {
	t.Helper()
	writeFile(t, j.configurationFile(), strings.ReplaceAll(readFile(t, j.configurationFile()), from, to))
}

// runScript runs a script of the stations guide: the first one under heading in language, which is sh
// or powershell. It skips the test if a program that the script uses isn't installed.
func (j *job) runScript(t *testing.T, heading, language string) result {
	t.Helper()
	script := readBlock(t, stationsPage, heading, language)
	interpreter := "sh"
	if language == "powershell" {
		interpreter = "pwsh"
	}
	used := []string{interpreter}
	for _, program := range []string{"jq", "curl"} {
		if strings.Contains(script, program+" ") {
			used = append(used, program)
		}
	}
	for _, program := range used {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s, which the script uses, isn't installed", program)
		}
	}
	file := filepath.Join(j.dir, "script.ps1") // PowerShell requires the extension
	writeFile(t, file, strings.NewReplacer(j.edits...).Replace(script))
	return j.run(t, interpreter, file)
}

// run runs a program in the job's environment.
func (j *job) run(t *testing.T, program string, arguments ...string) result {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = cmp.Or(j.startDir, j.dir)
	command.Env = j.env
	output, err := command.CombinedOutput()
	return result{string(output), err}
}

// result is the result of a script.
type result struct {
	output string // standard output and standard error together
	err    error
}

// checkSuccess checks that the script ended without an error and printed the messages.
func (r result) checkSuccess(t *testing.T, messages ...string) {
	t.Helper()
	if r.err != nil {
		t.Fatalf("%v\n%s", r.err, r.output)
	}
	checkContains(t, r.output, messages...)
}

// checkFailure checks that the script failed and printed a message.
func (r result) checkFailure(t *testing.T, message string) {
	t.Helper()
	if r.err == nil {
		t.Errorf("got no error:\n%s", r.output)
	}
	checkContains(t, r.output, message)
}
