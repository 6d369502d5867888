//go:build unix

package docs_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	lookUp       = "## Look up the ID"
	oneStation   = "## One station"
	manyStations = "## Many stations"
	passFileOn   = "### Pass the file on"
	runTheTest   = "### Run the test"
)

// TestJobs runs what the CI guide shows for each CI system, in both ways of
// uploading. With the same state, it runs the job once more for a name that no
// procedure has: nothing may be tested then.
func TestJobs(t *testing.T) {
	t.Parallel()
	for heading, ways := range map[string][]string{
		"## Upload with the CLI": {withCLI},
		"### GitHub Actions":     {withCLI, withSDK},
		"### GitLab CI/CD":       {withCLI, withSDK},
		"### Jenkins":            {withCLI, withSDK},
	} {
		for _, way := range ways {
			t.Run(heading+"/"+way, func(t *testing.T) {
				t.Parallel()
				if !strings.Contains(section(t, ciPage, heading), way) {
					t.Fatalf("the section doesn't run %q", way)
				}
				job := newCIJob(t, way)
				if said, err := job.shell(t, way); err != nil {
					t.Fatalf("%v\n%s", err, said)
				}
				if got := job.uploads(t); len(got) != 1 || got[0].ID != job.id || got[0].Key != fakeapi.Key {
					t.Errorf("uploaded %+v, want one run of %s", got, job.id)
				}

				job.rename(t, smoke, "Firmware Smoke Tset")
				said, err := job.shell(t, way)
				if err == nil || !strings.Contains(said, smoke) {
					t.Errorf("misspelt name: error %v; the near miss isn't shown:\n%s", err, said)
				}
				if got := job.uploads(t); len(got) != 1 {
					t.Errorf("misspelt name: uploaded %+v", got)
				}
			})
		}
	}
}

// TestUpload runs upload.py with an empty ID, for which it must upload nothing, and for a
// test that fails, which must fail the job after the upload.
func TestUpload(t *testing.T) {
	t.Parallel()
	job := newCIJob(t, withSDK)
	file := filepath.Join(job.dir, "upload.py")
	write(t, file, strings.Replace(read(t, file), "passed = True", "passed = False", 1))
	said, err := job.shell(t, "TOFUPILOT_PROCEDURE_ID= python3 upload.py")
	if got := job.uploads(t); err == nil || len(got) > 0 || !strings.Contains(said, "TOFUPILOT_PROCEDURE_ID is empty.") {
		t.Errorf("empty ID: error %v, uploaded %+v:\n%s", err, got, said)
	}
	said, err = job.shell(t, withSDK)
	if got := job.uploads(t); err == nil || len(got) != 1 || got[0].Outcome != "FAIL" {
		t.Errorf("error %v, uploaded %+v, want a run that fails:\n%s", err, got, said)
	}
}

// TestStations runs what the guide shows, in sh and, where there is one, in
// PowerShell.
func TestStations(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"sh", "powershell"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			t.Run("one", func(t *testing.T) {
				t.Parallel()
				job := newJob(t, section(t, stationsPage, oneStation))
				job.logIn(t)
				if said, err := job.script(t, language, oneStation, "tofupilot run"); err != nil {
					t.Fatalf("%v\n%s", err, said)
				}
				if got := job.uploads(t); len(got) != 1 || got[0].ID != job.id {
					t.Errorf("uploaded %+v, want a run of %s", got, job.id)
				}
				job.rename(t, smoke, "Firmware Smoke Tset")
				said, err := job.script(t, language, oneStation, "tofupilot run")
				if got := job.uploads(t); err == nil || len(got) != 1 {
					t.Errorf("misspelt name: error %v, uploaded %+v\n%s", err, got, said)
				}
			})
			t.Run("many", func(t *testing.T) {
				t.Parallel()
				job := newJob(t, section(t, stationsPage, manyStations))
				job.logIn(t)
				if said, err := job.script(t, "sh", manyStations, "terraform"); err != nil {
					t.Fatalf("%v\n%s", err, said)
				}
				if said, err := job.script(t, language, runTheTest, "tofupilot run"); err != nil {
					t.Fatalf("%v\n%s", err, said)
				}
				want := fakeapi.Example2026().ID
				if got := job.uploads(t); len(got) != 1 || got[0].ID != want {
					t.Errorf("uploaded %+v, want a run of %s", got, want)
				}
				file := filepath.Join(job.dir, "stations.json")
				write(t, file, strings.ReplaceAll(read(t, file), "line_1", "line_3"))
				said, err := job.script(t, language, runTheTest, "tofupilot run")
				if got := job.uploads(t); err == nil || len(got) != 1 || !strings.Contains(said, "stations.json has no procedure ID for line_1.") {
					t.Errorf("a station that isn't listed: error %v, uploaded %+v\n%s", err, got, said)
				}
				job.rename(t, smoke, "Firmware Smoke Tset")
				if said, err := job.script(t, "sh", manyStations, "terraform"); err == nil {
					t.Errorf("misspelt name: the job succeeds\n%s", said)
				}
			})
		})
	}
}

// TestStationsWithoutID runs the script of a station with files that have no ID for
// the station. The script must fail with a message and not run the test.
func TestStationsWithoutID(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-446655440000"
	for name, file := range map[string]string{
		"empty file":         "",
		"empty ID":           `{"line_1": ""}`,
		"white space":        `{"line_1": " "}`,
		"null":               `{"line_1": null}`,
		"number":             `{"line_1": 550}`,
		"name, not ID":       `{"line_1": "Firmware Smoke Test"}`,
		"more than an ID":    `{"line_1": "` + id + ` 2"}`,
		"several IDs":        `{"line_1": ["` + id + `"]}`,
		"no such station":    `{"line_3": "` + id + `"}`,
		"list":               `["` + id + `"]`,
		"not JSON":           "<html>Not found</html>",
		"download cut short": `{"line_1": "` + id + `"`,
	} {
		for _, language := range []string{"sh", "powershell"} {
			t.Run(name+"/"+language, func(t *testing.T) {
				t.Parallel()
				station := newJob(t, section(t, stationsPage, manyStations))
				station.logIn(t)
				write(t, filepath.Join(station.dir, "stations.json"), file)
				said, err := station.script(t, language, runTheTest, "tofupilot run")
				if got := station.uploads(t); err == nil || len(got) > 0 {
					t.Errorf("error %v, uploaded %+v\n%s", err, got, said)
				}
				malformed := name == "not JSON" || name == "download cut short"
				if !strings.Contains(said, "stations.json has no procedure ID for line_1.") && (language != "powershell" || !malformed) {
					t.Errorf("prints no message:\n%s", said)
				}
			})
		}
	}
}

// TestDownloads runs the scripts that bring stations.json to a station, for a download
// that succeeds and for one that fails. The second must leave the file as it is.
func TestDownloads(t *testing.T) {
	t.Parallel()
	const file = `{"line_1": "550e8400-e29b-41d4-a716-446655440000"}`
	for _, c := range []struct{ name, language, with string }{
		{"web server/sh", "sh", "curl"},
		{"web server/powershell", "powershell", "Invoke-WebRequest"},
		{"SSM parameter/sh", "sh", "aws ssm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			station := newJob(t, section(t, stationsPage, manyStations))
			bin := t.TempDir()
			write(t, filepath.Join(bin, "aws"), awsCLI)
			if err := os.Chmod(filepath.Join(bin, "aws"), 0o700); err != nil {
				t.Fatal(err)
			}
			web := httptest.NewServer(http.FileServer(http.Dir(bin)))
			t.Cleanup(web.Close)
			station.host = web.URL
			station.env = append(station.env, "PATH="+bin+":"+os.Getenv("PATH"), "PARAMETERS="+bin)

			write(t, filepath.Join(bin, "stations.json"), file)
			if said, err := station.script(t, c.language, passFileOn, c.with); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			if err := os.Remove(filepath.Join(bin, "stations.json")); err != nil {
				t.Fatal(err)
			}
			if said, err := station.script(t, c.language, passFileOn, c.with); err == nil {
				t.Errorf("the failed download succeeds:\n%s", said)
			}
			if got := strings.TrimSpace(read(t, filepath.Join(station.dir, "stations.json"))); got != file {
				t.Errorf("stations.json contains %q", got)
			}
		})
	}
}

// awsCLI prints the parameter that the page creates.
const awsCLI = `#!/bin/sh
set -eu
test "$*" = 'ssm get-parameter --name /tofupilot/stations --query Parameter.Value --output text'
cat "$PARAMETERS/stations.json"
`

// TestFailedOutput lets "terraform output" fail in the scripts that write a file for
// a station. The file of an earlier run must stay as it is.
func TestFailedOutput(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ language, heading, with, file, output string }{
		{"sh", manyStations, "terraform", "stations.json", "procedure_ids"},
		{"sh", oneStation, "tofupilot run", "tofupilot.json", "tofupilot_json"},
		{"powershell", oneStation, "tofupilot run", "tofupilot.json", "tofupilot_json"},
	} {
		t.Run(c.file+"/"+c.language, func(t *testing.T) {
			t.Parallel()
			job := newJob(t, section(t, stationsPage, c.heading))
			job.logIn(t)
			const earlier = `{"written": "by an earlier run"}`
			write(t, filepath.Join(job.dir, c.file), earlier)
			job.rename(t, `output "`+c.output+`"`, `output "another"`)
			said, err := job.script(t, c.language, c.heading, c.with)
			if got := job.uploads(t); err == nil || len(got) > 0 || !strings.Contains(said, c.output) {
				t.Errorf("error %v, uploaded %+v\n%s", err, got, said)
			}
			if got := read(t, filepath.Join(job.dir, c.file)); got != earlier {
				t.Errorf("%s contains %q", c.file, got)
			}
		})
	}
}

// TestWithProcedure runs with-procedure.sh where it must not run a command.
func TestWithProcedure(t *testing.T) {
	t.Parallel()
	t.Run("no command", func(t *testing.T) {
		t.Parallel()
		job := newCIJob(t, withCLI)
		said, err := job.shell(t, "sh with-procedure.sh")
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.HasPrefix(said, "usage: sh with-procedure.sh ") {
			t.Errorf("error %v, want exit code 2 and the usage:\n%s", err, said)
		}
		if got := job.api.Requests(); len(got) > 0 {
			t.Errorf("%d requests", len(got))
		}
	})
	t.Run("empty ID", func(t *testing.T) {
		t.Parallel()
		job := newCIJob(t, withCLI)
		job.rename(t, "data.tofupilot_procedure_ids.job.ids[local.name]", `""`)
		said, err := job.shell(t, withCLI)
		if got := job.uploads(t); err == nil || len(got) > 0 || !strings.Contains(said, "The output procedure_id is empty.") {
			t.Errorf("error %v, uploaded %+v\n%s", err, got, said)
		}
	})
}

// TestLockedState starts a job while another one in its directory holds the lock of
// the state. The job must wait.
func TestLockedState(t *testing.T) {
	t.Parallel()
	job := newCIJob(t, withCLI)
	if said, err := job.shell(t, withCLI); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	state, err := os.OpenFile(filepath.Join(job.dir, "procedures", "terraform.tfstate"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }()
	if err := syscall.FcntlFlock(state.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK}); err != nil {
		t.Fatal(err)
	}
	// Terraform waits only for a lock that says whose it is.
	write(t, filepath.Join(job.dir, "procedures", ".terraform.tfstate.lock.info"), `{"ID": "another job"}`)
	time.AfterFunc(3*time.Second, func() {
		_ = syscall.FcntlFlock(state.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_UNLCK}) // the job fails if it stays locked
	})
	if said, err := job.shell(t, withCLI); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

// TestLockTimeout checks that each plan and apply in a script waits for the lock.
func TestLockTimeout(t *testing.T) {
	t.Parallel()
	checked := 0
	for page, text := range pages(t) {
		for _, script := range scriptBlock.FindAllStringSubmatch(text, -1) {
			for _, command := range locks.FindAllString(script[2], -1) {
				checked++
				if !strings.Contains(command, " -lock-timeout=60s") {
					t.Errorf("%s: %s doesn't wait for the lock", page, command)
				}
			}
		}
	}
	if checked < 4 {
		t.Errorf("only %d commands found", checked)
	}
}

var locks = regexp.MustCompile(`(?m)^.*terraform .*\b(?:plan|apply)\b.*$`)

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
	host string // serves what the pages download
	env  []string
}

// newJob has a section's configuration in procedures/, and stand-ins for the CLI
// and the SDK.
func newJob(t *testing.T, section string) *job {
	t.Helper()
	api, url := serve(t)
	j := &job{api: api, url: url, dir: t.TempDir(), home: t.TempDir()}
	for _, p := range organization() {
		if p.Name == smoke {
			j.id = p.ID
		}
	}
	write(t, filepath.Join(j.dir, "procedures", "main.tf"), block.FindStringSubmatch(section)[2])
	write(t, filepath.Join(j.dir, "tofupilot.json"), `{"procedureId":"the folder's, which a failed lookup must not fall back to"}`)
	bin, sdk := t.TempDir(), t.TempDir()
	binary, err := exec.LookPath(harness.CLI(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(bin, "tofupilot"), tofupilotCLI)
	if err := os.Chmod(filepath.Join(bin, "tofupilot"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(sdk, "tofupilot", "v2.py"), tofupilotSDK)
	j.env = environment(asUser(), "PATH="+bin+":"+os.Getenv("PATH"), "PYTHONPATH="+sdk, "HOME="+j.home,
		"UPLOADS="+filepath.Join(j.dir, "uploads"), "TF_IN_AUTOMATION=1")
	return j
}

// newCIJob is a job of the CI guide, on a runner that is logged in or with a key in
// the environment.
func newCIJob(t *testing.T, way string) *job {
	t.Helper()
	text := section(t, ciPage, lookUp)
	j := newJob(t, text)
	write(t, filepath.Join(j.dir, "with-procedure.sh"), shellBlock.FindStringSubmatch(text)[1])
	if way == withCLI {
		j.logIn(t)
		return j
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3, which the page uses, isn't installed")
	}
	_, python, _ := strings.Cut(section(t, ciPage, "## Upload with an SDK"), "\n```python\n")
	python, _, _ = strings.Cut(python, "```")
	write(t, filepath.Join(j.dir, "upload.py"), python)
	j.env = append(j.env, "TOFUPILOT_API_KEY="+fakeapi.Key, "TOFUPILOT_URL="+j.url)
	return j
}

// tofupilotCLI does as the CLI does: the key is that of the login, whatever the
// environment says.
const tofupilotCLI = `#!/bin/sh
set -eu
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$2"; }
test "$*" = 'run . --upload'
id=${TOFUPILOT_PROCEDURE_ID:-$(field procedureId tofupilot.json)}
test "$id"
printf '{"id": "%s", "key": "%s"}\n' "$id" "$(field api_key "$HOME/.tofupilot/credentials.json")" >>"$UPLOADS"
`

// tofupilotSDK takes what the Python SDK takes.
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

// upload is a run that one of them uploaded.
type upload struct{ ID, Outcome, Key string } // the outcome is the SDK's only

func (j *job) uploads(t *testing.T) (found []upload) {
	t.Helper()
	file, err := os.Open(filepath.Join(j.dir, "uploads"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for uploads := json.NewDecoder(file); uploads.More(); {
		var one upload
		if err := uploads.Decode(&one); err != nil {
			t.Fatal(err)
		}
		found = append(found, one)
	}
	return found
}

// logIn leaves what "tofupilot login" does.
func (j *job) logIn(t *testing.T) {
	t.Helper()
	write(t, filepath.Join(j.home, ".tofupilot", "credentials.json"),
		`{"api_key":"`+fakeapi.Key+`","base_url":"`+j.url+`","organization_slug":"acme","installation_id":null,"ca_cert":null}`)
}

// script runs the script of a section in such a language that has a text in it.
func (j *job) script(t *testing.T, language, heading, with string) (said string, err error) {
	t.Helper()
	for _, found := range scriptBlock.FindAllStringSubmatch(section(t, stationsPage, heading), -1) {
		if found[1] != language || !strings.Contains(found[2], with) {
			continue
		}
		program := map[string]string{"sh": "sh", "powershell": "pwsh"}[language]
		for _, needed := range []string{program, "jq", "curl"} {
			if _, err := exec.LookPath(needed); err != nil && (needed == program || strings.Contains(found[2], needed+" ")) {
				t.Skipf("%s, which the page uses, isn't installed", needed)
			}
		}
		file := filepath.Join(j.dir, "script.ps1") // as PowerShell wants it
		write(t, file, strings.ReplaceAll(found[2], "https://files.example.com", j.host))
		return j.run(t, program, file)
	}
	t.Fatalf("%s has no script in %s with %q", heading, language, with)
	return "", nil
}

var (
	shellBlock  = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	scriptBlock = regexp.MustCompile("(?ms)^```(sh|powershell)\n(.*?)^```$")
)

func (j *job) shell(t *testing.T, script string) (said string, err error) {
	t.Helper()
	return j.run(t, "sh", "-c", script)
}

func (j *job) run(t *testing.T, program string, arguments ...string) (said string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir, command.Env = j.dir, j.env
	output, err := command.CombinedOutput()
	return string(output), err
}

func (j *job) rename(t *testing.T, from, to string) {
	t.Helper()
	file := filepath.Join(j.dir, "procedures", "main.tf")
	write(t, file, strings.ReplaceAll(read(t, file), from, to))
}

// section is a part of a page, from its heading to the next.
func section(t *testing.T, page, title string) string {
	t.Helper()
	_, text, found := strings.Cut(pages(t)[page], "\n"+title+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", page, title)
	}
	text, _, _ = strings.Cut(text, "\n##")
	return text
}
