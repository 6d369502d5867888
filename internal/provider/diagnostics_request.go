package provider

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// explainRequest says what a request that failed means.
func (r *reader) explainRequest(failed *tofupilot.Error, advice readAdvice) diag.Diagnostic {
	asked := fmt.Sprintf("%s %s", failed.Method, failed.URL)
	if failed.Attempts > 1 {
		asked += fmt.Sprintf(" (%d attempts)", failed.Attempts)
	}
	summary, next := r.advise(failed, advice)
	answer := fmt.Sprintf("%s returned %s", asked, failed.StatusLine())
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
		answer += fmt.Sprintf(" (%s, not an API answer)", failed.ContentType)
	}
	answer = strings.TrimSuffix(answer, ".") + "."
	var issues []string
	for _, issue := range failed.Issues {
		issues = append(issues, "  - "+strings.TrimPrefix(issue.Path+": "+issue.Message, ": "))
	}
	detail := lines(answer, strings.Join(issues, "\n"), next)
	if failed.TimeLeft > 0 {
		return diag.NewAttributeErrorDiagnostic(timeoutsRead, summary, detail)
	}
	for _, issue := range failed.Issues {
		if attribute, ok := advice.attributes[issue.Path]; ok {
			return diag.NewAttributeErrorDiagnostic(path.Root(attribute), summary, detail)
		}
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

// later is what to do about a server that asks for a pause, by how long it is and
// by what is left of timeouts.read.
func later(failed *tofupilot.Error, otherwise string) string {
	asked := tofupilot.FormatDuration(failed.RetryAfter)
	switch {
	case failed.RetryAfter == 0:
		return otherwise
	case failed.TimeLeft == 0:
		return fmt.Sprintf("The server asks to wait %s. %s", asked, otherwise)
	case failed.RetryAfter == tofupilot.MaxRetryAfter:
		return "The server asks to wait a year or longer. Ask its administrator why."
	}
	return fmt.Sprintf("The server asks to wait %s, but only %s of timeouts.read remains. Try again after that time, or raise timeouts.read above %s.",
		asked, tofupilot.FormatDuration(failed.TimeLeft.Round(min(time.Second, failed.TimeLeft))), asked)
}

// withoutProxy says how to bypass the proxy.
func (r *reader) withoutProxy() string {
	return fmt.Sprintf("If no proxy is needed for this server, list %s in NO_PROXY.", r.settings.baseURL.Hostname())
}

// moreRetries is what to do about a server that lets no request through.
func (r *reader) moreRetries() string {
	if r.settings.maxRetries == tofupilot.MaxRetries {
		return "Try again later, or ask the server's administrator how many requests it allows."
	}
	return fmt.Sprintf("Try again later, or raise the provider's max_retries, which is %d.", r.settings.maxRetries)
}

// advise says in a few words what a request's failure is, and what to do next.
func (r *reader) advise(failed *tofupilot.Error, advice readAdvice) (summary, next string) {
	switch failed.Kind() {
	case tofupilot.Redirected:
		return "The server redirects to another address", "The provider sends the API key to the configured server only, so it didn't follow the redirect. " +
			"If the new address is right, set url to it."
	case tofupilot.RedirectedInACircle:
		return "The server's redirect can't be followed", "Check that url is the server's own address, with the right scheme (https:// or http://)."
	case tofupilot.TimedOut:
		return "The server takes too long", "Check that this machine can reach the server: a proxy or a firewall may be in the way. If the server is slow, raise the provider's request_timeout" + advice.or() + "."
	case tofupilot.TooLarge:
		next = "Check that url leads to a TofuPilot server."
		if advice.smaller != "" {
			next += " If it does, " + advice.smaller + "."
		}
		return "The answer is too large", next
	case tofupilot.CutOff:
		return "The answer is incomplete", "Try again later. If the problem persists, check that no proxy cuts answers off, and ask the server's administrator. " +
			"The provider used no part of this answer."
	case tofupilot.Unsupported:
		return "The answer isn't supported", "Check that url leads to a TofuPilot server. If it does, the server may be older or newer than this provider supports. " +
			report + " The provider used no part of this answer."
	case tofupilot.Unusable:
		return "The answer can't be used", "Check that url leads to a TofuPilot server, and that a login page or a proxy doesn't answer in its place. " +
			"The provider used no part of this answer."
	case tofupilot.UnknownHost:
		return "The server's name can't be resolved", "Check the host in url, and this machine's network and DNS."
	case tofupilot.Untrusted:
		return "The server's certificate isn't trusted", "If the certificate comes from an authority of your own, set ca_cert_pem to the authority's certificate, or " + envCACert + " to its file. " +
			"If the certificate is expired, renew it. If it is for another host, correct url. Verification can't be switched off." + r.settings.otherCA()
	case tofupilot.ProxyMisconfigured:
		return "The proxy's address is wrong", "Correct HTTPS_PROXY, or HTTP_PROXY for an http:// address, to something like http://proxy.example.com:3128."
	case tofupilot.ProxyUnreachable:
		return "The proxy can't be reached", "Check the address in HTTPS_PROXY, or HTTP_PROXY for an http:// address. " + r.withoutProxy()
	case tofupilot.ProxyUnauthorized:
		return "The proxy asks for a password", "Set user and password in HTTPS_PROXY, or HTTP_PROXY for an http:// address, as in http://user:password@proxy.example.com:3128. " + r.withoutProxy()
	case tofupilot.ProxyRefused:
		return "The proxy refused the connection", fmt.Sprintf("Ask the proxy's administrator to allow connections to %s. ", r.settings.baseURL.Host) + r.withoutProxy()
	case tofupilot.ProxyFailed:
		return "The proxy can't reach the server", fmt.Sprintf("Check that %s is the right server. If it is, ask the proxy's administrator why the proxy can't reach it. ", r.settings.baseURL) + r.withoutProxy()
	case tofupilot.NotTLS:
		return "The server doesn't use TLS", "A server answered, but not over TLS. Check the scheme and the port in url."
	case tofupilot.NotTheAPI:
		return "The server refused the request", "The answer isn't from the TofuPilot API. A proxy may have sent it, or the server may expect https:// on this port. Check the scheme and the port in url."
	case tofupilot.Blocked:
		return "A proxy or a firewall refused the request", fmt.Sprintf("The answer isn't from the TofuPilot API: a proxy or a firewall may be in the way. "+
			"Check that url leads to a TofuPilot server. The provider looks for the API at %s.", r.settings.baseURL)
	case tofupilot.Rejected:
		next = "the server may be older or newer than this provider supports. " + report
		if len(advice.attributes) > 0 {
			return "The server refused the request", "Correct the arguments of the data source. If they follow the documentation, " + next
		}
		return "The server refused the request", upperFirst(next)
	case tofupilot.Unauthorized:
		next = fmt.Sprintf("The key comes from %s. It may be mistyped or revoked, or belong to another server than %s. Check the key, or create a new one in TofuPilot's settings.",
			r.settings.apiKeySource, r.settings.baseURL)
		if failed.Message == "" {
			next += " The answer isn't from the TofuPilot API, so a proxy may have refused the request instead."
		}
		next += r.settings.otherLogin()
		return "The server doesn't accept the API key", next
	case tofupilot.Forbidden:
		return "The API key isn't allowed to read " + advice.plural(), fmt.Sprintf(
			"The key comes from %s. On newer servers, a station's key can't read %s. Use a user's key.", r.settings.apiKeySource, advice.plural())
	case tofupilot.NotFound:
		return "The API isn't at this address", fmt.Sprintf(
			"Check url: it must lead to a TofuPilot server, with or without /api at its end. The provider looks for the API at %s.", r.settings.baseURL)
	case tofupilot.RateLimited:
		return "The server limits the rate of requests", later(failed, r.moreRetries())
	case tofupilot.BrokenRow:
		return "The server can't return one of its " + advice.plural(), fmt.Sprintf(
			"One of the %s doesn't match the server's own schema, so the server refuses the whole page. Only the server's administrator can fix that. Show them this message.", advice.plural())
	case tofupilot.InTrouble:
		return "The server has a problem", later(failed, "Try again later. If the problem persists, ask the server's administrator, and check that url leads to the server and not to a proxy.")
	case tofupilot.Unexpected:
		if failed.Message != "" {
			return "The server refused the request", "The message is the server's. If it doesn't tell you what to do, ask the server's administrator."
		}
		return "Unexpected answer", fmt.Sprintf("Check that url leads to a TofuPilot server. The provider looks for the API at %s.", r.settings.baseURL)
	default:
		return "The server can't be reached", fmt.Sprintf("Check that %s is the right server, and that this machine can reach it: a proxy, a firewall or a VPN may be in the way.", r.settings.baseURL)
	}
}
