package acceptance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"golang.org/x/text/unicode/norm"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// newProcedure returns a procedure that was created on the given day of May 2024.
func newProcedure(day int, id, name string, creator *fakeapi.User) fakeapi.Procedure {
	return fakeapi.Procedure{ID: id, Name: name, CreatedAt: time.Date(2024, time.May, day, 8, 30, 0, 0, time.UTC), CreatedBy: creator}
}

func TestLookupErrors(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-446655440000"
	maya := "Maya Okafor"
	_, url := harness.NewFakeServer(t,
		newProcedure(1, id, "Battery Test Procedure", &fakeapi.User{ID: "u1", Name: &maya, Email: "maya@example.com"}),
		newProcedure(3, "twin-2", "Prüfung", &fakeapi.User{ID: "u2", Email: "ci@example.com"}),
		newProcedure(2, "TWIN1", norm.NFD.String("Prüfung"), &fakeapi.User{ID: "u1", Name: &maya, Email: "maya@example.com"}),
		newProcedure(4, "triplet", "Prüfung", nil),
		newProcedure(5, "space", "Motor\u00a0Test", nil),
	)
	for name, c := range map[string]struct {
		argument string // id or name
		value    string
		summary  string
		words    []string
	}{
		"no such name": {"name", `Missing "one" 100%`, "No such procedure", []string{
			"No procedure at " + url + `/api has the name "Missing \"one\" 100%". The API key can read 5 procedures.`,
			"These are all of them:", "\n  - " + id + " ", "\n  - triplet ", `space "Motor\u00a0Test"`,
			"\n\nIf the name is right, check that the key's owner can see the procedure: a station's key may see only those that its station is linked to, or none.",
		}},
		"case and white space": {"name", "battery  test procedure", "No such procedure", []string{
			`"battery  test procedure" differs from "Battery Test Procedure" only in case and white space.`, `Set name to "Battery Test Procedure".`,
		}},
		"an ID as the name": {"name", strings.ToUpper(id), "No such procedure", []string{
			`has the name "` + strings.ToUpper(id) + `". It is the ID of "Battery Test Procedure".`,
			`Set id to "` + id + `" instead of name, or set name to "Battery Test Procedure".`,
		}},
		"a name as the ID": {"id", "Battery Test Procedure", "No such procedure", []string{
			`has the ID "Battery Test Procedure". It is the name of "` + id + `".`,
			`Set name to "Battery Test Procedure" instead of id, or set id to "` + id + `".`,
		}},
		"several matches": {"name", "Prüfung", "Several procedures have this name", []string{
			"3 procedures at " + url + `/api have the name "Prüfung":`,
			"\n  - TWIN1 ", `", created 2024-05-02T08:30:00.000Z by Maya Okafor`, // between them, the name in NFD
			"\n  - twin-2 \"Prüfung\", created 2024-05-03T08:30:00.000Z by ci@example.com",
			"\n  - triplet \"Prüfung\", created 2024-05-04T08:30:00.000Z",
			"Set id instead of name, to the ID of the procedure that you want.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.CheckError(t, lookUp(t, url, fakeapi.Key, harness.Values{c.argument: c.value}), harness.WantError(c.argument, c.summary, c.words...))
		})
	}
}

// lookUp reads a tofupilot_procedure, without retries, and returns the diagnostics.
func lookUp(t *testing.T, url, key string, arguments harness.Values) []*tfprotov6.Diagnostic {
	t.Helper()
	connection := newConnection(t, harness.Values{"url": url, "api_key": key, "max_retries": 0})
	return connection.Read(t, "tofupilot_procedure", arguments).Diagnostics
}

// TestListedProceduresAreRedacted checks that errors that list procedures redact the API key, and drop
// control characters, in the names of procedures and users.
func TestListedProceduresAreRedacted(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"plain key": "tp_0123456789", "key with a quote": `tp_"0123456789\`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			creator := fakeapi.User{Name: new("Eve \x1b[31m" + key + "\r\u202e")}
			api, url := harness.NewFakeServer(t, newProcedure(1, "FVT1", "named "+key, &creator), newProcedure(2, "FVT2", "named "+key, &creator))
			api.AllowKey(key)
			missing := lookUp(t, url, key, harness.Values{"id": "fvt3"})
			harness.CheckError(t, missing, harness.WantError("id", "No such procedure", "FVT1", `"named [the API key]"`))
			ambiguous := lookUp(t, url, key, harness.Values{"name": "named " + key})
			harness.CheckError(t, ambiguous, harness.WantError("name", "Several procedures have this name", "FVT1", `"named [the API key]"`, "by Eve [31m[the API key]"))
			output := harness.FormatDiagnostics(append(missing, ambiguous...))
			if strings.Contains(output, "0123456789") {
				t.Errorf("an error contains the key: %q", output)
			}
			if strings.ContainsAny(output, "\x1b\r\u202e") {
				t.Errorf("an error contains a control character: %q", output)
			}
		})
	}
}

// TestLookupAdvice checks that the errors of a lookup mention no argument that only a list has.
func TestLookupAdvice(t *testing.T) {
	t.Parallel()
	rejection := `{"message": "Input validation failed", "issues": [{"path": ["search_query"], "message": "Too long"}]}`
	for name, c := range map[string]struct {
		fault    http.Handler // nil: none
		timeouts any          // nil: the default
	}{
		"out of time":                  {nil, harness.Values{"read": "1ns"}},
		"rejected":                     {fakeapi.Status(http.StatusBadRequest, rejection), nil},
		"not JSON":                     {fakeapi.Status(http.StatusOK, "<html>"), nil},
		"a response that is too large": {fakeapi.Status(http.StatusOK, strings.Repeat(" ", 33<<20)), nil}, // the limit is 32 MiB
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, url := harness.NewFakeServer(t)
			api.Fail(c.fault)
			diagnostics := lookUp(t, url, fakeapi.Key, harness.Values{"name": "FVT", "timeouts": c.timeouts})
			if len(diagnostics) != 1 {
				t.Fatalf("got %d diagnostics, want 1: %s", len(diagnostics), harness.FormatDiagnostics(diagnostics))
			}
			if path := harness.DiagnosticPath(diagnostics[0]); !slices.Contains([]string{"", "id", "name", "timeouts.read"}, path) {
				t.Errorf("the error is at %s, which a lookup doesn't have", path)
			}
			for _, words := range []string{"by search_query", "created_after", "page_size"} {
				if strings.Contains(diagnostics[0].Detail, words) {
					t.Errorf("the error mentions %q, which a lookup doesn't have: %s", words, diagnostics[0].Detail)
				}
			}
		})
	}
}

// TestWrongNames checks that one error lists all names that can't be looked up, and no others. The
// error has at most 50 lines, and if it leaves lines out, it says how many.
func TestWrongNames(t *testing.T) {
	t.Parallel()
	stored := fakeapi.Generate(300, fakeapi.WithRepository)
	for i := range 60 {
		stored = append(stored, fakeapi.Procedure{ID: fmt.Sprint("many-", i), Name: "Many", CreatedAt: stored[i].CreatedAt})
	}
	for i := range 5 {
		stored = append(stored, fakeapi.Procedure{ID: fmt.Sprint("twin-", i), Name: "Twin", CreatedAt: stored[i].CreatedAt})
	}
	_, url := harness.NewFakeServer(t, stored...)
	var missingNames, longNames []string
	for i := range 200 {
		missingNames = append(missingNames, fmt.Sprintf("Nobody's %03d", i))
		longNames = append(longNames, fmt.Sprint(i, strings.Repeat(" very long", 1000)))
	}
	correctName := stored[3].Name
	upperCaseName := strings.ToUpper(stored[4].Name)
	for name, c := range map[string]struct {
		names []string
		words []string // parts of the detail; what exceeds 50 lines is counted as "more lines"
	}{
		"one of each kind": {[]string{correctName, upperCaseName, "Nobody's", "Twin", stored[5].ID}, []string{
			"4 of 5 names can't be looked up at " + url + "/api. The API key can read 365 procedures.",
			fmt.Sprintf("\n  - %q differs from %q only in case.\n", upperCaseName, stored[4].Name),
			"\n  - \"Nobody's\": no procedure has this name\n",
			fmt.Sprintf("\n  - %q: this is the ID of %q; use that name\n", stored[5].ID, stored[5].Name),
			"\n  - \"Twin\": 5 procedures have this name\n      twin-0, created ", "\n      twin-4, created ",
			"If a name is right, check that the key's owner can see its procedure; the data source tofupilot_procedures lists all names that the key can read.", "If several procedures have a name, rename all but one of them",
		}},
		"many names":                {append(missingNames, "Twin"), []string{"201 of 201 names", `"Nobody's 000"`, `"Nobody's 042"`, "\n  … and 163 more lines\n"}},
		"a name of many procedures": {[]string{"Many", "Twin"}, []string{`"Many": 60 procedures have this name`, "\n      many-41, ", "\n  … and 8 more lines\n"}},
		"long names":                {longNames, []string{"very lo…: no procedure has this name", "\n  … and 157 more lines\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := newFakeConnection(t, url).Read(t, "tofupilot_procedure_ids", harness.Values{"names": newSet(c.names...)})
			harness.CheckError(t, resp.Diagnostics, harness.WantError("names", "Some names don't match exactly one procedure", append(c.words, url)...))
			detail := resp.Diagnostics[0].Detail
			harness.CheckReadable(t, detail)
			if lines := strings.Count(detail, "\n") + 1; lines > 50 {
				t.Errorf("the detail has %d lines, want at most 50:\n%s", lines, detail)
			}
			if strings.Contains(detail, correctName) {
				t.Errorf("the detail lists a correct name:\n%s", detail)
			}
		})
	}
}
