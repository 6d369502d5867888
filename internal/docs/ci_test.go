//go:build unix

package docs_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

const (
	ciPage        = "docs/guides/ci.md"
	lookupHeading = "## Look up the ID"

	cliCommand = "sh with-procedure.sh tofupilot run . --upload"
	sdkCommand = "sh with-procedure.sh python3 upload.py"
)

// TestCICommands checks that the CI guide shows the commands that TestCIJobs runs, for each CI system.
func TestCICommands(t *testing.T) {
	t.Parallel()
	for heading, commands := range map[string][]string{
		"## Upload with the CLI": {cliCommand},
		"### GitHub Actions":     {cliCommand, sdkCommand},
		"### GitLab CI/CD":       {cliCommand, sdkCommand},
		"### Jenkins":            {cliCommand, sdkCommand},
	} {
		section := readSection(t, ciPage, heading)
		for _, command := range commands {
			if !strings.Contains(section, command) {
				t.Errorf("%s: the section %q doesn't contain %q", ciPage, heading, command)
			}
		}
	}
}

// TestCIJobs checks that a job uploads a run of the procedure that it looks up. If no procedure
// has the name, the job must fail and upload nothing, even if an earlier job left its state.
func TestCIJobs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		newJob  func(*testing.T) *job
		command string
	}{
		"CLI": {newCLIJob, cliCommand},
		"SDK": {newSDKJob, sdkCommand},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := c.newJob(t)
			job.runShell(t, c.command).checkSuccess(t)
			job.checkUploads(t, passedRun)

			job.replaceInConfiguration(t, smokeTest, misspeltName)
			job.runShell(t, c.command).checkFailure(t, smokeTest) // the error names the near miss
			job.checkUploads(t, passedRun)                        // still only the run of the first job
		})
	}
}

// TestUploadWithoutID checks that upload.py fails and uploads nothing if the ID is empty.
func TestUploadWithoutID(t *testing.T) {
	t.Parallel()
	job := newSDKJob(t)
	job.runShell(t, "TOFUPILOT_PROCEDURE_ID= python3 upload.py").checkFailure(t, "TOFUPILOT_PROCEDURE_ID is empty.")
	job.checkUploads(t)
}

// TestUploadFailedTest checks that a job fails if its test fails, but uploads the run first.
func TestUploadFailedTest(t *testing.T) {
	t.Parallel()
	job := newSDKJob(t)
	file := filepath.Join(job.dir, "upload.py")
	writeFile(t, file, strings.Replace(readFile(t, file), "passed = True", "passed = False", 1))
	job.runShell(t, sdkCommand).checkFailure(t, "The test failed.")
	job.checkUploads(t, smokeTestID+" FAIL")
}

// TestNoCommand checks that with-procedure.sh without a command prints its usage and looks
// nothing up.
func TestNoCommand(t *testing.T) {
	t.Parallel()
	job := newCLIJob(t)
	job.runShell(t, "sh with-procedure.sh").checkFailure(t, "usage: sh with-procedure.sh ")
	harness.CheckNoRequests(t, "the API", job.api)
}

// TestOutputWithoutID checks that with-procedure.sh fails and doesn't run its command if the
// Terraform output procedure_id is anything but an ID.
func TestOutputWithoutID(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"empty ID":  `""`,
		"two lines": `"550e8400-e29b-41d4-a716-446655440000\n7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"`,
		"name":      "local.name",
		"no output": "null", // "terraform output -raw" prints a warning and exits with 0
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := newCLIJob(t)
			job.replaceInConfiguration(t, "data.tofupilot_procedure_ids.job.ids[local.name]", value)
			job.runShell(t, cliCommand).checkFailure(t, "The output procedure_id has no procedure ID.")
			job.checkUploads(t)
		})
	}
}

// TestCIVariable checks that the step that takes the ID from a CI variable uploads a run with that ID.
func TestCIVariable(t *testing.T) {
	t.Parallel()
	job := newCLIJob(t)
	job.env = append(job.env, "TOFUPILOT_PROCEDURE_ID="+smokeTestID)
	job.runShell(t, readVariableStep(t)).checkSuccess(t)
	job.checkUploads(t, passedRun)
}

// TestMissingCIVariable checks that the step of TestCIVariable fails and uploads nothing if the CI
// variable doesn't exist. GitHub then sets the environment variable to an empty string.
func TestMissingCIVariable(t *testing.T) {
	t.Parallel()
	job := newCLIJob(t)
	job.env = append(job.env, "TOFUPILOT_PROCEDURE_ID=")
	job.runShell(t, readVariableStep(t)).checkFailure(t, "TOFUPILOT_PROCEDURE_ID: is empty")
	job.checkUploads(t)
}

// yamlStep matches a step of a GitHub Actions workflow. Its group is the step's script.
var yamlStep = regexp.MustCompile(`(?m)^      - run: \|\n((?:          .*\n)+)`)

// readVariableStep returns the script of the step that takes the ID from a CI variable.
func readVariableStep(t *testing.T) string {
	t.Helper()
	for _, step := range yamlStep.FindAllStringSubmatch(readSection(t, ciPage, "## Set a CI variable"), -1) {
		if strings.Contains(step[1], "tofupilot run") {
			return strings.ReplaceAll(step[1], "\n          ", "\n")
		}
	}
	t.Fatalf("%s has no step that runs the CLI", ciPage)
	return ""
}

// newCLIJob returns a job of the CI guide that uploads with the CLI. The CLI is logged in.
func newCLIJob(t *testing.T) *job {
	t.Helper()
	j := newCIJob(t)
	j.logIn(t)
	return j
}

// newSDKJob returns a job of the CI guide that uploads with the Python SDK. The API key is in the
// environment.
func newSDKJob(t *testing.T) *job {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3, which the guide uses, isn't installed")
	}
	j := newCIJob(t)
	writeFile(t, filepath.Join(j.dir, "upload.py"), readBlock(t, ciPage, "## Upload with an SDK", "python"))
	j.env = append(j.env, serverEnv(j.url)...)
	return j
}

func newCIJob(t *testing.T) *job {
	t.Helper()
	j := newJob(t, ciPage, lookupHeading)
	writeFile(t, filepath.Join(j.dir, "with-procedure.sh"), readBlock(t, ciPage, lookupHeading, "sh"))
	return j
}

// runShell runs commands as CI systems do: the first that fails ends the job.
func (j *job) runShell(t *testing.T, commands string) result {
	t.Helper()
	return j.run(t, "sh", "-e", "-c", commands)
}
