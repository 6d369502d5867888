package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// report is what to do where only a change of the provider or of the server helps.
const report = "Please report this, with the server's version, at " + homepage + "/issues."

// readAdvice is what an error says that depends on what is read, and on the
// arguments of the data source that reads.
type readAdvice struct {
	noun       string            // what is read, in the singular
	narrower   string            // how to read less in all; may be empty
	smaller    string            // how to read less at a time; may be empty
	attributes map[string]string // by the API's parameter that each is sent as
}

func (a readAdvice) plural() string { return a.noun + "s" }

// or is how to read less at a time, as what may follow other advice.
func (a readAdvice) or() string {
	if a.smaller == "" {
		return ""
	}
	return ", or " + a.smaller
}

// explain turns an error of the client into a diagnostic: what was requested, what
// came back, what it probably means and what to do next.
func (r *reader) explain(ctx context.Context, err error, advice readAdvice) diag.Diagnostic {
	var far string // how far the list was read
	list := new(tofupilot.ListError)
	if errors.As(err, &list) {
		far = fmt.Sprintf(" So far: %s, %s.", counted(list.Requests, "request"), counted(list.Rows, advice.noun))
	}
	if list.Change != nil {
		far += fmt.Sprintf(" The list changed while it was read, so the provider read it from the start %s. Last change: %v.", counted(list.Passes, "time"), list.Change)
	}

	inMemory := new(tofupilot.ListTooLargeError)
	if errors.As(err, &inMemory) || errors.As(err, new(*bulk.TooLargeError)) {
		return r.explainTooMany(inMemory.InAll, advice)
	}

	deadline, inconsistent := new(deadlineError), new(tofupilot.InconsistentError)
	failed := new(tofupilot.Error)
	switch {
	case errors.As(context.Cause(ctx), &deadline):
		raise := "Raise timeouts.read"
		if advice.narrower != "" {
			raise += ", or " + advice.narrower
		}
		raise += "."
		if list.Change != nil {
			raise += fmt.Sprintf(" The provider returns complete lists only. You can also try again when fewer %s are being created or deleted.", advice.plural())
		}
		return diag.NewAttributeErrorDiagnostic(timeoutsRead, "Reading took too long", lines(
			fmt.Sprintf("Reading the %s from %s didn't finish within %s, the limit that timeouts.read sets.%s", advice.plural(), r.settings.baseURL, tofupilot.FormatDuration(deadline.limit), far),
			before(err),
			raise,
		))
	case ctx.Err() != nil:
		return diag.NewErrorDiagnostic("Interrupted", fmt.Sprintf("Reading the %s from %s was interrupted.%s", advice.plural(), r.settings.baseURL, far))
	case errors.As(err, &failed):
		return r.explainRequest(failed, advice)
	case errors.As(err, &inconsistent):
		return diag.NewErrorDiagnostic("The server's pages are inconsistent", lines(
			fmt.Sprintf("Reading the %s from %s: %s.%s", advice.plural(), r.settings.baseURL, r.client.Clean(inconsistent.Error()), far),
			"The provider doesn't use a list that may be incomplete. "+report,
		))
	}
	return diag.NewErrorDiagnostic(fmt.Sprintf("The %s can't be read", advice.plural()), sentence(err)+far)
}

// explainTooMany says what to do about more than can be kept: of one read, or of
// all reads at the same time.
func (r *reader) explainTooMany(inAll bool, advice readAdvice) diag.Diagnostic {
	if inAll {
		return diag.NewErrorDiagnostic(fmt.Sprintf("Too many %s at the same time", advice.plural()), lines(
			fmt.Sprintf("What is read from %s at the same time is larger than 512 MiB, the most that the provider keeps in memory.", r.settings.baseURL),
			"Run Terraform with -parallelism=1, which reads one data source at a time.",
		))
	}
	if advice.narrower == "" {
		return diag.NewErrorDiagnostic(fmt.Sprintf("Too many %s to look through", advice.plural()), lines(
			fmt.Sprintf("The IDs and names of the %s at %s are larger than 256 MiB, the most that the provider keeps in memory of one list.", advice.plural(), r.settings.baseURL),
			"Check that url leads to a TofuPilot server.",
		))
	}
	return diag.NewErrorDiagnostic(fmt.Sprintf("Too many %s for one data source", advice.plural()), lines(
		fmt.Sprintf("The list at %s is larger than 256 MiB, the most that a provider can return.", r.settings.baseURL),
		upperFirst(advice.narrower)+". To read all of it, use several data sources.",
	))
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// before is the failure after which the provider waited until time ran out, if any.
func before(err error) string {
	if failed := new(tofupilot.Error); errors.As(err, &failed) {
		return "The last request failed: " + sentence(failed)
	}
	return ""
}

// lines puts paragraphs together, without the empty ones.
func lines(paragraphs ...string) string {
	var text []string
	for _, paragraph := range paragraphs {
		if paragraph != "" {
			text = append(text, paragraph)
		}
	}
	return strings.Join(text, "\n\n")
}
