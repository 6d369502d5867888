//go:build unix

package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
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
	jobsPage = "docs/guides/ci-and-stations.md"
	oneJob   = "## One job, one procedure"
	smoke    = "Firmware Smoke Test" // what the page's job looks up
)

// TestJobs runs what the page shows for each CI system, with a tofupilot that
// writes down how it was called. With the same state, it runs the job once more
// for a name that no procedure has: nothing may be tested then.
func TestJobs(t *testing.T) {
	t.Parallel()
	const (
		file       = "## A file instead of a variable"
		inFile     = `{"procedureId":"%s","procedureName":"` + smoke + `"}`
		inVariable = "%s"
	)
	for heading, c := range map[string]struct {
		configuration []string // where the page shows it
		procedure     string   // what tofupilot is told of it
	}{
		oneJob:               {[]string{oneJob}, inVariable},
		"### GitHub Actions": {[]string{oneJob}, inVariable},
		"### GitLab CI/CD":   {[]string{oneJob}, inVariable},
		"### Jenkins":        {[]string{oneJob}, inVariable},
		file:                 {[]string{oneJob, file}, inFile},
	} {
		t.Run(heading, func(t *testing.T) {
			t.Parallel()
			job := newJob(t, c.configuration...)
			want := "run . --upload with " + fmt.Sprintf(c.procedure, job.id)
			if said, err := job.run(t, heading); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			if got := job.calls(t); got != want+"\n" {
				t.Errorf("tofupilot was called by %q, want %q", got, want)
			}

			job.rename(t, smoke, "Firmware Smoke Tset")
			said, err := job.run(t, heading)
			if err == nil || !strings.Contains(said, smoke) {
				t.Errorf("misspelt name: error %v; the near miss isn't shown:\n%s", err, said)
			}
			if got := job.calls(t); got != want+"\n" {
				t.Errorf("misspelt name: tofupilot was called by %q", got)
			}
		})
	}
}

// TestWithoutSetEU shows what the page warns of: the run is uploaded to the
// procedure that was looked up before.
func TestWithoutSetEU(t *testing.T) {
	t.Parallel()
	job := newJob(t, oneJob)
	if said, err := job.run(t, oneJob); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	job.rename(t, smoke, "Firmware Smoke Tset")
	script := strings.TrimPrefix(scripts(section(t, oneJob))[0], "set -eu\n")
	if said, err := job.shell(t, script); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	if got, want := strings.Count(job.calls(t), "with "+job.id+"\n"), 2; got != want {
		t.Errorf("%d runs for the procedure, want %d", got, want)
	}
}

func TestStations(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq, which the page uses, isn't installed")
	}
	const heading = "## Many stations"
	job := newJob(t, heading)
	both := scripts(section(t, heading))
	for _, script := range both {
		if said, err := job.shell(t, script); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	ids := job.json(t, "stations.json")
	if len(ids) != 2 || job.calls(t) != "run . --upload with "+ids["line_1"]+"\n" {
		t.Errorf("stations have %v; tofupilot was called by %q", ids, job.calls(t))
	}
	other := strings.ReplaceAll(both[1], "line_1", "line_3")
	if said, err := job.shell(t, other); err == nil {
		t.Errorf("a station that isn't listed goes on:\n%s", said)
	}
}

func TestProceduresOfARepository(t *testing.T) {
	t.Parallel()
	const heading = "## The procedures of a repository"
	job := newJob(t, heading)
	script := scripts(section(t, heading))[0]
	want := fakeapi.Example2026()
	job.env = append(job.env, "GITHUB_REPOSITORY="+strings.ToUpper(want.Repository.FullName))
	if said, err := job.shell(t, script); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if found := job.json(t, "procedures.json"); len(found) != 1 || found[want.ID] != want.Name {
		t.Errorf("found %v", found)
	}
	// As from a server that reports no repositories.
	job.api.Delete(want.ID)
	said, err := job.shell(t, script)
	if err == nil || !strings.Contains(said, "No procedure is linked to ORG/MY-REPO.") {
		t.Errorf("no repository: error %v\n%s", err, said)
	}
}

// TestDetectChanges holds the exit codes that the page promises.
func TestDetectChanges(t *testing.T) {
	t.Parallel()
	job := newJob(t, "## Many stations")
	for _, step := range []struct {
		name, script string
		change       func()
		want         int
	}{
		{"at first", "terraform -chdir=procedures init -input=false && terraform -chdir=procedures apply -input=false -auto-approve", func() {}, 0},
		{"unchanged", "terraform -chdir=procedures plan -input=false -detailed-exitcode", func() {}, 0},
		{"one more procedure", "terraform -chdir=procedures plan -input=false -detailed-exitcode", func() {
			job.api.Add(fakeapi.Example2026())
		}, 0},
		{"another ID", "terraform -chdir=procedures plan -input=false -detailed-exitcode", func() {
			for _, p := range organization() {
				if p.Name == "Motor Controller FVT" {
					job.api.Delete(p.ID)
					p.ID = "FVT9"
					job.api.Add(p)
				}
			}
		}, 2},
		{"without a state", "rm procedures/terraform.tfstate && terraform -chdir=procedures plan -input=false -detailed-exitcode", func() {}, 2},
	} {
		if step.name == "at first" {
			job.api.Delete(fakeapi.Example2026().ID)
		}
		step.change()
		said, err := job.shell(t, step.script)
		code := 0
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			code = exit.ExitCode()
		}
		if code != step.want {
			t.Errorf("%s: exit code %d, want %d\n%s", step.name, code, step.want, said)
		}
	}
}

// job is a checked-out repository on a CI system's machine.
type job struct {
	api *fakeapi.Server
	id  string // of the procedure that the page's job looks up
	dir string
	env []string
}

// newJob has the configurations of some of the page's sections in procedures/.
func newJob(t *testing.T, headings ...string) *job {
	t.Helper()
	api, url := serve(t)
	j := &job{api: api, dir: t.TempDir()}
	for _, p := range organization() {
		if p.Name == smoke {
			j.id = p.ID
		}
	}
	var configuration strings.Builder
	for _, heading := range headings {
		configuration.WriteString(block.FindStringSubmatch(section(t, heading))[2])
	}
	write(t, filepath.Join(j.dir, "procedures", "main.tf"), configuration.String())

	binary, err := exec.LookPath(harness.CLI())
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(binary, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	tofupilot := filepath.Join(bin, "tofupilot")
	write(t, tofupilot, "#!/bin/sh\necho \"$* with ${TOFUPILOT_PROCEDURE_ID-$(cat tofupilot.json)}\" >>\"$CALLS\"\n")
	if err := os.Chmod(tofupilot, 0o700); err != nil {
		t.Fatal(err)
	}
	j.env = environment(asUser(), "PATH="+bin+":"+os.Getenv("PATH"), "CALLS="+filepath.Join(j.dir, "calls"),
		"TOFUPILOT_URL="+url, "TOFUPILOT_API_KEY="+fakeapi.Key, "TF_IN_AUTOMATION=1")
	return j
}

// run is one run of the job that a section shows. GitLab's is two: what the first
// reports is the second's environment.
func (j *job) run(t *testing.T, heading string) (said string, err error) {
	t.Helper()
	text := section(t, heading)
	found := scripts(text)
	if len(found) != 1 {
		t.Fatalf("%d scripts, want 1", len(found))
	}
	said, err = j.shell(t, found[0])
	if second := secondJob.FindStringSubmatch(text); second != nil && err == nil {
		report, err := os.ReadFile(filepath.Join(j.dir, second[1]))
		if err != nil {
			return said, err
		}
		return j.shell(t, "set -eu\nexport "+strings.TrimSpace(string(report))+"\n"+second[2])
	}
	return said, err
}

var secondJob = regexp.MustCompile(`(?s)dotenv: (\S+)\n.*\n    - (tofupilot [^\n]*)\n`)

func (j *job) shell(t *testing.T, script string) (said string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", script)
	command.Dir, command.Env = j.dir, j.env
	output, err := command.CombinedOutput()
	return string(output), err
}

// calls are those of tofupilot.
func (j *job) calls(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(j.dir, "calls"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func (j *job) rename(t *testing.T, from, to string) {
	t.Helper()
	file := filepath.Join(j.dir, "procedures", "main.tf")
	write(t, file, strings.ReplaceAll(read(t, file), from, to))
}

func (j *job) json(t *testing.T, file string) map[string]string {
	t.Helper()
	var values map[string]string
	if err := json.Unmarshal([]byte(read(t, filepath.Join(j.dir, file))), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// section is a part of the page, from its heading to the next.
func section(t *testing.T, title string) string {
	t.Helper()
	_, text, found := strings.Cut(pages(t)[jobsPage], "\n"+title+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", jobsPage, title)
	}
	text, _, _ = strings.Cut(text, "\n##")
	return text
}
