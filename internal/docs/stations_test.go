//go:build unix

package docs_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	stationsPage = "docs/guides/stations.md"
	oneStation   = "## One station"
	manyStations = "## Many stations"
	runTheTest   = "### Run the test"
)

// languages are the languages of the guide's scripts. Scripts in powershell run only if PowerShell is installed.
var languages = []string{"sh", "powershell"}

// Messages of the script that runs the test on one of many stations.
const (
	usesOldFile = "Using the old stations.json."
	hasNoID     = "Can't read a procedure ID for line_1 from stations.json."
)

// TestOneStation checks that the script of a station uploads a run of the procedure that it looks up.
func TestOneStation(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			station := newJob(t, stationsPage, oneStation)
			station.logIn(t)
			station.startDir = t.TempDir() // the script must change to its own directory
			station.runScript(t, oneStation, language).checkSuccess(t)
			station.checkUploads(t, passedRun)
		})
	}
}

// TestManyStations checks that a station uploads a run with the ID in the file that the job for
// many stations has written.
func TestManyStations(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			job := newJob(t, stationsPage, manyStations)
			job.logIn(t)
			job.runScript(t, manyStations, "sh").checkSuccess(t)

			station := newStation(t, serveFiles(t, job.dir))
			station.runScript(t, runTheTest, language).checkSuccess(t)
			station.checkUploads(t, fakeapi.Example2026().ID+" PASS") // the procedure of line_1
		})
	}
}

// filesWithoutID are contents of stations.json that aren't one JSON object with a procedure ID for the
// station line_1.
var filesWithoutID = map[string]string{
	"empty file":          "",
	"empty ID":            `{"line_1": ""}`,
	"name, not ID":        `{"line_1": "Firmware Smoke Test"}`,
	"more than an ID":     `{"line_1": "Firmware Smoke Test ` + smokeTestID + `"}`,
	"ID and line break":   `{"line_1": "` + smokeTestID + `\n"}`,
	"list of IDs":         `{"line_1": ["` + smokeTestID + `"]}`,
	"missing station":     `{"line_3": "` + smokeTestID + `"}`,
	"list":                `["` + smokeTestID + `"]`,
	"two documents":       `{"line_1": "` + smokeTestID + `"} {"line_1": "` + smokeTestID + `"}`,
	"HTML":                "<html>Not found</html>",
	"incomplete download": `{"line_1": "` + smokeTestID + `"`,
}

// TestFilesWithoutID checks that a station that downloads a file without an ID uses and keeps the file
// of an earlier download. If the earlier file has no ID either, the script must fail and upload nothing.
func TestFilesWithoutID(t *testing.T) {
	t.Parallel()
	const earlierFile = `{"line_1": "` + smokeTestID + `"}`
	for name, content := range filesWithoutID {
		for _, language := range languages {
			t.Run(name+"/"+language, func(t *testing.T) {
				t.Parallel()
				served := t.TempDir()
				writeFile(t, filepath.Join(served, "stations.json"), content)
				station := newStation(t, serveFiles(t, served))

				writeFile(t, station.stationsFile(), content)
				station.runScript(t, runTheTest, language).checkFailure(t, hasNoID)
				station.checkUploads(t)

				writeFile(t, station.stationsFile(), earlierFile)
				station.runScript(t, runTheTest, language).checkSuccess(t, usesOldFile)
				station.checkUploads(t, passedRun)
				if got := readFile(t, station.stationsFile()); got != earlierFile {
					t.Errorf("stations.json: got %q, want %q", got, earlierFile)
				}
			})
		}
	}
}

// TestStationNames checks that the name of a station needn't be an identifier.
func TestStationNames(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			station := newStation(t, unreachable) // the download fails, so the station uses the file below
			station.edits = append(station.edits, "'line_1'", "'Line 3-A'")
			writeFile(t, station.stationsFile(), `{"Line 3-A": "`+smokeTestID+`"}`)
			station.runScript(t, runTheTest, language).checkSuccess(t)
			station.checkUploads(t, passedRun)
		})
	}
}

// TestDownloads checks that a station downloads stations.json from a web server or an SSM parameter,
// and uses the old file if a later download fails. Without an old file, it must fail.
func TestDownloads(t *testing.T) {
	t.Parallel()
	const content = `{"line_1": "` + smokeTestID + `"}`
	functions := regexp.MustCompile(`(?ms)^download\(\) \{\n.*?^\}\n`).FindAllString(readSection(t, stationsPage, runTheTest), -1)
	if len(functions) != 2 || !strings.Contains(functions[1], "aws ssm") {
		t.Fatalf("got the functions %q, want one for a web server and one for an SSM parameter", functions)
	}
	for name, c := range map[string]struct {
		language string
		edits    []string // a text and its replacement, in addition to those of newStation
	}{
		"web server/sh":         {language: "sh"},
		"web server/powershell": {language: "powershell"},
		"SSM parameter/sh":      {language: "sh", edits: functions}, // the second function replaces the first
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served := t.TempDir()
			station := newStation(t, serveFiles(t, served))
			station.edits = append(station.edits, c.edits...)
			station.env = append(station.env, "PARAMETERS="+served) // for the fake AWS CLI
			station.startDir = t.TempDir()                          // the script must change to its own directory

			writeFile(t, filepath.Join(served, "stations.json"), content)
			station.runScript(t, runTheTest, c.language).checkSuccess(t)
			station.checkUploads(t, passedRun)

			removeFile(t, filepath.Join(served, "stations.json")) // the next downloads fail
			station.runScript(t, runTheTest, c.language).checkSuccess(t, usesOldFile)
			station.checkUploads(t, passedRun, passedRun)

			removeFile(t, station.stationsFile())
			station.runScript(t, runTheTest, c.language).checkFailure(t, hasNoID)
			station.checkUploads(t, passedRun, passedRun)
		})
	}
}

// TestFailedLookups checks that a script fails, uploads nothing and doesn't change the file of an
// earlier run if the lookup fails or Terraform has no output with the result.
func TestFailedLookups(t *testing.T) {
	t.Parallel()
	for _, script := range []struct {
		heading, language string
		output            string // the Terraform output that the script writes to file
		file              string
	}{
		{manyStations, "sh", "procedure_ids", "stations.json"},
		{oneStation, "sh", "tofupilot_json", "tofupilot.json"},
		{oneStation, "powershell", "tofupilot_json", "tofupilot.json"},
	} {
		for name, c := range map[string]struct {
			from, to string // an edit of the configuration
			message  string
		}{
			"misspelt name":  {from: smokeTest, to: misspeltName, message: smokeTest}, // the error names the near miss
			"renamed output": {from: `output "` + script.output + `"`, to: `output "renamed"`, message: script.output},
			"null output":    {from: "value = ", to: "value = true ? null : ", message: script.output}, // Terraform doesn't store null
		} {
			t.Run(script.file+"/"+name+"/"+script.language, func(t *testing.T) {
				t.Parallel()
				job := newJob(t, stationsPage, script.heading)
				job.logIn(t)
				const earlier = `{"written": "by an earlier run"}`
				file := filepath.Join(job.dir, script.file)
				writeFile(t, file, earlier)
				job.replaceInConfiguration(t, c.from, c.to)
				job.runScript(t, script.heading, script.language).checkFailure(t, c.message)
				job.checkUploads(t)
				if got := readFile(t, file); got != earlier {
					t.Errorf("%s: got %q, want %q", script.file, got, earlier)
				}
			})
		}
	}
}

// newStation returns a station that is logged in, and whose script downloads stations.json from
// the server at url.
func newStation(t *testing.T, url string) *job {
	t.Helper()
	station := newJob(t, stationsPage, manyStations)
	station.logIn(t)
	station.edits = []string{"https://files.example.com", url}
	return station
}

// stationsFile returns the path of the file that the script of a station downloads.
func (j *job) stationsFile() string { return filepath.Join(j.dir, "stations.json") }

// unreachable is the URL of a server that refuses connections.
const unreachable = "http://127.0.0.1:1"

// serveFiles starts a web server for the files of a directory.
func serveFiles(t *testing.T, dir string) (url string) {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL
}
