// Package explain words the errors of requests, lists and lookups for users: a summary, what
// was requested, what was received, and what to do next.
package explain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/paging"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// Report is the advice for errors that only a change of the provider or of the server can fix.
const Report = "Please report this, with the server's version, at " + Homepage + "/issues."

// prose is text that is safe to show: constants, and what [Explainer.say] returns. Errors of
// reads consist of prose only, so that they contain no server's text that isn't redacted.
type prose string

// Explainer words the errors of one configured provider.
type Explainer struct {
	Settings config.Settings
	// Redact and RedactOwn remove secrets and invisible characters, and shorten. Redact is for
	// text that a server chose, and also removes the values of headers.
	Redact, RedactOwn func(string) string
}

// say formats like fmt.Sprintf. It first passes each argument that is neither prose nor an integer
// to Redact, as text that a server may have chosen. Each is shortened alone, so that a long one
// doesn't cut off the next. For other text, see own.
func (e Explainer) say(format prose, args ...any) prose {
	for i, arg := range args {
		switch arg.(type) {
		case prose, int:
		default:
			args[i] = e.Redact(fmt.Sprint(arg))
		}
	}
	return prose(fmt.Sprintf(string(format), args...))
}

// own makes the user's own text safe to show: addresses, where they come from, names to look up.
// It removes the key, but not the values of headers: removing X-Org = "tofupilot" would make
// every address unreadable.
func (e Explainer) own(text any) prose { return prose(e.RedactOwn(fmt.Sprint(text))) }

// Diagnostic is an error for users.
type Diagnostic struct {
	Attribute string // of the data source, such as timeouts.read; empty: none
	Summary   string
	Detail    string
}

// newDiagnostic returns an error at an attribute, or at none if at is empty. It skips empty
// paragraphs.
func newDiagnostic(at string, summary prose, paragraphs ...prose) Diagnostic {
	return Diagnostic{Attribute: at, Summary: string(summary), Detail: string(join("\n\n", paragraphs...))}
}

const (
	// Homepage is the address of the provider's repository.
	Homepage = "https://github.com/tofupilot/terraform-provider-tofupilot"

	// stationKeys says all that is known about what these keys can read (API.md, Key).
	stationKeys = "A station's key may see only the procedures that its station is linked to, or none."

	timeoutsRead = "timeouts.read"
)

// join joins the texts that aren't empty.
func join(separator string, texts ...prose) prose {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, string(text))
		}
	}
	return prose(strings.Join(kept, separator))
}

// withPeriod ends a sentence with a period. A sentence that quotes a server may already have one.
func (p prose) withPeriod() prose { return prose(strings.TrimSuffix(string(p), ".")) + "." }

// readAdvice has the parts of an error that depend on the data source.
type readAdvice struct {
	narrower  string            // how to shorten the list; may be empty
	smaller   string            // how to shorten a page; may be empty
	arguments map[string]string // of the data source, by the API's parameters
}

// List explains why the list of procedures can't be read. pageSize is the argument's value, or
// 0 if it isn't set.
func (e Explainer) List(ctx context.Context, err error, pageSize int) Diagnostic {
	advice := readAdvice{
		narrower: "narrow the list by search_query, created_after or created_before",
		smaller:  "lower page_size",
		arguments: map[string]string{
			"search_query": "search_query", "created_after": "created_after", "created_before": "created_before", "limit": "page_size",
		},
	}
	if pageSize == 1 {
		advice.smaller = ""
	}
	return e.explainRead(ctx, err, advice)
}

// explainRead explains an error of a read: what was requested, what was received, what it
// probably means and what to do next.
func (e Explainer) explainRead(ctx context.Context, err error, advice readAdvice) Diagnostic {
	failed, isRequest := errors.AsType[*rest.Error](err)
	inconsistent, isInconsistent := errors.AsType[*paging.InconsistentError](err)
	switch {
	case errors.Is(err, rest.ErrMemory):
		return newDiagnostic("", "Too many procedures at the same time",
			e.say("What the provider reads from %s at the same time is larger than 512 MiB, the most that it keeps in memory.", e.own(e.Settings.BaseURL)),
			"Check that the address leads to a TofuPilot server. If it does, run Terraform with -parallelism=1, which reads one data source at a time"+e.alternative(advice.narrower)+".")
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return e.explainDeadline(ctx, err, advice)
	case ctx.Err() != nil:
		return newDiagnostic("", "Interrupted", join(" ", e.reading()+" was interrupted.", e.progress(err)))
	case isRequest:
		return e.explainRequest(failed, advice)
	case isInconsistent:
		return newDiagnostic("", "The server's pages are inconsistent",
			join(" ", e.say("%s: %s", e.reading(), inconsistent).withPeriod(), e.progress(err)),
			"The provider doesn't use a list that may be incomplete. "+Report)
	default:
		return newDiagnostic("", "The procedures can't be read", join(" ", e.say("%s: %s", e.reading(), err).withPeriod(), e.progress(err)))
	}
}

// reading returns the beginning of a sentence about a read.
func (e Explainer) reading() prose {
	return e.say("Reading the procedures from %s", e.own(e.Settings.BaseURL))
}

// explainDeadline explains that timeouts.read ended a read.
func (e Explainer) explainDeadline(ctx context.Context, err error, advice readAdvice) Diagnostic {
	var last, fewer prose
	if failed, ok := errors.AsType[*rest.Error](err); ok {
		last = "The last request failed: " + e.describeResponse(failed)
	}
	if incomplete, ok := errors.AsType[*paging.IncompleteError](err); ok && incomplete.Change != nil {
		fewer = "The provider returns complete lists only. You can also try again when fewer procedures are being created or deleted."
	}
	return newDiagnostic(timeoutsRead, "Reading took too long",
		join(" ", e.reading()+e.say(" didn't finish within %s.", e.own(context.Cause(ctx))), e.progress(err)), last,
		join(" ", "Raise timeouts.read"+e.alternative(advice.narrower)+".", fewer))
}

// progress says how far a list was read and whether it changed. It is empty for other errors.
func (e Explainer) progress(err error) prose {
	list, isList := errors.AsType[*tofupilot.ListError](err)
	incomplete, isIncomplete := errors.AsType[*paging.IncompleteError](err)
	if !isList || !isIncomplete {
		return ""
	}
	text := e.say("So far: %s, %s.", counted(list.Requests, "request"), counted(incomplete.Rows, "procedure"))
	if incomplete.Change != nil {
		text += e.say(" The list changed while it was read, so the provider read it from the start %s. Last change: %s",
			counted(incomplete.Passes, "time"), incomplete.Change).withPeriod()
	}
	return text
}

// counted returns a number with its noun.
func counted(n int, noun prose) prose {
	if n != 1 {
		noun += "s"
	}
	return prose(fmt.Sprintf("%d %s", n, noun))
}
