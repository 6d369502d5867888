package explain

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/redact"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// newExplainer returns an Explainer that redacts nothing.
func newExplainer() Explainer {
	return newExplainerFor(config.Settings{BaseURL: &url.URL{Scheme: "https", Host: "tofupilot.example.com", Path: "/api"}})
}

// newExplainerFor returns an Explainer with these settings that redacts nothing.
func newExplainerFor(settings config.Settings) Explainer {
	return Explainer{Settings: settings, Redact: strings.Clone, RedactOwn: strings.Clone}
}

// newRedacting returns an Explainer that redacts the API key and the headers.
func newRedacting(apiKey string, headers ...redact.Header) Explainer {
	redactor := redact.New(apiKey, headers...)
	return Explainer{Redact: redactor.Text, RedactOwn: redactor.OwnText}
}

// newProcedures returns procedures with these names, and the IDs p0, p1 and so on.
func newProcedures(names ...string) (procedures []*tofupilot.Procedure) {
	for i, name := range names {
		procedures = append(procedures, &tofupilot.Procedure{ID: fmt.Sprint("p", i), Name: &name})
	}
	return procedures
}

const pageSizeNotSet = 0 // the pageSize of Explainer.List if the argument page_size isn't set

// checkDetail checks the detail of an error, and its attribute: the argument that it is about, or "".
func checkDetail(t *testing.T, got Diagnostic, attribute, detail string) {
	t.Helper()
	if got.Attribute != attribute || got.Detail != detail {
		t.Errorf("got  %s: %s\nwant %s: %s", got.Attribute, got.Detail, attribute, detail)
	}
}

// TestMissingText checks the error of a lookup whose name or ID no procedure has.
func TestMissingText(t *testing.T) {
	t.Parallel()
	const (
		id            = "550e8400-e29b-41d4-a716-446655440000"
		noName        = `No procedure at https://tofupilot.example.com/api has the name "FVT".`
		noID          = `No procedure at https://tofupilot.example.com/api has the ID "FVT".`
		noSuchUUID    = `No procedure at https://tofupilot.example.com/api has the ID "` + id + `".`
		checkAccess   = "If the name is right, check that the key's owner can see the procedure"
		useDataSource = checkAccess + "; the data source tofupilot_procedures lists all names that the key can read."
		listsIDs      = "If the ID is right, check that the key's owner can see the procedure; the data source tofupilot_procedures lists all IDs that the key can read."
		stationAccess = checkAccess + ": a station's key may see only those that its station is linked to, or none." // ends an error that lists all procedures
		useUUID       = "An ID is a UUID. Short IDs such as FVT1 come from API v1, and can't be looked up: set name instead. " +
			"For any other ID, check that the key's owner can see the procedure; the data source tofupilot_procedures lists all IDs that the key can read."
	)
	for what, c := range map[string]struct {
		by      tofupilot.By
		seen    int               // procedures that the key can read
		missing tofupilot.Missing // Text is FVT if it isn't set here
		want    string
	}{
		"no near misses": {tofupilot.ByName, 300, tofupilot.Missing{}, noName + " The API key can read 300 procedures.\n\n" + useDataSource},
		"some near misses": {
			tofupilot.ByName, 300, tofupilot.Missing{Near: newProcedures("FCT", "FVT 2")},
			noName + " The API key can read 300 procedures. The nearest are:\n  - p0 \"FCT\"\n  - p1 \"FVT 2\"\n\n" + useDataSource,
		},
		"all procedures are near misses": {
			tofupilot.ByName, 2, tofupilot.Missing{Near: newProcedures("FCT", "Burn-in")},
			noName + " The API key can read 2 procedures. These are all of them:\n  - p0 \"FCT\"\n  - p1 \"Burn-in\"\n\n" + stationAccess,
		},
		"no procedures": {tofupilot.ByName, 0, tofupilot.Missing{}, noName + " The API key can read 0 procedures.\n\n" + stationAccess},
		"a short ID":    {tofupilot.ByID, 300, tofupilot.Missing{}, noID + " The API key can read 300 procedures.\n\n" + useUUID},
		"a UUID": {
			tofupilot.ByID, 300, tofupilot.Missing{Text: id},
			noSuchUUID + " The API key can read 300 procedures.\n\n" + listsIDs,
		},
		"one difference": {
			tofupilot.ByName, 300, tofupilot.Missing{Near: newProcedures("F VT"), OnlyIn: tofupilot.InWhiteSpace},
			noName + "\n\n\"FVT\" differs from \"F VT\" only in white space.\n\nSet name to \"F VT\".",
		},
		"every difference": {
			tofupilot.ByName, 300, tofupilot.Missing{
				Near:   newProcedures("x"),
				OnlyIn: tofupilot.InCase | tofupilot.InWhiteSpace | tofupilot.InPunctuation | tofupilot.InInvisible | tofupilot.InSpelling,
			},
			noName + "\n\n\"FVT\" differs from \"x\" only in case, white space, punctuation, invisible characters and spelling.\n\nSet name to \"x\".",
		},
		"an invisible character": {
			tofupilot.ByName, 300, tofupilot.Missing{Near: newProcedures("FVT\u200b"), OnlyIn: tofupilot.InInvisible},
			noName + "\n\n\"FVT\" differs from \"FVT\\u200b\" only in invisible characters.\n\nSet name to \"FVT\\u200b\".",
		},
		"several with the same difference": {
			tofupilot.ByName, 300, tofupilot.Missing{Near: newProcedures("fvt", "Fvt", "fvt"), OnlyIn: tofupilot.InCase},
			noName + "\n\n\"FVT\" differs from \"fvt\" and \"Fvt\" only in case.\n\nSet name to one of these.",
		},
		"an ID with a difference": {
			tofupilot.ByID, 300, tofupilot.Missing{Near: newProcedures("Burn-in"), OnlyIn: tofupilot.InCase | tofupilot.InPunctuation},
			noID + "\n\n\"FVT\" differs from \"p0\" only in case and punctuation.\n\nSet id to \"p0\".",
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c.missing.Text = cmp.Or(c.missing.Text, "FVT")
			attribute := "name"
			if c.by == tofupilot.ByID {
				attribute = "id"
			}
			got := newExplainer().Lookup(t.Context(), c.by, &tofupilot.LookupError{Seen: c.seen, Missing: []tofupilot.Missing{c.missing}})
			checkDetail(t, got, attribute, c.want)
		})
	}
}

// TestMissingNames checks the error of a lookup of five names, some of which no procedure has.
func TestMissingNames(t *testing.T) {
	t.Parallel()
	const (
		spaces        = `  - "F  VT" differs from "F VT" only in white space.`
		useDataSource = "If a name is right, check that the key's owner can see its procedure; the data source tofupilot_procedures lists all names that the key can read."
		stationAccess = "If a name is right, check that the key's owner can see its procedure: a station's key may see only those that its station is linked to, or none."
	)
	twoSpaces := tofupilot.Missing{Text: "F  VT", Near: newProcedures("F VT"), OnlyIn: tofupilot.InWhiteSpace}
	for what, c := range map[string]struct {
		seen    int // procedures that the key can read
		missing []tofupilot.Missing
		want    string
	}{
		"a difference": {300, []tofupilot.Missing{twoSpaces}, "1 of 5 names can't be looked up at https://tofupilot.example.com/api.\n\n" + spaces},
		"a difference and an unknown name": {
			300, []tofupilot.Missing{twoSpaces, {Text: "Tset", Near: newProcedures("Test")}},
			"2 of 5 names can't be looked up at https://tofupilot.example.com/api. The API key can read 300 procedures.\n\n" +
				spaces + "\n  - \"Tset\": no procedure has this name; the nearest: \"Test\"\n\n" + useDataSource,
		},
		"an ID": {
			300, []tofupilot.Missing{{Text: "p0", Other: newProcedures("FVT")[0]}}, // p0 is the ID of FVT
			"1 of 5 names can't be looked up at https://tofupilot.example.com/api.\n\n  - \"p0\": this is the ID of \"FVT\"; use that name",
		},
		"few procedures, which the error lists": {
			1, []tofupilot.Missing{{Text: "Tset", Near: newProcedures("Burn-in")}},
			"1 of 5 names can't be looked up at https://tofupilot.example.com/api. The API key can read 1 procedure.\n\n" +
				"  - \"Tset\": no procedure has this name; these are all: \"Burn-in\"\n\n" + stationAccess,
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			checkDetail(t, newExplainer().Names(t.Context(), 5, &tofupilot.LookupError{Seen: c.seen, Missing: c.missing}), "names", c.want)
		})
	}
}

// TestDescribe checks that a procedure without a name, whose creator has an empty name, is described by
// its ID and the email address of its creator.
func TestDescribe(t *testing.T) {
	t.Parallel()
	creator := &tofupilot.User{Name: new(""), Email: new("ada@example.com")}
	if got, want := newExplainer().describe(&tofupilot.Procedure{ID: "p", CreatedByUser: creator}), "p by ada@example.com"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestQuote checks that Explainer.quote redacts the API key, even if characters of the key must be escaped,
// or if invisible characters split the key. Other invisible characters are escaped.
func TestQuote(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, text, want string }{
		{`sk_live${a}%{b}"`, `leak sk_live${a}%{b}"`, `"leak [the API key]"`},
		{"the-key-123", "a the-key\u200b-123", `"a [the API key]"`},
		{"the-key-123", "a\u200bb", `"a\u200bb"`},
	} {
		if got := newRedacting(c.key).quote(c.text); string(got) != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
}
