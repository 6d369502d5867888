//go:build unix

package docs_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// awsCLI replaces the AWS CLI. It prints the parameter that the page creates.
const awsCLI = `#!/bin/sh
set -eu
test "$*" = 'ssm get-parameter --name /tofupilot/stations --query Parameter.Value --output text'
cat "$PARAMETERS/stations.json"
`

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
