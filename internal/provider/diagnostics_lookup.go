package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// explainLookup says why no procedure, or more than one, was found by its name or ID.
func (r *reader) explainLookup(ctx context.Context, by tofupilot.By, err error) diag.Diagnostic {
	failed := new(tofupilot.LookupError)
	if !errors.As(err, &failed) {
		return r.explain(ctx, err, readAdvice{noun: tofupilot.Procedures.Noun})
	}
	at, noun, twice := path.Root("name"), "name", "Several procedures have this name"
	if by == tofupilot.ByID {
		at, noun, twice = path.Root("id"), "ID", "Several procedures have this ID"
	}
	for _, several := range failed.Several {
		return diag.NewAttributeErrorDiagnostic(at, twice, lines(
			fmt.Sprintf("%d procedures at %s have the %s %s:\n%s", len(several.Matches), r.settings.baseURL, noun, r.quote(several.Text), r.described(several.Matches)),
			"Set id instead of name, to the ID of the procedure that you want.",
		))
	}
	missing := failed.Missing[0]
	wanted := r.quote(missing.Text)
	detail := fmt.Sprintf("No procedure at %s has the %s %s. ", r.settings.baseURL, noun, wanted)
	if missing.Other != nil {
		id, name := r.quote(missing.Other.ID), r.quote(deref(missing.Other.Name))
		isOther, next := "It is the ID of "+name+".", fmt.Sprintf("Set id to %s instead of name, or set name to %s.", id, name)
		if by == tofupilot.ByID {
			isOther, next = "It is the name of "+id+".", fmt.Sprintf("Set name to %s instead of id, or set id to %s.", name, id)
		}
		return diag.NewAttributeErrorDiagnostic(at, "No such procedure", lines(detail+isOther, next))
	}
	detail += fmt.Sprintf("The API key can read %s.", counted(failed.Seen, "procedure"))
	next := "To read one of them, copy its " + noun + "."
	switch {
	case len(missing.Near) == 0:
		next = "Check the spelling, and that the key's owner can see the procedure."
	case len(missing.Near) == failed.Seen:
		detail += " These are all of them:\n" + r.described(missing.Near)
	default:
		detail += " The nearest are:\n" + r.described(missing.Near)
	}
	if by == tofupilot.ByID && !uuid.MatchString(missing.Text) {
		next += " An ID is a UUID. Short IDs such as FVT1 come from API v1, and can't be looked up: set name instead."
	}
	if len(missing.Near) == 0 || len(missing.Near) == failed.Seen {
		next += " " + stationKeys
	}
	return diag.NewAttributeErrorDiagnostic(at, "No such procedure", lines(detail, next))
}

var uuid = regexp.MustCompile(`^\s*[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\s*$`)

// maxNameLines bounds the lines about names in an error, so that all of it has at
// most 50.
const maxNameLines = 44

// explainNames says which names don't have exactly one procedure, all in one error.
func (r *reader) explainNames(ctx context.Context, asked int, err error) diag.Diagnostic {
	failed := new(tofupilot.LookupError)
	if !errors.As(err, &failed) {
		return r.explain(ctx, err, readAdvice{noun: tofupilot.Procedures.Noun})
	}
	count := len(failed.Missing) + len(failed.Several)
	head := fmt.Sprintf("%d of %s can't be looked up at %s.", count, counted(asked, "name"), r.settings.baseURL)
	var (
		told []string
		next string
	)
	if len(failed.Missing) > 0 {
		head += fmt.Sprintf(" The API key can read %s.", counted(failed.Seen, "procedure"))
		next = "Copy the names as TofuPilot shows them, including case and spaces. If a name is right, check that the key's owner can see the procedure. " + stationKeys
	}
	for _, missing := range failed.Missing {
		if len(told) < maxNameLines-1 {
			told = append(told, r.missing(missing, failed.Seen))
			count--
		}
	}
	if len(failed.Several) > 0 {
		next = lines(next, "If several procedures have a name, rename all but one of them in TofuPilot, or use the ID that you want instead of the lookup.")
	}
	for _, several := range failed.Several {
		if room := maxNameLines - 1 - len(told); room > 1 {
			told = append(told, r.several(several, room)...)
			count--
		}
	}
	if count > 0 {
		told = append(told, "  … and "+counted(count, "more name"))
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("names"), "Some names don't match exactly one procedure", lines(head, strings.Join(told, "\n"), next))
}

// missing is the line about a name that no procedure has.
func (r *reader) missing(missing tofupilot.Missing, seen int) string {
	if missing.Other != nil {
		return fmt.Sprintf("  - %s: this is the ID of the procedure %s", r.quote(missing.Text), r.quote(deref(missing.Other.Name)))
	}
	line := fmt.Sprintf("  - %s: no procedure has this name", r.quote(missing.Text))
	var near []string
	for _, procedure := range missing.Near {
		if name := procedure.Name; name != nil && !slices.Contains(near, r.quote(*name)) {
			near = append(near, r.quote(*name))
		}
	}
	switch {
	case len(near) == 0:
		return line
	case len(missing.Near) == seen:
		return line + "; these are all: " + strings.Join(near, ", ")
	}
	return line + "; the nearest: " + strings.Join(near, ", ")
}

// several are the lines about a name that several procedures have: a line for each
// of them, as far as there is room.
func (r *reader) several(several tofupilot.Several, room int) []string {
	told := []string{fmt.Sprintf("  - %s: %d procedures have this name", r.quote(several.Text), len(several.Matches))}
	for i, procedure := range several.Matches {
		if left := len(several.Matches) - i; left > 1 && len(told) >= room-1 {
			return append(told, fmt.Sprintf("      … and %d more", left))
		}
		procedure.Name = nil // the line above says it
		told = append(told, "      "+r.describe(procedure))
	}
	return told
}

// maxDescribed bounds how many procedures an error lists.
const maxDescribed = 50

// described lists procedures for a person to choose from.
func (r *reader) described(procedures []tofupilot.Procedure) string {
	var lines []string
	for i, procedure := range procedures {
		if i == maxDescribed {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(procedures)-i))
			break
		}
		lines = append(lines, "  - "+r.describe(procedure))
	}
	return strings.Join(lines, "\n")
}

// describe cleans each text by itself, so that a long one doesn't cut off the next.
func (r *reader) describe(procedure tofupilot.Procedure) string {
	text := r.client.Clean(procedure.ID)
	if procedure.Name != nil {
		text += " " + r.quote(*procedure.Name)
	}
	if procedure.CreatedAt != nil {
		text += ", created " + r.client.Clean(procedure.CreatedAt.Text)
	}
	if creator := procedure.CreatedByUser; creator != nil {
		if who := cmp.Or(creator.Name, creator.Email, creator.ID); who != nil {
			text += " by " + r.client.Clean(*who)
		}
	}
	return text
}

// quote is a text as a person can copy it into a configuration, safe and not too long.
func (r *reader) quote(text string) string {
	const most = 200 // characters
	quoted := []rune(r.client.Clean(quoteHCL(text)))
	if len(quoted) > most {
		return string(quoted[:most]) + "…"
	}
	return string(quoted)
}

// quoteHCL writes a text as a string of a configuration, in which ${ and %{ begin
// templates. What can't be seen is escaped, so that it is there when it is copied.
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

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
