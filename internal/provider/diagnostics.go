package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// readAdvice is what an error says that depends on what is read, and on the
// arguments of the data source that reads.
type readAdvice struct {
	noun       string            // what is read, in the singular
	narrower   string            // how to read less in all; may be empty
	smaller    string            // how to read less at a time; may be empty
	attributes map[string]string // by the API's parameter that each is sent as
}

func (a readAdvice) plural() string { return a.noun + "s" }

// explain turns what the client says of a read into what a person reads: what
// was asked, what came back, what it probably means, what to do next.
func (r *reader) explain(ctx context.Context, err error, advice readAdvice) diag.Diagnostic {
	list := new(tofupilot.ListError)
	if !errors.As(err, &list) {
		list = &tofupilot.ListError{Err: err}
	}
	far := fmt.Sprintf("So far: %s, %s.", counted(list.Requests, "request"), counted(list.Rows, advice.noun))
	if list.Change != nil {
		far += fmt.Sprintf(" The list was read from its start %s, because it kept changing: %v.", counted(list.Passes, "time"), list.Change)
	}

	if errors.As(err, new(*tofupilot.ListTooLargeError)) || errors.As(err, new(*bulk.TooLargeError)) {
		return diag.NewErrorDiagnostic(fmt.Sprintf("The %s can't be handed to Terraform", advice.plural()), lines(
			fmt.Sprintf("The list at %s is larger than the protocol's largest message, 256 MiB.", r.settings.baseURL),
			upperFirst(cmp.Or(advice.narrower, "narrow the list"))+", in several data sources if all are needed.",
		))
	}

	deadline, paging := new(deadlineError), new(tofupilot.PagingError)
	failed := new(tofupilot.Error)
	switch {
	case errors.As(context.Cause(ctx), &deadline):
		raise := "Raise timeouts.read"
		if advice.narrower != "" {
			raise += ", or " + advice.narrower
		}
		raise += "."
		if list.Change != nil {
			raise += fmt.Sprintf(" A list is used only if it can be shown to be complete: it helps to read when fewer %s are being created or deleted.", advice.plural())
		}
		return diag.NewAttributeErrorDiagnostic(path.Root("timeouts").AtName("read"), "Reading took too long", lines(
			fmt.Sprintf("Reading the %s from %s was ended after %s, the limit that timeouts.read sets. %s", advice.plural(), r.settings.baseURL, deadline.limit, far),
			before(err),
			raise,
		))
	case ctx.Err() != nil:
		return diag.NewErrorDiagnostic("Interrupted", fmt.Sprintf("Reading the %s from %s was interrupted. %s", advice.plural(), r.settings.baseURL, far))
	case errors.As(err, &failed):
		return r.explainRequest(failed, advice)
	case errors.As(err, &paging):
		return diag.NewErrorDiagnostic("The server's pages don't add up", lines(
			fmt.Sprintf("Reading the %s from %s: %s. %s", advice.plural(), r.settings.baseURL, r.client.Clean(paging.Error()), far),
			"A list that may be incomplete isn't used. Please report this, with the server's version, at "+homepage+"/issues.",
		))
	}
	return diag.NewErrorDiagnostic(fmt.Sprintf("The %s can't be read", advice.plural()), lines(sentence(err), far))
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
func (r *reader) explainRequest(failed *tofupilot.Error, advice readAdvice) diag.Diagnostic {
	asked := fmt.Sprintf("%s %s", failed.Method, failed.URL)
	if failed.Attempts > 1 {
		asked += fmt.Sprintf(", asked %d times,", failed.Attempts)
	}
	summary, next := r.advise(failed, advice)
	answer := fmt.Sprintf("%s was answered with %s", asked, failed.StatusLine())
	switch {
	case errors.As(failed.Err, new(*tofupilot.BodyError)):
		return diag.NewErrorDiagnostic(summary, lines(fmt.Sprintf("%s (%s): %v.", answer, cmp.Or(failed.ContentType, "no content type"), failed.Err), next))
	case failed.Err != nil:
		return diag.NewErrorDiagnostic(summary, lines(fmt.Sprintf("%s failed: %v.", asked, failed.Err), next))
	}
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
	detail := lines(answer, strings.Join(issues, "\n"), next)
	if failed.TimeLeft > 0 {
		return diag.NewAttributeErrorDiagnostic(path.Root("timeouts").AtName("read"), summary, detail)
	}
	for _, issue := range failed.Issues {
		if attribute, ok := advice.attributes[issue.Path]; ok {
			return diag.NewAttributeErrorDiagnostic(path.Root(attribute), summary, detail)
		}
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

// later is what to do about a server that is to be left alone for a while, by what
// it asked for and what was left of timeouts.read.
func later(failed *tofupilot.Error, otherwise string) string {
	asked := failed.RetryAfter.String()
	switch {
	case failed.RetryAfter == 0:
		return otherwise
	case failed.TimeLeft == 0:
		return fmt.Sprintf("It asks to wait %s. %s", asked, otherwise)
	case failed.RetryAfter == tofupilot.MaxRetryAfter:
		return "It asks to wait a year or longer. Ask whoever runs the server why."
	}
	return fmt.Sprintf("It asks to wait %s, and %s of timeouts.read are left. Run Terraform again when that time is over, or raise timeouts.read above %s.",
		asked, failed.TimeLeft.Round(min(time.Second, failed.TimeLeft)), asked)
}

// withoutProxy is how to do without one.
func (r *reader) withoutProxy() string {
	return fmt.Sprintf("If no proxy is needed for this server, list %s in NO_PROXY.", r.settings.baseURL.Hostname())
}

// moreRetries is what to do about a server that lets no request through.
func (r *reader) moreRetries() string {
	if r.settings.maxRetries == tofupilot.MaxRetries {
		return "Run Terraform again later, or ask whoever runs the server how many requests it allows."
	}
	return fmt.Sprintf("Run Terraform again later, or raise the provider's max_retries, which is %d.", r.settings.maxRetries)
}

// advise says in a few words what a request's failure is, and what to do next.
func (r *reader) advise(failed *tofupilot.Error, advice readAdvice) (summary, next string) {
	switch failed.Kind() {
	case tofupilot.Redirected:
		return "The server redirects elsewhere", "The API key is sent to the configured server only, so the redirect wasn't followed. " +
			"If that is the right server, configure its address as url."
	case tofupilot.RedirectedInACircle:
		return "The server redirects to nowhere", "Check that url is the server's own address, with the scheme that it expects."
	case tofupilot.TimedOut:
		return "The server takes too long", "Check that the server can be reached from here (a proxy, a firewall); if it is only slow, raise the provider's request_timeout" + advice.smaller + "."
	case tofupilot.TooLarge:
		return "The answer is too large", fmt.Sprintf("No page of %s is that large: check that url leads to a TofuPilot server%s.", advice.plural(), advice.smaller)
	case tofupilot.Unusable, tofupilot.CutOff:
		return "The answer can't be used", "Check that url leads to a TofuPilot server and that nothing in between (a login page, a proxy) answers in its place. " +
			"Nothing of this answer was used."
	case tofupilot.UnknownHost:
		return "The server's name isn't known", "Check the host in url, and that this machine can resolve it."
	case tofupilot.Untrusted:
		return "The server's certificate isn't trusted", "A self-hosted server may have a certificate of its own authority: give that authority's certificate by ca_cert_pem or " + envCACert + ". " +
			"If it is expired or for another host, it must be renewed or url corrected. Verification can't be switched off."
	case tofupilot.ProxyMisconfigured:
		return "The proxy's address is wrong", "Correct HTTPS_PROXY, or HTTP_PROXY for an http:// address, to something like http://proxy.example.com:3128."
	case tofupilot.ProxyUnreachable:
		return "The proxy can't be reached", "Check the address in HTTPS_PROXY, or HTTP_PROXY for an http:// address. " + r.withoutProxy()
	case tofupilot.ProxyUnauthorized:
		return "The proxy asks for a password", "Give it in HTTPS_PROXY, or HTTP_PROXY for an http:// address, as in http://user:password@proxy.example.com:3128. " + r.withoutProxy()
	case tofupilot.ProxyRefused:
		return "The proxy refused the connection", fmt.Sprintf("Ask whoever runs the proxy to allow connections to %s. ", r.settings.baseURL.Host) + r.withoutProxy()
	case tofupilot.ProxyFailed:
		return "The proxy can't reach the server", fmt.Sprintf("Check that %s is the right server. If it is, ask whoever runs the proxy why it can't be reached from there. ", r.settings.baseURL) + r.withoutProxy()
	case tofupilot.NotTLS:
		return "The server doesn't speak TLS there", "Something answered, but without TLS: check scheme and port of url."
	case tofupilot.NotTheAPI:
		return "The server refused the request", "This isn't the API's answer: it may come from something in between, or from a server that expects https:// on this port. Check scheme and port of url."
	case tofupilot.Blocked:
		return "Something in between refused the request", fmt.Sprintf("This isn't the API's answer: a proxy or a firewall may stand in front of the server. "+
			"Check that url leads to a TofuPilot server: %s is the one configured.", r.settings.baseURL)
	case tofupilot.Rejected:
		return "The server refused the request", "Correct the arguments of the data source. " +
			"If they are as documented, the server may be older or newer than this provider knows: please report it at " + homepage + "/issues."
	case tofupilot.Unauthorized:
		return "The server doesn't accept the API key", fmt.Sprintf(
			"The key comes from %s. It may be mistyped, revoked, or another server's: %s is the one configured.", r.settings.apiKeySource, r.settings.baseURL)
	case tofupilot.Forbidden:
		return "The API key may not read " + advice.plural(), fmt.Sprintf(
			"The key comes from %s. On newer servers the keys of stations can't read %s: use a user's key.", r.settings.apiKeySource, advice.plural())
	case tofupilot.NotFound:
		return fmt.Sprintf("The server has no %s there", advice.plural()), fmt.Sprintf(
			"The URL may be wrong: %s is what the provider made of the configured one. It must lead to a TofuPilot server, with or without /api at its end.", r.settings.baseURL)
	case tofupilot.RateLimited:
		return "The server limits the rate of requests", later(failed, r.moreRetries())
	case tofupilot.BrokenRow:
		return "The server can't show one of its " + advice.plural(), fmt.Sprintf(
			"One of the %s doesn't fit the server's own schema, and the server refuses the whole page for it. Only whoever runs the server can correct that: show them this message.", advice.plural())
	case tofupilot.InTrouble:
		return "The server is in trouble", later(failed, "Try again later; if it lasts, ask whoever runs the server, and check that url leads to it and not to something in between.")
	case tofupilot.Unexpected:
		return "Unexpected answer", fmt.Sprintf("Check that url leads to a TofuPilot server: %s is the one configured.", r.settings.baseURL)
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
