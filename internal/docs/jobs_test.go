//go:build unix

package docs_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	ciPage       = "docs/guides/ci.md"
	stationsPage = "docs/guides/stations.md"
	lookUp       = "## Look up the ID"
	oneStation   = "## One station"
	manyStations = "## Many stations"
	smoke        = "Firmware Smoke Test" // what the pages' jobs look up
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

// TestFailedTest holds upload.py to failing the job of a test that fails, after the
// run is uploaded.
func TestFailedTest(t *testing.T) {
	t.Parallel()
	job := newCIJob(t, withSDK)
	file := filepath.Join(job.dir, "upload.py")
	write(t, file, strings.Replace(read(t, file), "passed = True", "passed = False", 1))
	said, err := job.shell(t, withSDK)
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
				if said, err := job.script(t, language, manyStations, "tofupilot run"); err != nil {
					t.Fatalf("%v\n%s", err, said)
				}
				want := fakeapi.Example2026().ID
				if got := job.uploads(t); len(got) != 1 || got[0].ID != want {
					t.Errorf("uploaded %+v, want a run of %s", got, want)
				}
				file := filepath.Join(job.dir, "stations.json")
				write(t, file, strings.ReplaceAll(read(t, file), "line_1", "line_3"))
				said, err := job.script(t, language, manyStations, "tofupilot run")
				if got := job.uploads(t); err == nil || len(got) != 1 || !strings.Contains(said, "stations.json has no procedure for line_1.") {
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
		for _, needed := range []string{program, "jq"} {
			if _, err := exec.LookPath(needed); err != nil && (needed != "jq" || strings.Contains(found[2], "jq ")) {
				t.Skipf("%s, which the page uses, isn't installed", needed)
			}
		}
		file := filepath.Join(j.dir, "script.ps1") // as PowerShell wants it
		write(t, file, found[2])
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
