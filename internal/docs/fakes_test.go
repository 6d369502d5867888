//go:build unix

package docs_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// fakeCLI is a fake TofuPilot CLI. It uploads a passed run. Like the real CLI, it uses the login's API
// key and ignores the key in the environment.
const fakeCLI = `#!/bin/sh
set -eu
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$2"; }
test "$*" = 'run . --upload'
id=${TOFUPILOT_PROCEDURE_ID:-$(field procedureId tofupilot.json)}
test "$id"
echo "$id PASS $(field api_key "$HOME/.tofupilot/credentials.json")" >>"$UPLOADS"
`

// fakeSDK is a fake Python SDK. Its functions take the same arguments as those of the SDK.
// Scripts call create as client.runs.create.
const fakeSDK = `
import os

class TofuPilot:
    def __init__(self, api_key):
        self.key, self.runs = api_key, self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def create(self, *, outcome, procedure_id, started_at, ended_at, serial_number, part_number=None):
        with open(os.environ["UPLOADS"], "a") as uploads:
            print(procedure_id, outcome, self.key, file=uploads)
`

// fakeAWSCLI is a fake AWS CLI. It prints stations.json from the directory $PARAMETERS, as the parameter
// that the stations guide creates.
const fakeAWSCLI = `#!/bin/sh
set -eu
test "$*" = 'ssm get-parameter --name /tofupilot/stations --query Parameter.Value --output text'
cat "$PARAMETERS/stations.json"
`

// passedRun represents a passed run of smokeTest in checkUploads: the procedure ID and the outcome.
const passedRun = smokeTestID + " PASS"

// checkUploads checks the runs that the fake CLI and SDK of a job have uploaded so far: all with
// the fake API's key.
func (j *job) checkUploads(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	if _, err := os.Stat(j.uploadsFile()); err == nil {
		got = strings.Split(strings.TrimSuffix(readFile(t, j.uploadsFile()), "\n"), "\n")
	}
	for i := range want {
		want[i] += " " + fakeapi.Key
	}
	harness.CheckEqual(t, "uploads", got, want)
}
