package explain

import (
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

// newExplainerFor is like newExplainer, with these settings.
func newExplainerFor(settings config.Settings) Explainer {
	return Explainer{Settings: settings, Redact: strings.Clone, RedactOwn: strings.Clone}
}

// newProcedures returns procedures with these names, and the IDs p0, p1 and so on.
func newProcedures(names ...string) (procedures []*tofupilot.Procedure) {
	for i, name := range names {
		procedures = append(procedures, &tofupilot.Procedure{ID: fmt.Sprint("p", i), Name: &name})
	}
	return procedures
}

func checkDetail(t *testing.T, got Diagnostic, attribute, want string) {
	t.Helper()
	if got.Attribute != attribute || got.Detail != want {
		t.Errorf("%s: %s\nwant %s", got.Attribute, got.Detail, want)
	}
}

func TestMissingText(t *testing.T) {
	t.Parallel()
	const (
		noName        = `No procedure at https://tofupilot.example.com/api has the name "FVT".`
		noID          = `No procedure at https://tofupilot.example.com/api has the ID "FVT".`
		checkAccess   = "If the name is right, check that the key's owner can see the procedure"
		useDataSource = checkAccess + "; the data source tofupilot_procedures lists all names that the key can read."
		stationAccess = checkAccess + ": a station's key may see only those that its station is linked to, or none."
		badID         = "An ID is a UUID. Short IDs such as FVT1 come from API v1, and can't be looked up: set name instead. " +
			"For any other ID, check that the key's owner can see the procedure; the data source tofupilot_procedures lists all IDs that the key can read."
	)
	const id = "550e8400-e29b-41d4-a716-446655440000"
	got := newExplainer().Lookup(t.Context(), tofupilot.ByID, &tofupilot.LookupError{Seen: 300, Missing: []tofupilot.Missing{{Text: id}}})
	checkDetail(t, got, "id", strings.ReplaceAll(noID, "FVT", id)+" The API key can read 300 procedures.\n\n"+strings.ReplaceAll(useDataSource, "name", "ID"))
	for what, c := range map[string]struct {
		by      tofupilot.By
		seen    int
		missing tofupilot.Missing
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
		"a short ID": {
			tofupilot.ByID, 300, tofupilot.Missing{},
			noID + " The API key can read 300 procedures.\n\n" + badID,
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
			c.missing.Text = "FVT"
			got := newExplainer().Lookup(t.Context(), c.by, &tofupilot.LookupError{Seen: c.seen, Missing: []tofupilot.Missing{c.missing}})
			checkDetail(t, got, map[tofupilot.By]string{tofupilot.ByName: "name", tofupilot.ByID: "id"}[c.by], c.want)
		})
	}
}

func TestMissingNames(t *testing.T) {
	t.Parallel()
	const (
		spaces        = `  - "F  VT" differs from "F VT" only in white space.`
		useDataSource = "If a name is right, check that the key's owner can see its procedure; the data source tofupilot_procedures lists all names that the key can read."
		stationAccess = "If a name is right, check that the key's owner can see its procedure: a station's key may see only those that its station is linked to, or none."
	)
	twoSpaces := tofupilot.Missing{Text: "F  VT", Near: newProcedures("F VT"), OnlyIn: tofupilot.InWhiteSpace}
	for what, c := range map[string]struct {
		seen    int
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
			300, []tofupilot.Missing{{Text: "p0", Other: newProcedures("FVT")[0]}},
			"1 of 5 names can't be looked up at https://tofupilot.example.com/api.\n\n  - \"p0\": this is the ID of \"FVT\"; use that name",
		},
		"few procedures": {
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

func TestKeyHiddenInQuote(t *testing.T) {
	t.Parallel()
	const key = `sk_live${a}%{b}"`
	e := Explainer{Redact: redact.New(key).Text, RedactOwn: redact.New(key).OwnText}
	if got := e.quote("leak " + key); got != `"leak [the API key]"` {
		t.Error(got)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	e := Explainer{Redact: func(text string) string { return text }}
	nameless := &tofupilot.User{Name: new(""), Email: new("ada@example.com")}
	if got := e.describe(&tofupilot.Procedure{ID: "p", CreatedByUser: nameless}); got != "p by ada@example.com" {
		t.Errorf("got %q", got)
	}
}

// TestQuoteHiddenKey checks that a key with invisible characters in it is redacted.
func TestQuoteHiddenKey(t *testing.T) {
	t.Parallel()
	redactor := redact.New("the-key-123")
	e := Explainer{Redact: redactor.Text, RedactOwn: redactor.OwnText}
	if got := e.quote("a the-key\u200b-123"); got != `"a [the API key]"` {
		t.Error(got)
	}
	if got := e.quote("a\u200bb"); got != `"a\u200bb"` {
		t.Error(got)
	}
}
