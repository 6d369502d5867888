//go:build unix

package docs_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// fakeCLI is a fake TofuPilot CLI. Like the CLI, it uploads with the login's API key and ignores
// the key in the environment.
const fakeCLI = `#!/bin/sh
set -eu
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$2"; }
test "$*" = 'run . --upload'
id=${TOFUPILOT_PROCEDURE_ID:-$(field procedureId tofupilot.json)}
test "$id"
printf '{"id": "%s", "key": "%s"}\n' "$id" "$(field api_key "$HOME/.tofupilot/credentials.json")" >>"$UPLOADS"
`

// fakeSDK is a fake Python SDK. Its functions take the same arguments as those of the SDK.
const fakeSDK = `
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

// fakeAWSCLI is a fake AWS CLI. It prints the parameter that the stations guide creates.
const fakeAWSCLI = `#!/bin/sh
set -eu
test "$*" = 'ssm get-parameter --name /tofupilot/stations --query Parameter.Value --output text'
cat "$PARAMETERS/stations.json"
`

// upload is a run that the fake CLI or the fake SDK uploaded.
type upload struct {
	ID      string // of the procedure
	Key     string // the API key
	Outcome string // empty if the fake CLI uploaded the run
}

func (j *job) readUploads(t *testing.T) (uploads []upload) {
	t.Helper()
	file, err := os.Open(j.uploadsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	decoder := json.NewDecoder(file)
	for decoder.More() {
		var next upload
		if err := decoder.Decode(&next); err != nil {
			t.Fatal(err)
		}
		uploads = append(uploads, next)
	}
	return uploads
}

// checkUploads checks the API key and the procedure IDs of all runs that the job has uploaded
// since it was created.
func (j *job) checkUploads(t *testing.T, wantIDs ...string) {
	t.Helper()
	var ids []string
	for _, uploaded := range j.readUploads(t) {
		ids = append(ids, uploaded.ID)
		if uploaded.Key != fakeapi.Key {
			t.Errorf("uploaded with the API key %q, want %q", uploaded.Key, fakeapi.Key)
		}
	}
	if !slices.Equal(ids, wantIDs) {
		t.Errorf("uploaded runs of the procedures %q, want %q", ids, wantIDs)
	}
}
