//go:build unix

package docs_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	ciPage       = "docs/guides/ci.md"
	stationsPage = "docs/guides/stations.md"
	lookupTitle  = "## Look up the ID"
	oneStation   = "## One station"
	manyStations = "## Many stations"
	runTheTest   = "### Run the test"
)

// TestJobs runs the commands that the CI guide has for each CI system, with the CLI and the
// SDK. Then it runs the same job, with its state, for a name that no procedure has. The job
// must fail and upload nothing.
func TestJobs(t *testing.T) {
	t.Parallel()
	for heading, commands := range map[string][]string{
		"## Upload with the CLI": {withCLI},
		"### GitHub Actions":     {withCLI, withSDK},
		"### GitLab CI/CD":       {withCLI, withSDK},
		"### Jenkins":            {withCLI, withSDK},
	} {
		for _, command := range commands {
			t.Run(heading+"/"+command, func(t *testing.T) {
				t.Parallel()
				if !strings.Contains(readSection(t, ciPage, heading), command) {
					t.Fatalf("the section doesn't contain %q", command)
				}
				job := newCIJob(t, command)
				if output, err := job.runShell(t, command); err != nil {
					t.Fatalf("%v\n%s", err, output)
				}
				if got := job.readUploads(t); len(got) != 1 || got[0].ID != job.id || got[0].Key != fakeapi.Key {
					t.Errorf("uploaded %+v, want one run of %s", got, job.id)
				}

				job.replace(t, smoke, "Firmware Smoke Tset")
				output, err := job.runShell(t, command)
				if err == nil || !strings.Contains(output, smoke) {
					t.Errorf("misspelt name: error %v, want the near miss %q:\n%s", err, smoke, output)
				}
				if got := job.readUploads(t); len(got) != 1 {
					t.Errorf("misspelt name: uploaded %+v, want nothing more", got)
				}
			})
		}
	}
}

// TestUpload runs upload.py with an empty ID, which it mustn't upload, and with a test that
// fails, after which the job must fail.
func TestUpload(t *testing.T) {
	t.Parallel()
	job := newCIJob(t, withSDK)
	file := filepath.Join(job.dir, "upload.py")
	writeFile(t, file, strings.Replace(readFile(t, file), "passed = True", "passed = False", 1))
	output, err := job.runShell(t, "TOFUPILOT_PROCEDURE_ID= python3 upload.py")
	if got := job.readUploads(t); err == nil || len(got) > 0 || !strings.Contains(output, "TOFUPILOT_PROCEDURE_ID is empty.") {
		t.Errorf("empty ID: error %v, uploaded %+v:\n%s", err, got, output)
	}
	output, err = job.runShell(t, withSDK)
	if got := job.readUploads(t); err == nil || len(got) != 1 || got[0].Outcome != "FAIL" {
		t.Errorf("failed test: error %v, uploaded %+v, want one run with FAIL:\n%s", err, got, output)
	}
}

// TestStations runs the scripts of the guide in sh and, if it is installed, PowerShell.
func TestStations(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"sh", "powershell"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			t.Run("one", func(t *testing.T) {
				t.Parallel()
				job := newJob(t, readSection(t, stationsPage, oneStation))
				job.logIn(t)
				job.started = t.TempDir()
				if output, err := job.runScript(t, language, oneStation, "tofupilot run"); err != nil {
					t.Fatalf("%v\n%s", err, output)
				}
				if got := job.readUploads(t); len(got) != 1 || got[0].ID != job.id {
					t.Errorf("uploaded %+v, want a run of %s", got, job.id)
				}
				job.replace(t, smoke, "Firmware Smoke Tset")
				output, err := job.runScript(t, language, oneStation, "tofupilot run")
				if got := job.readUploads(t); err == nil || len(got) != 1 {
					t.Errorf("misspelt name: error %v, uploaded %+v, want nothing more\n%s", err, got, output)
				}
			})
			t.Run("many", func(t *testing.T) {
				t.Parallel()
				job := newJob(t, readSection(t, stationsPage, manyStations))
				job.logIn(t)
				if output, err := job.runScript(t, "sh", manyStations, "terraform"); err != nil {
					t.Fatalf("%v\n%s", err, output)
				}
				web := httptest.NewServer(http.FileServer(http.Dir(job.dir)))
				t.Cleanup(web.Close)
				station := newStation(t, web.URL)
				if output, err := station.runScript(t, language, runTheTest, "tofupilot run"); err != nil {
					t.Fatalf("%v\n%s", err, output)
				}
				want := fakeapi.Example2026().ID
				if got := station.readUploads(t); len(got) != 1 || got[0].ID != want {
					t.Errorf("uploaded %+v, want a run of %s", got, want)
				}
				job.replace(t, smoke, "Firmware Smoke Tset")
				if output, err := job.runScript(t, "sh", manyStations, "terraform"); err == nil {
					t.Errorf("misspelt name: no error\n%s", output)
				}
			})
		})
	}
}

// TestStationsWithoutID runs the script of a station with files that have no ID for the
// station. Such a download must not replace a file that has one, and without one, the script
// must fail with a message and not run the test.
func TestStationsWithoutID(t *testing.T) {
	t.Parallel()
	const (
		id      = "550e8400-e29b-41d4-a716-446655440000"
		old     = "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"
		oldFile = `{"line_1": "` + old + `"}`
	)
	for name, content := range map[string]string{
		"empty file":          "",
		"empty ID":            `{"line_1": ""}`,
		"white space":         `{"line_1": " "}`,
		"null":                `{"line_1": null}`,
		"number":              `{"line_1": 550}`,
		"name, not ID":        `{"line_1": "Firmware Smoke Test"}`,
		"more than an ID":     `{"line_1": "` + id + ` 2"}`,
		"ID and line break":   `{"line_1": "` + id + `\n"}`,
		"two lines":           `{"line_1": "` + id + `\n` + id + `"}`,
		"list of IDs":         `{"line_1": ["` + id + `"]}`,
		"missing station":     `{"line_3": "` + id + `"}`,
		"list":                `["` + id + `"]`,
		"two documents":       `{"line_1": "` + id + `"} {"line_1": "` + id + `"}`,
		"HTML":                "<html>Not found</html>",
		"incomplete download": `{"line_1": "` + id + `"`,
	} {
		for _, language := range []string{"sh", "powershell"} {
			t.Run(name+"/"+language, func(t *testing.T) {
				t.Parallel()
				web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(content)) // the script fails without it
				}))
				t.Cleanup(web.Close)
				station := newStation(t, web.URL)
				downloaded := filepath.Join(station.dir, "stations.json")
				writeFile(t, downloaded, content)
				output, err := station.runScript(t, language, runTheTest, "tofupilot run")
				if got := station.readUploads(t); err == nil || len(got) > 0 {
					t.Errorf("error %v, uploaded %+v, want nothing\n%s", err, got, output)
				}
				if !strings.Contains(output, "Can't read a procedure ID for line_1 from stations.json.") {
					t.Errorf("got no message:\n%s", output)
				}

				writeFile(t, downloaded, oldFile)
				output, err = station.runScript(t, language, runTheTest, "tofupilot run")
				if got := station.readUploads(t); err != nil || len(got) != 1 || got[0].ID != old || !strings.Contains(output, "Using the old stations.json.") {
					t.Errorf("with an old file: error %v, uploaded %+v, want a run of %s\n%s", err, got, old, output)
				}
				if got := readFile(t, downloaded); got != oldFile {
					t.Errorf("stations.json: got %q, want %q", got, oldFile)
				}
			})
		}
	}
}

// TestStationNames runs the script of stations whose names aren't identifiers.
func TestStationNames(t *testing.T) {
	t.Parallel()
	const content = `{"line-3": "550e8400-e29b-41d4-a716-446655440000", "line 3": "550e8400-e29b-41d4-a716-446655440000"}`
	for _, name := range []string{"line-3", "line 3"} {
		for _, language := range []string{"sh", "powershell"} {
			t.Run(name+"/"+language, func(t *testing.T) {
				t.Parallel()
				station := newStation(t, unreachable) // so that it uses the file of an earlier download
				station.edits = append(station.edits, "'line_1'", "'"+name+"'")
				writeFile(t, filepath.Join(station.dir, "stations.json"), content)
				output, err := station.runScript(t, language, runTheTest, "tofupilot run")
				if got := station.readUploads(t); err != nil || len(got) != 1 {
					t.Errorf("error %v, uploaded %+v, want one run\n%s", err, got, output)
				}
			})
		}
	}
}

// TestDownloads runs the script of a station: with a file to download, then without one, and
// then without a file of an earlier download either. It starts in another directory.
func TestDownloads(t *testing.T) {
	t.Parallel()
	const file = `{"line_1": "550e8400-e29b-41d4-a716-446655440000"}`
	function := regexp.MustCompile(`(?ms)^download\(\) \{\n.*?^\}\n`)
	functions := function.FindAllString(readSection(t, stationsPage, runTheTest), -1)
	if len(functions) != 2 || !strings.Contains(functions[1], "aws ssm") {
		t.Fatalf("the page downloads with %q", functions)
	}
	for name, c := range map[string]struct {
		language string
		edits    []string
	}{
		"web server/sh":         {"sh", nil},
		"web server/powershell": {"powershell", nil},
		"SSM parameter/sh":      {"sh", functions},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served := t.TempDir()
			web := httptest.NewServer(http.FileServer(http.Dir(served)))
			t.Cleanup(web.Close)
			station := newStation(t, web.URL)
			station.edits = append(station.edits, c.edits...)
			station.env = append(station.env, "PARAMETERS="+served)
			station.started = t.TempDir()

			writeFile(t, filepath.Join(served, "stations.json"), file)
			output, err := station.runScript(t, c.language, runTheTest, "tofupilot run")
			if got := station.readUploads(t); err != nil || len(got) != 1 || strings.Contains(output, "old") {
				t.Fatalf("error %v, uploaded %+v, want one run\n%s", err, got, output)
			}
			if err := os.Remove(filepath.Join(served, "stations.json")); err != nil {
				t.Fatal(err)
			}
			output, err = station.runScript(t, c.language, runTheTest, "tofupilot run")
			if got := station.readUploads(t); err != nil || len(got) != 2 || !strings.Contains(output, "Using the old stations.json.") {
				t.Errorf("failed download: error %v, uploaded %+v, want one run more\n%s", err, got, output)
			}
			installed := filepath.Join(station.dir, "stations.json")
			if got := strings.TrimSpace(readFile(t, installed)); got != file {
				t.Errorf("stations.json: got %q, want %q", got, file)
			}
			if err := os.Remove(installed); err != nil {
				t.Fatal(err)
			}
			output, err = station.runScript(t, c.language, runTheTest, "tofupilot run")
			if got := station.readUploads(t); err == nil || len(got) != 2 || !strings.Contains(output, "Can't read a procedure ID for line_1 from stations.json.") {
				t.Errorf("no file: error %v, uploaded %+v, want nothing more\n%s", err, got, output)
			}
		})
	}
}

// awsCLI replaces the AWS CLI. It prints the parameter that the page creates.
const awsCLI = `#!/bin/sh
set -eu
test "$*" = 'ssm get-parameter --name /tofupilot/stations --query Parameter.Value --output text'
cat "$PARAMETERS/stations.json"
`

// TestFailedOutput lets "terraform output" fail in the scripts that write a file for a
// station. The file of an earlier run must not change.
func TestFailedOutput(t *testing.T) {
	t.Parallel()
	another := func(output string) []string { return []string{`output "` + output + `"`, `output "another"`} }
	null := []string{"value = ", "value = true ? null : "} // Terraform stores no output that is null
	for _, c := range []struct {
		name, language, heading, contains, file, output string
		replace                                         []string
	}{
		{"another", "sh", manyStations, "terraform", "stations.json", "procedure_ids", another("procedure_ids")},
		{"another", "sh", oneStation, "tofupilot run", "tofupilot.json", "tofupilot_json", another("tofupilot_json")},
		{"another", "powershell", oneStation, "tofupilot run", "tofupilot.json", "tofupilot_json", another("tofupilot_json")},
		{"null", "sh", manyStations, "terraform", "stations.json", "procedure_ids", null},
		{"null", "sh", oneStation, "tofupilot run", "tofupilot.json", "tofupilot_json", null},
		{"null", "powershell", oneStation, "tofupilot run", "tofupilot.json", "tofupilot_json", null},
	} {
		t.Run(c.file+"/"+c.name+"/"+c.language, func(t *testing.T) {
			t.Parallel()
			job := newJob(t, readSection(t, stationsPage, c.heading))
			job.logIn(t)
			const earlier = `{"written": "by an earlier run"}`
			writeFile(t, filepath.Join(job.dir, c.file), earlier)
			job.replace(t, c.replace[0], c.replace[1])
			output, err := job.runScript(t, c.language, c.heading, c.contains)
			if got := job.readUploads(t); err == nil || len(got) > 0 || !strings.Contains(output, c.output) {
				t.Errorf("error %v, uploaded %+v, want nothing\n%s", err, got, output)
			}
			if got := readFile(t, filepath.Join(job.dir, c.file)); got != earlier {
				t.Errorf("%s: got %q, want %q", c.file, got, earlier)
			}
		})
	}
}

// TestWithProcedure runs with-procedure.sh without a command and without an ID. It must fail
// and not run a command.
func TestWithProcedure(t *testing.T) {
	t.Parallel()
	t.Run("no command", func(t *testing.T) {
		t.Parallel()
		job := newCIJob(t, withCLI)
		output, err := job.runShell(t, "sh with-procedure.sh")
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.HasPrefix(output, "usage: sh with-procedure.sh ") {
			t.Errorf("error %v, want exit code 2 and the usage:\n%s", err, output)
		}
		if got := job.api.Requests(); len(got) > 0 {
			t.Errorf("got %d requests, want none", len(got))
		}
	})
	for name, value := range map[string]string{
		"empty ID":  `""`,
		"two lines": `"550e8400-e29b-41d4-a716-446655440000\n7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"`,
		"name":      "local.name",
		"no output": "null", // "terraform output -raw" prints a warning and exits with 0
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := newCIJob(t, withCLI)
			job.replace(t, "data.tofupilot_procedure_ids.job.ids[local.name]", value)
			output, err := job.runShell(t, withCLI)
			if got := job.readUploads(t); err == nil || len(got) > 0 || !strings.Contains(output, "The output procedure_id has no procedure ID.") {
				t.Errorf("error %v, uploaded %+v, want nothing\n%s", err, got, output)
			}
		})
	}
}

// TestCIVariable runs the step that takes the ID from a CI variable. It must fail if the
// variable doesn't exist, for which GitHub passes an empty one.
func TestCIVariable(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-446655440000"
	step := ""
	for _, found := range yamlStep.FindAllStringSubmatch(readSection(t, ciPage, "## Set a CI variable"), -1) {
		if strings.Contains(found[1], "tofupilot run") {
			step = strings.ReplaceAll(found[1], "\n          ", "\n")
		}
	}
	if step == "" {
		t.Fatal("found no step that runs the CLI")
	}
	for _, variable := range []string{id, ""} {
		t.Run("ID="+variable, func(t *testing.T) {
			t.Parallel()
			job := newCIJob(t, withCLI)
			job.env = append(job.env, "TOFUPILOT_PROCEDURE_ID="+variable)
			output, err := job.run(t, "sh", "-e", "-c", step)
			got := job.readUploads(t)
			if variable == "" {
				if err == nil || len(got) > 0 || !strings.Contains(output, "TOFUPILOT_PROCEDURE_ID: is empty") {
					t.Errorf("error %v, uploaded %+v, want nothing\n%s", err, got, output)
				}
			} else if err != nil || len(got) != 1 || got[0].ID != variable {
				t.Errorf("error %v, uploaded %+v, want a run of %s\n%s", err, got, variable, output)
			}
		})
	}
}

// yamlStep matches the script of a step in GitHub Actions.
var yamlStep = regexp.MustCompile(`(?m)^      - run: \|\n((?:          .*\n)+)`)

// TestLockedState starts a job while another job in the same directory has locked the state.
// It must wait for the lock.
func TestLockedState(t *testing.T) {
	t.Parallel()
	job := newCIJob(t, withCLI)
	if output, err := job.runShell(t, withCLI); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	state, err := os.OpenFile(filepath.Join(job.dir, "procedures", "terraform.tfstate"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }()
	if err := syscall.FcntlFlock(state.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK}); err != nil {
		t.Fatal(err)
	}
	// Terraform waits only if the lock has an owner.
	writeFile(t, filepath.Join(job.dir, "procedures", ".terraform.tfstate.lock.info"), `{"ID": "another job"}`)
	time.AfterFunc(3*time.Second, func() {
		_ = syscall.FcntlFlock(state.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_UNLCK}) // the job fails if it stays locked
	})
	if output, err := job.runShell(t, withCLI); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

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

const (
	withCLI = "sh with-procedure.sh tofupilot run . --upload"
	withSDK = "sh with-procedure.sh python3 upload.py"
)

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

// newStation returns a station that is logged in and downloads stations.json from host.
func newStation(t *testing.T, host string) *job {
	t.Helper()
	station := newJob(t, readSection(t, stationsPage, manyStations))
	station.edits = []string{"https://files.example.com", host}
	station.logIn(t)
	return station
}

// unreachable is a host that refuses connections.
const unreachable = "http://127.0.0.1:1"

// newCIJob returns a job of the CI guide. It has a login for the CLI, or a key in the
// environment for the SDK.
func newCIJob(t *testing.T, command string) *job {
	t.Helper()
	text := readSection(t, ciPage, lookupTitle)
	j := newJob(t, text)
	writeFile(t, filepath.Join(j.dir, "with-procedure.sh"), shellBlock.FindStringSubmatch(text)[1])
	if command == withCLI {
		j.logIn(t)
		return j
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3, which the page uses, isn't installed")
	}
	_, python, _ := strings.Cut(readSection(t, ciPage, "## Upload with an SDK"), "\n```python\n")
	python, _, _ = strings.Cut(python, "```")
	writeFile(t, filepath.Join(j.dir, "upload.py"), python)
	j.env = append(j.env, "TOFUPILOT_API_KEY="+fakeapi.Key, "TOFUPILOT_URL="+j.url)
	return j
}

// tofupilotCLI replaces the CLI. Like the CLI, it uploads with the login's key and ignores the
// environment's.
const tofupilotCLI = `#!/bin/sh
set -eu
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$2"; }
test "$*" = 'run . --upload'
id=${TOFUPILOT_PROCEDURE_ID:-$(field procedureId tofupilot.json)}
test "$id"
printf '{"id": "%s", "key": "%s"}\n' "$id" "$(field api_key "$HOME/.tofupilot/credentials.json")" >>"$UPLOADS"
`

// tofupilotSDK replaces the Python SDK, with the same arguments.
const tofupilotSDK = `
import json, os

class TofuPilot:
    def __init__(self, api_key):
        self.key, self.runs = api_key, self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def create(self, *, outcome, procedure_id, started_at, ended_at, serial_number, part_number=None):
        with open(os.environ["UPLOADS"], "a") as uploads:
            print(json.dumps({"id": procedure_id, "outcome": outcome, "key": self.key}), file=uploads)
`

// upload is a run that a replacement of the CLI or the SDK uploaded.
type upload struct{ ID, Outcome, Key string } // only the SDK uploads an outcome

func (j *job) readUploads(t *testing.T) (uploads []upload) {
	t.Helper()
	file, err := os.Open(filepath.Join(j.dir, "uploads"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for decoder := json.NewDecoder(file); decoder.More(); {
		var next upload
		if err := decoder.Decode(&next); err != nil {
			t.Fatal(err)
		}
		uploads = append(uploads, next)
	}
	return uploads
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

// readSection returns the part of a page from a heading to the next.
func readSection(t *testing.T, page, title string) string {
	t.Helper()
	_, text, found := strings.Cut(readPages(t)[page], "\n"+title+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", page, title)
	}
	text, _, _ = strings.Cut(text, "\n##")
	return text
}
