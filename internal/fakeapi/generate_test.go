package fakeapi_test

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

var shapes = []fakeapi.Shape{fakeapi.WithRepository, fakeapi.WithRunsAndFPY, fakeapi.WithRuns, fakeapi.WithRunsAndRepository}

// TestIDsAreUUIDs checks that the IDs of procedures are UUIDs of version 4.
func TestIDsAreUUIDs(t *testing.T) {
	t.Parallel()
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	procedures := append(fakeapi.Named(time.Now(), fakeapi.WithRepository), fakeapi.Example2025(), fakeapi.Example2026())
	procedures = append(procedures, fakeapi.Generate(1000, fakeapi.WithRepository)...)
	for _, p := range procedures {
		if !uuid.MatchString(p.ID) {
			t.Errorf("ID %q", p.ID)
		}
	}
}

// TestGeneratedDistinct checks that all IDs and all times of procedures are distinct, even if a list
// mixes all shapes.
func TestGeneratedDistinct(t *testing.T) {
	t.Parallel()
	const count = 10_000 // of each shape
	ids, times := map[string]bool{}, map[int64]bool{}
	for _, shape := range shapes {
		for _, p := range fakeapi.Generate(count, shape) {
			ids[p.ID] = true
			times[p.CreatedAt.UnixMilli()] = true
		}
	}
	if want := count * len(shapes); len(ids) != want || len(times) != want {
		t.Errorf("got %d distinct IDs and %d distinct times, want %d", len(ids), len(times), want)
	}
}

// TestGeneratedNames checks that names are distinct, except that every hundredth procedure has the
// name of the previous one.
func TestGeneratedNames(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	procedures := fakeapi.Generate(10_000, fakeapi.WithRepository)
	for i, p := range procedures {
		names[p.Name] = true
		if i%100 == 99 && p.Name != procedures[i-1].Name {
			t.Errorf("procedure %d: got the name %q, want %q", i, p.Name, procedures[i-1].Name)
		}
	}
	if len(names) != 9_900 { // 10,000 without every hundredth
		t.Errorf("got %d distinct names, want 9900", len(names))
	}
}

// TestGeneratedFields checks that generated procedures have the same fields as the examples, and
// that some of the procedures have null for each field that can be null.
func TestGeneratedFields(t *testing.T) {
	t.Parallel()
	nullable := map[fakeapi.Shape][]string{
		fakeapi.WithRunsAndFPY: {"created_by_user.name", "fpy"},
		fakeapi.WithRepository: {"created_by_user.name", "linkedRepository"},
	}
	for name, example := range map[string]fakeapi.Procedure{"2025": fakeapi.Example2025(), "2026": fakeapi.Example2026()} {
		want, got := map[string]bool{}, map[string]bool{}
		addPaths(want, "", decodeRow(t, example))
		for _, path := range nullable[example.Shape] {
			want[path+" is null"] = true
		}
		for _, p := range fakeapi.Generate(300, example.Shape) {
			addPaths(got, "", decodeRow(t, p))
		}
		for path := range want {
			if !got[path] {
				t.Errorf("%s: %s is in no generated procedure: add it to generate.go", name, path)
			}
		}
		for path := range got {
			if !want[path] {
				t.Errorf("%s: %s is in a generated procedure, but not in the example", name, path)
			}
		}
	}
}

// decodeRow returns the decoded row that a server with this procedure sends.
func decodeRow(t *testing.T, p fakeapi.Procedure) (row any) {
	t.Helper()
	if err := json.Unmarshal([]byte(getRow(t, p)), &row); err != nil {
		t.Fatal(err)
	}
	return row
}

// addPaths adds the paths of all values of a row, without the indices of lists. The path of a null
// ends with " is null", and the path of an empty string with " is empty".
func addPaths(paths map[string]bool, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			addPaths(paths, strings.TrimPrefix(path+"."+name, "."), member)
		}
		return
	case []any:
		for _, item := range value {
			addPaths(paths, path, item)
		}
		return
	case nil:
		path += " is null"
	case string:
		if value == "" { // generate.go doesn't set the field
			path += " is empty"
		}
	}
	paths[path] = true
}

// TestGeneratedValues checks that 300 generated procedures contain every number of runs, every
// outcome and every provider.
func TestGeneratedValues(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range fakeapi.Generate(300, fakeapi.WithRunsAndRepository) {
		seen[strconv.Itoa(len(p.Runs))+" runs"] = true
		for _, r := range p.Runs {
			seen[r.Outcome] = true
		}
		if p.Repository != nil {
			seen[p.Repository.Provider] = true
		}
	}
	for _, want := range []string{
		"0 runs", "1 runs", "2 runs", "3 runs", "4 runs", "5 runs",
		"PASS", "FAIL", "ERROR", "TIMEOUT", "ABORTED", "github", "gitlab", "bitbucket",
	} {
		if !seen[want] {
			t.Errorf("%s is in none of 300 procedures", want)
		}
	}
}
