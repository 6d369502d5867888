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

func TestIDsAreUUIDs(t *testing.T) {
	t.Parallel()
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	named := append(fakeapi.Named(time.Now(), fakeapi.WithRepository), fakeapi.Example2025(), fakeapi.Example2026())
	for _, p := range append(fakeapi.Generate(1000, fakeapi.WithRepository), named...) {
		if !uuid.MatchString(p.ID) {
			t.Errorf("ID %q", p.ID)
		}
	}
}

func TestGeneratedDistinct(t *testing.T) {
	t.Parallel()
	ids, times := map[string]bool{}, map[int64]bool{}
	for _, shape := range shapes {
		names := map[string]int{}
		for i, p := range fakeapi.Generate(10_000, shape) {
			if ids[p.ID] {
				t.Fatalf("%d: ID %q", i, p.ID)
			}
			if times[p.CreatedAt.UnixMilli()] {
				t.Fatalf("%d: created at %s", i, p.CreatedAt)
			}
			ids[p.ID], times[p.CreatedAt.UnixMilli()] = true, true
			if other, taken := names[p.Name]; taken != (i%100 == 99) || taken && other != i-1 {
				t.Fatalf("%d: name %q, seen at %d", i, p.Name, other)
			}
			names[p.Name] = i
		}
	}
}

// TestGeneratedFields checks that generated procedures have the fields of the examples, and
// no others, and that fields that can be null are null in some of them.
func TestGeneratedFields(t *testing.T) {
	t.Parallel()
	for name, example := range map[string]fakeapi.Procedure{"2025": fakeapi.Example2025(), "2026": fakeapi.Example2026()} {
		want, got := map[string]bool{}, map[string]bool{}
		addPaths(t, example.JSON, want)
		for _, p := range fakeapi.Generate(300, example.Shape) {
			addPaths(t, getRow(t, p), got)
		}
		for path, null := range map[string]bool{
			"created_by_user.name": true,
			"fpy":                  example.Shape == fakeapi.WithRunsAndFPY,
			"linkedRepository":     example.Shape == fakeapi.WithRepository,
		} {
			if null {
				want[path+" is null"] = true
			}
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

// addPaths adds the paths of a row's values. Those of nulls end with " is null".
func addPaths(t *testing.T, row string, paths map[string]bool) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(row), &value); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for name, inner := range value {
				walk(strings.TrimPrefix(path+"."+name, "."), inner)
			}
		case []any:
			for _, inner := range value {
				walk(path, inner)
			}
		case nil:
			paths[path+" is null"] = true
		case string:
			if value == "" { // a field that generate.go doesn't set
				path += " is empty"
			}
			paths[path] = true
		default:
			paths[path] = true
		}
	}
	walk("", value)
}

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
