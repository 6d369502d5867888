//go:build unix

package docs_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	ciPage      = "docs/guides/ci.md"
	lookupTitle = "## Look up the ID"
)

const (
	withCLI = "sh with-procedure.sh tofupilot run . --upload"
	withSDK = "sh with-procedure.sh python3 upload.py"
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
