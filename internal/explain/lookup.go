package explain

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// Lookup explains why not exactly one procedure has a name or an ID.
func (e Explainer) Lookup(ctx context.Context, by tofupilot.By, err error) Diagnostic {
	failed, ok := errors.AsType[*tofupilot.LookupError](err)
	if !ok {
		return e.explainRead(ctx, err, readAdvice{})
	}
	if len(failed.Ambiguous) > 0 {
		return e.explainAmbiguous(by, failed.Ambiguous[0])
	}
	return e.explainMissing(by, failed.Missing[0], failed.Seen)
}

// argumentOf returns the argument that was looked up, and what to call its value in a sentence.
func argumentOf(by tofupilot.By) (argument string, noun prose) {
	if by == tofupilot.ByID {
		return "id", "ID"
	}
	return "name", "name"
}

// explainAmbiguous explains that several procedures have the name or ID that was looked up.
func (e Explainer) explainAmbiguous(by tofupilot.By, ambiguous tofupilot.Ambiguous) Diagnostic {
	argument, noun := argumentOf(by)
	return newDiagnostic(argument, e.say("Several procedures have this %s", noun),
		join("\n",
			e.say("%d procedures at %s have the %s %s:", len(ambiguous.Matches), e.own(e.Settings.BaseURL), noun, e.quoteOwn(ambiguous.Text)),
			e.listProcedures(ambiguous.Matches)),
		"Set id instead of name, to the ID of the procedure that you want.")
}

// explainMissing explains that none of the procedures has the name or ID that was looked up. seen
// is how many procedures the key can read.
func (e Explainer) explainMissing(by tofupilot.By, missing tofupilot.Missing, seen int) Diagnostic {
	argument, noun := argumentOf(by)
	detail := e.say("No procedure at %s has the %s %s.", e.own(e.Settings.BaseURL), noun, e.quoteOwn(missing.Text))
	switch {
	case missing.Other != nil:
		isOther, next := e.explainOther(by, missing.Other)
		return newDiagnostic(argument, noSuchProcedure, join(" ", detail, isOther), next)
	case missing.OnlyIn != 0:
		next := e.say("Set %s to one of these.", argument)
		if similar := e.quoteEach(by, missing.Near); len(similar) == 1 {
			next = e.say("Set %s to %s.", argument, similar[0])
		}
		return newDiagnostic(argument, noSuchProcedure, detail, e.explainDifference(by, missing), next)
	}
	detail += e.say(" The API key can read %s.", counted(seen, "procedure"))
	switch {
	case len(missing.Near) == 0:
	case len(missing.Near) == seen:
		detail += " These are all of them:\n" + e.listProcedures(missing.Near)
	default:
		detail += " The nearest are:\n" + e.listProcedures(missing.Near)
	}
	check := e.say("If the %s is right, check that the key's owner can see the procedure", noun)
	if by == tofupilot.ByID && !uuid.MatchString(missing.Text) {
		check = "An ID is a UUID. Short IDs such as FVT1 come from API v1, and can't be looked up: set name instead. " +
			"For any other ID, check that the key's owner can see the procedure"
	}
	return newDiagnostic(argument, noSuchProcedure, detail, e.adviseMissing(check, noun, missing, seen))
}

const noSuchProcedure = "No such procedure"

// explainOther explains that a text is the ID of a procedure instead of its name, or the other
// way round.
func (e Explainer) explainOther(by tofupilot.By, other *tofupilot.Procedure) (isOther, next prose) {
	id, name := e.quote(other.ID), e.quote(*other.Name)
	if by == tofupilot.ByID {
		return e.say("It is the name of %s.", id), e.say("Set name to %s instead of id, or set id to %s.", name, id)
	}
	return e.say("It is the ID of %s.", name), e.say("Set id to %s instead of name, or set name to %s.", id, name)
}

var uuid = regexp.MustCompile(`^\s*[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\s*$`)

// maxLines bounds the lines about names and procedures in an error, so that the whole error has
// at most 50.
const maxLines = 44

// Names explains, in one error, which of the names don't have exactly one procedure. asked is
// the number of all names.
func (e Explainer) Names(ctx context.Context, asked int, err error) Diagnostic {
	failed, ok := errors.AsType[*tofupilot.LookupError](err)
	if !ok {
		return e.explainRead(ctx, err, readAdvice{})
	}
	head := e.say("%d of %s can't be looked up at %s.", len(failed.Missing)+len(failed.Ambiguous), counted(asked, "name"), e.own(e.Settings.BaseURL))
	var lines, next []prose
	if i := slices.IndexFunc(failed.Missing, isUnexplained); i >= 0 {
		head += e.say(" The API key can read %s.", counted(failed.Seen, "procedure"))
		next = append(next, e.adviseMissing("If a name is right, check that the key's owner can see its procedure", "name", failed.Missing[i], failed.Seen))
	}
	for _, missing := range failed.Missing {
		lines = append(lines, e.describeMissing(missing, failed.Seen))
	}
	if len(failed.Ambiguous) > 0 {
		next = append(next, "If several procedures have a name, rename all but one of them in TofuPilot, or use the ID that you want instead of the lookup.")
	}
	for _, ambiguous := range failed.Ambiguous {
		lines = append(lines, e.describeAmbiguous(ambiguous)...)
	}
	if more := len(lines) - (maxLines - 1); more > 1 {
		lines = append(lines[:maxLines-1], e.say("  … and %d more lines", more))
	}
	return newDiagnostic("names", "Some names don't match exactly one procedure", head, join("\n", lines...), join("\n\n", next...))
}

// isUnexplained reports whether it isn't known why a text is missing.
func isUnexplained(missing tofupilot.Missing) bool {
	return missing.Other == nil && missing.OnlyIn == 0
}

// adviseMissing completes the sentence check: with how to list all names or IDs, or, if the error
// lists them, with a reason why one may be missing.
func (e Explainer) adviseMissing(check, noun prose, missing tofupilot.Missing, seen int) prose {
	if len(missing.Near) < seen {
		return check + e.say("; the data source tofupilot_procedures lists all %ss that the key can read.", noun)
	}
	check += ": a station's key may see only those that its station is linked to, or none."
	if seen > 0 {
		return check
	}
	return join(" ", check, e.own(e.Settings.OtherLogin()))
}

// explainDifference names the differences between a missing text and near misses that
// differ from it in nothing else.
func (e Explainer) explainDifference(by tofupilot.By, missing tofupilot.Missing) prose {
	var differences []prose
	for _, difference := range []struct {
		in    tofupilot.Differences
		words prose
	}{
		{tofupilot.InCase, "case"},
		{tofupilot.InWhiteSpace, "white space"},
		{tofupilot.InPunctuation, "punctuation"},
		{tofupilot.InInvisible, "invisible characters"},
		{tofupilot.InSpelling, "spelling"},
	} {
		if missing.OnlyIn&difference.in != 0 {
			differences = append(differences, difference.words)
		}
	}
	return e.say("%s differs from %s only in %s.", e.quoteOwn(missing.Text), enumerate(e.quoteEach(by, missing.Near)), enumerate(differences))
}

// quoteEach quotes the names or IDs of procedures, each once.
func (e Explainer) quoteEach(by tofupilot.By, procedures []*tofupilot.Procedure) (quoted []prose) {
	for _, procedure := range procedures {
		text := &procedure.ID
		if by == tofupilot.ByName {
			text = procedure.Name
		}
		if text != nil && !slices.Contains(quoted, e.quote(*text)) {
			quoted = append(quoted, e.quote(*text))
		}
	}
	return quoted
}

// enumerate joins texts as in "a, b and c".
func enumerate(texts []prose) prose {
	last := len(texts) - 1
	if last == 0 {
		return texts[0]
	}
	return join(", ", texts[:last]...) + " and " + texts[last]
}

// describeMissing returns the line about a name that no procedure has.
func (e Explainer) describeMissing(missing tofupilot.Missing, seen int) prose {
	if missing.Other != nil {
		return e.say("  - %s: this is the ID of %s; use that name", e.quoteOwn(missing.Text), e.quote(*missing.Other.Name))
	}
	if missing.OnlyIn != 0 {
		return "  - " + e.explainDifference(tofupilot.ByName, missing)
	}
	line := e.say("  - %s: no procedure has this name", e.quoteOwn(missing.Text))
	near := e.quoteEach(tofupilot.ByName, missing.Near)
	switch {
	case len(near) == 0:
		return line
	case len(missing.Near) == seen:
		return line + "; these are all: " + join(", ", near...)
	}
	return line + "; the nearest: " + join(", ", near...)
}

// describeAmbiguous returns the lines about a name that several procedures have.
func (e Explainer) describeAmbiguous(ambiguous tofupilot.Ambiguous) []prose {
	matches := slices.Clone(ambiguous.Matches)
	for i, match := range matches {
		nameless := *match
		nameless.Name = nil // it is in the first line
		matches[i] = &nameless
	}
	first := e.say("  - %s: %d procedures have this name", e.quoteOwn(ambiguous.Text), len(matches))
	return append([]prose{first}, e.describeEach(matches, "      ")...)
}

// listProcedures returns a list of procedures to choose from.
func (e Explainer) listProcedures(procedures []*tofupilot.Procedure) prose {
	return join("\n", e.describeEach(procedures, "  - ")...)
}

// describeEach returns a line for each procedure. Of many, it describes the first.
func (e Explainer) describeEach(procedures []*tofupilot.Procedure, bullet prose) (lines []prose) {
	for i, procedure := range procedures {
		if left := len(procedures) - i; left > 1 && i == maxLines-1 {
			return append(lines, bullet+e.say("… and %d more", left))
		}
		lines = append(lines, bullet+e.describe(procedure))
	}
	return lines
}

// describe returns the ID of a procedure, its name, and when and by whom it was created, as far
// as the server sent them.
func (e Explainer) describe(procedure *tofupilot.Procedure) prose {
	text := e.say("%s", procedure.ID)
	if procedure.Name != nil {
		text += e.say(" %s", e.quote(*procedure.Name))
	}
	if procedure.CreatedAt != nil {
		text += e.say(", created %s", *procedure.CreatedAt)
	}
	if creator := procedure.CreatedByUser; creator != nil {
		for _, who := range []*string{creator.Name, creator.Email, creator.ID} {
			if who != nil && *who != "" {
				text += e.say(" by %s", *who)
				break
			}
		}
	}
	return text
}

// quote writes a server's text as a string that can be copied into a configuration. It shortens
// a long text.
func (e Explainer) quote(text string) prose {
	// Redact before escaping, because say doesn't find a secret whose characters were escaped.
	// Use the result only if there was a secret: Redact also removes invisible characters,
	// which quoteHCL escapes.
	if redacted := e.Redact(text); strings.Contains(redacted, "[the ") { // a secret's label, such as [the API key]
		text = redacted
	}
	return shorten(e.say("%s", quoteHCL(text)))
}

// quoteOwn is quote for a text of the configuration.
func (e Explainer) quoteOwn(text string) prose { return shorten(e.own(quoteHCL(text))) }

func shorten(quoted prose) prose {
	const most = 200 // characters
	if runes := []rune(quoted); len(runes) > most {
		return prose(runes[:most]) + "…"
	}
	return quoted
}

// quoteHCL writes a text as a string of a configuration, in which ${ and %{ begin templates. It
// escapes invisible characters, so that they are copied, too.
func quoteHCL(text string) string {
	var quoted strings.Builder
	for _, r := range hclEscapes.Replace(text) {
		switch {
		case unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			quoted.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&quoted, `\U%08x`, r)
		default:
			fmt.Fprintf(&quoted, `\u%04x`, r)
		}
	}
	return `"` + quoted.String() + `"`
}

var hclEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{")
