//go:build unix

package docs_test

import (
	"net/http"
	"net/http/httptest"
	"os"
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
