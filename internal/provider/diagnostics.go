package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// kindOfRead is what the advice of an error depends on: each data source's names
// its own arguments.
type kindOfRead struct {
	narrower   string            // how to read less in all
	smaller    string            // how to read less at a time
	attributes map[string]string // by the API's parameter that each is sent as
}

var (
	listRead = kindOfRead{
		narrower: ", or narrow the list by search_query, created_after or created_before",
		smaller:  ", or lower page_size",
		attributes: map[string]string{
			"limit": "page_size", "search_query": "search_query",
			"created_after": "created_after", "created_before": "created_before",
		},
	}
	lookupRead = kindOfRead{}
)

// explain turns what the client says of a read into what a person reads: what
// was asked, what came back, what it probably means, what to do next.
func (r *reader) explain(ctx context.Context, err error, kind kindOfRead) diag.Diagnostic {
	list := new(tofupilot.ListError)
	if !errors.As(err, &list) {
		list = &tofupilot.ListError{Err: err}
	}
	far := fmt.Sprintf("So far: %s, %s.", counted(list.Requests, "request"), counted(list.Rows, "procedure"))
	if list.Change != nil {
		far += fmt.Sprintf(" The list was read from its start %s, because it kept changing: %v.", counted(list.Passes, "time"), list.Change)
	}

	deadline, paging := new(deadlineError), new(tofupilot.PagingError)
	failed := new(tofupilot.Error)
	switch {
	case errors.As(context.Cause(ctx), &deadline):
		advice := "Raise timeouts.read" + kind.narrower + "."
		if list.Change != nil {
			advice += " A list is used only if it can be shown to be complete: it helps to read when fewer procedures are being created or deleted."
		}
		return diag.NewAttributeErrorDiagnostic(path.Root("timeouts").AtName("read"), "Reading took too long", lines(
			fmt.Sprintf("Reading the procedures from %s was ended after %s, the limit that timeouts.read sets. %s", r.settings.baseURL, deadline.limit, far),
			before(err),
			advice,
		))
	case ctx.Err() != nil:
		return diag.NewErrorDiagnostic("Interrupted", fmt.Sprintf("Reading the procedures from %s was interrupted. %s", r.settings.baseURL, far))
	case errors.As(err, &failed):
		return r.explainRequest(failed, kind)
	case errors.As(err, &paging):
		return diag.NewErrorDiagnostic("The server's pages don't add up", lines(
			fmt.Sprintf("Reading the procedures from %s: %s. %s", r.settings.baseURL, r.client.Clean(paging.Error()), far),
			"A list that may be incomplete isn't used. Please report this, with the server's version, at "+homepage+"/issues.",
		))
	}
	return diag.NewErrorDiagnostic("Procedures can't be read", lines(sentence(err), far))
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// before is the failure that was being waited out when time ran out, if any.
func before(err error) string {
	if failed := new(tofupilot.Error); errors.As(err, &failed) {
		return "The last answer was no success: " + sentence(failed)
	}
	return ""
}

// explainRequest says what a request that failed means.
func (r *reader) explainRequest(failed *tofupilot.Error, kind kindOfRead) diag.Diagnostic {
	asked := fmt.Sprintf("%s %s", failed.Method, failed.URL)
	if failed.Attempts > 1 {
		asked += fmt.Sprintf(", asked %d times,", failed.Attempts)
	}
	if failed.Err != nil {
		summary, advice := r.adviseNoAnswer(failed, kind)
		return diag.NewErrorDiagnostic(summary, lines(fmt.Sprintf("%s failed: %v.", asked, failed.Err), advice))
	}

	answer := strings.TrimSpace(fmt.Sprintf("%s was answered with HTTP %d %s", asked, failed.Status, http.StatusText(failed.Status)))
	switch {
	case failed.Message != "":
		answer += ": " + failed.Message
	case failed.ContentType != "":
		answer += fmt.Sprintf(" (%s, not an answer of the API)", failed.ContentType)
	}
	answer = strings.TrimSuffix(answer, ".") + "."
	var issues []string
	for _, issue := range failed.Issues {
		issues = append(issues, "  - "+strings.TrimPrefix(issue.Path+": "+issue.Message, ": "))
	}
	summary, advice := r.adviseStatus(failed)
	detail := lines(answer, strings.Join(issues, "\n"), advice)
	if failed.WaitTooLong {
		return diag.NewAttributeErrorDiagnostic(path.Root("timeouts").AtName("read"), summary, detail)
	}
	for _, issue := range failed.Issues {
		if attribute, ok := kind.attributes[issue.Path]; ok {
			return diag.NewAttributeErrorDiagnostic(path.Root(attribute), summary, detail)
		}
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

func (r *reader) adviseStatus(failed *tofupilot.Error) (summary, advice string) {
	switch status := failed.Status; {
	case status == http.StatusBadRequest && failed.Message == "":
		return "The server refused the request", "This isn't the API's answer: it may come from something in between, or from a server that expects https:// on this port. Check scheme and port of url."
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return "The server refused the request", "Correct the arguments of the data source. " +
			"If they are as documented, the server may be older or newer than this provider knows: please report it at " + homepage + "/issues."
	case status == http.StatusUnauthorized:
		return "The server doesn't accept the API key", fmt.Sprintf(
			"The key comes from %s. It may be mistyped, revoked, or another server's: %s is the one configured.", r.settings.apiKeySource, r.settings.baseURL)
	case status == http.StatusForbidden:
		return "The API key may not read procedures", fmt.Sprintf(
			"The key comes from %s. On newer servers the keys of stations can't read procedures: use a user's key.", r.settings.apiKeySource)
	case status == http.StatusNotFound:
		return "The server has no procedures there", fmt.Sprintf(
			"The URL may be wrong: %s is what the provider made of the configured one. It must lead to a TofuPilot server, with or without /api at its end.", r.settings.baseURL)
	case status == http.StatusTooManyRequests:
		return "The server limits the rate of requests", waiting(failed) +
			"Wait a little and try again, or raise the provider's max_retries; a lower -parallelism spreads requests too."
	case status >= 500 || status == http.StatusRequestTimeout:
		return "The server is in trouble", waiting(failed) + "Try again later; if it lasts, ask whoever runs the server, and check that url leads to it and not to something in between."
	case status >= 300 && status < 400:
		return "The server redirects to nowhere", "Check that url is the server's own address, with the scheme that it expects."
	}
	return "Unexpected answer", fmt.Sprintf("Check that url leads to a TofuPilot server: %s is the one configured.", r.settings.baseURL)
}

func waiting(failed *tofupilot.Error) string {
	switch {
	case failed.RetryAfter == 0:
		return ""
	case failed.WaitTooLong:
		return fmt.Sprintf("It asked to wait %s, longer than what is left of timeouts.read: to wait that long, raise timeouts.read. ", failed.RetryAfter)
	}
	return fmt.Sprintf("It asked to wait %s. ", failed.RetryAfter)
}

// adviseNoAnswer is for requests without an answer that can be used.
func (r *reader) adviseNoAnswer(failed *tofupilot.Error, kind kindOfRead) (summary, advice string) {
	switch failed.Kind() {
	case tofupilot.Redirected:
		return "The server redirects elsewhere", "The API key is sent to the configured server only, so the redirect wasn't followed. " +
			"If that is the right server, configure its address as url."
	case tofupilot.RedirectedInACircle:
		return "The server redirects to nowhere", "Check that url is the server's own address, with the scheme that it expects."
	case tofupilot.TimedOut:
		return "The server takes too long", "Check that the server can be reached from here (a proxy, a firewall); if it is only slow, raise the provider's request_timeout" + kind.smaller + "."
	case tofupilot.TooLarge:
		return "The answer is too large", "No page of procedures is that large: check that url leads to a TofuPilot server" + kind.smaller + "."
	case tofupilot.Unusable, tofupilot.CutOff:
		return "The answer can't be used", "Check that url leads to a TofuPilot server and that nothing in between (a login page, a proxy) answers in its place. " +
			"Nothing of this answer was used."
	case tofupilot.UnknownHost:
		return "The server's name isn't known", "Check the host in url, and that this machine can resolve it."
	case tofupilot.Untrusted:
		return "The server's certificate isn't trusted", "A self-hosted server may have a certificate of its own authority: give that authority's certificate by ca_cert_pem or " + envCACert + ". " +
			"If it is expired or for another host, it must be renewed or url corrected. Verification can't be switched off."
	case tofupilot.NotTLS:
		return "The server doesn't speak TLS there", "Something answered, but without TLS: check scheme and port of url."
	default:
		return "The server can't be reached", fmt.Sprintf("Check that %s is the right server and that it can be reached from here (a proxy, a firewall, a VPN).", r.settings.baseURL)
	}
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
