// Package explain words the errors of requests, lists and lookups for users: a summary, what
// was requested and came back, and what to do next.
package explain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// Report is what to do where only a change of the provider or of the server helps.
const Report = "Please report this, with the server's version, at " + Homepage + "/issues."

// prose is text that may be shown: constants of our own, and what [Explainer.say] made of
// other texts. Errors of reads are made of nothing else, so that no server's text gets
// into one as it came.
type prose string

// Explainer makes diagnostics of what reads of one configured provider fail with.
type Explainer struct {
	Settings config.Settings
	Redact   func(string) string // takes out the key and what isn't seen, and cuts
}

// say is fmt.Sprintf, but for the arguments that are neither prose nor integers: each of
// their texts is redacted and cut by itself, so that a long one doesn't cut off the next.
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

// Diagnostic is an error for users.
type Diagnostic struct {
	Attribute string // of the data source, such as timeouts.read; empty: none
	Summary   string
	Detail    string
}

// failure is an error of some paragraphs, without the empty ones. It is at an attribute,
// unless that is empty.
func failure(at string, summary prose, paragraphs ...prose) Diagnostic {
	return Diagnostic{Attribute: at, Summary: string(summary), Detail: string(joined("\n\n", paragraphs...))}
}

const (
	// Homepage is where the provider is developed.
	Homepage = "https://github.com/tofupilot/terraform-provider-tofupilot"

	// stationKeys is all that is known of what they may read (API.md, Key).
	stationKeys = "A station's key may see only the procedures that its station is linked to, or none."

	timeoutsRead = "timeouts.read"
)

// joined puts texts together, without the empty ones.
func joined(separator string, texts ...prose) prose {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, string(text))
		}
	}
	return prose(strings.Join(kept, separator))
}

// ended ends a sentence that may end in what a server said, and so in a period.
func (p prose) ended() prose { return prose(strings.TrimSuffix(string(p), ".")) + "." }

// Advice is what an error says that depends on what is read, and on the
// arguments of the data source that reads.
type Advice struct {
	Noun       string            // what is read, in the singular
	Narrower   string            // how to read less in all; may be empty
	Smaller    string            // how to read less at a time; may be empty
	Attributes map[string]string // by the API's parameter that each is sent as
}

func (a Advice) plural() string { return a.Noun + "s" }

// Read turns an error of the client into a diagnostic: what was requested, what
// came back, what it probably means and what to do next.
func (e Explainer) Read(ctx context.Context, err error, advice Advice) Diagnostic {
	if errors.Is(err, rest.ErrMemory) {
		return e.explainTooMuch(advice)
	}
	var progress, changed prose // how far the list was read
	list := new(tofupilot.ListError)
	if errors.As(err, &list) {
		progress = e.say("So far: %s, %s.", counted(list.Requests, "request"), counted(list.Rows, advice.Noun))
	}
	if list.Change != nil {
		changed = e.say("The list changed while it was read, so the provider read it from the start %s. Last change: %s",
			counted(list.Passes, "time"), list.Change).ended()
	}
	failed, inconsistent := new(rest.Error), new(tofupilot.InconsistentError)
	reading := e.say("Reading the %s from %s", advice.plural(), e.Settings.BaseURL)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		var last, fewer prose
		if errors.As(err, &failed) {
			last = "The last request failed: " + e.answered(failed)
		}
		if list.Change != nil {
			fewer = e.say("The provider returns complete lists only. You can also try again when fewer %s are being created or deleted.", advice.plural())
		}
		return failure(timeoutsRead, "Reading took too long",
			joined(" ", reading+e.say(" didn't finish within %s.", context.Cause(ctx)), progress, changed), last,
			joined(" ", "Raise timeouts.read"+e.or(advice.Narrower)+".", fewer))
	case ctx.Err() != nil:
		return failure("", "Interrupted", joined(" ", reading+" was interrupted.", progress, changed))
	case errors.As(err, &failed):
		return e.explainRequest(failed, advice)
	case errors.As(err, &inconsistent):
		return failure("", "The server's pages are inconsistent",
			joined(" ", e.say("%s: %s", reading, inconsistent).ended(), progress, changed),
			"The provider doesn't use a list that may be incomplete. "+Report)
	}
	return failure("", e.say("The %s can't be read", advice.plural()), joined(" ", e.say("%s: %s", reading, err).ended(), progress, changed))
}

// explainTooMuch says what to do about more than the provider can keep in memory of
// all that it reads at the same time.
func (e Explainer) explainTooMuch(advice Advice) Diagnostic {
	return failure("", e.say("Too many %s at the same time", advice.plural()),
		e.say("What the provider reads from %s at the same time is larger than 512 MiB, the most that it keeps in memory.", e.Settings.BaseURL),
		"Check that the address leads to a TofuPilot server. If it does, run Terraform with -parallelism=1, which reads one data source at a time"+e.or(advice.Narrower)+".")
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
