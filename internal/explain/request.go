package explain

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// explainRequest explains a request that failed.
func (e Explainer) explainRequest(failed *rest.Error, advice readAdvice) Diagnostic {
	at := ""
	if failed.TimeLeft > 0 {
		at = timeoutsRead
	}
	var issues []prose
	for _, issue := range failed.Issues {
		if attribute, ok := advice.arguments[issue.Path]; ok && at == "" {
			at = attribute
		}
		if issue.Path == "" {
			issues = append(issues, e.say("  - %s", issue.Message))
		} else {
			issues = append(issues, e.say("  - %s: %s", issue.Path, issue.Message))
		}
	}
	summary, next := e.advise(failed, advice)
	return newDiagnostic(at, summary, e.describeResponse(failed), join("\n", issues...),
		join(" ", e.describeAddress(), next))
}

// describeAddress returns a sentence about the address and where it comes from.
func (e Explainer) describeAddress() prose {
	return e.say("The address %s comes from %s.", e.own(e.Settings.BaseURL), e.own(e.Settings.URLSource))
}

// describeResponse returns a sentence about a request and its response.
func (e Explainer) describeResponse(failed *rest.Error) prose {
	text := "GET " + e.own(failed.URL)
	if serverCursor.MatchString(failed.URL) { // the cursor in it is the server's text
		text = e.say("GET %s", failed.URL)
	}
	if failed.Attempts > 1 {
		text += e.say(" (%d attempts)", failed.Attempts)
	}
	if failed.Status == 0 {
		return (text + e.say(" failed: %s", failed.Err)).withPeriod()
	}
	text += " returned " + e.own(failed.StatusLine())
	if isElsewhere(failed) {
		return text.withPeriod() // the advice names the target
	}
	if failed.Err != nil {
		if failed.ContentType != "" {
			text += e.say(" (%s)", failed.ContentType)
		}
		text += e.say(": %s", failed.Err)
		if failed.Message != "" {
			text = text.withPeriod() + e.say(" It says: %s", failed.Message)
		}
		return text.withPeriod()
	}
	switch {
	case failed.Message != "":
		text += e.say(": %s", failed.Message)
	case failed.ContentType != "":
		text += e.say(" (%s, not an API response)", failed.ContentType)
	}
	return text.withPeriod()
}

// serverCursor matches a cursor that isn't an offset: the server chose its text.
var serverCursor = regexp.MustCompile(`[?&]cursor=[^&]*[^&0-9]`)

// advise returns a summary of a request's failure, and what to do next.
func (e Explainer) advise(failed *rest.Error, advice readAdvice) (summary, next prose) {
	switch failed.Kind {
	case rest.NotTLS:
		return "The server doesn't use TLS on this port", "Use its port for TLS or, if it has none, http:// instead of https://."
	case rest.TLSFailed:
		return e.adviseTLS(failed.Err)
	case rest.CertificateRejected:
		return e.adviseClientCertificate()
	case rest.ProxyFailed:
		return "The proxy doesn't connect to the server", e.say("Check HTTPS_PROXY, or HTTP_PROXY for an http:// address: it must be like http://user:password@proxy.example.com:3128. "+
			"If it is right, ask the proxy's administrator. If this server needs no proxy, list %s in NO_PROXY. Its entries are host names and networks, separated by commas.", e.own(e.Settings.BaseURL.Hostname()))
	case rest.Redirected:
		return e.adviseRedirect(failed)
	case rest.Interrupted:
		return "No complete response came", "Try again later. If the problem persists, check that this is the right server and that no proxy or firewall cuts connections off, " +
			"and ask the server's administrator."
	case rest.TimedOut:
		return "The server takes too long", "Check that no proxy or firewall is in the way. If the server is slow, raise the provider's request_timeout" + e.alternative(advice.smaller) + "."
	case rest.TooLarge:
		if advice.smaller != "" {
			next = e.say(" If it does, %s.", e.own(advice.smaller))
		}
		return "The response is too large", "Check that it leads to a TofuPilot server." + next
	case rest.GatewayResponded:
		return notTheAPI, "A gateway or a firewall answered instead of the API. " + e.adviseGateway()
	case rest.NotTheAPI:
		return notTheAPI, join(" ", "Check that it leads to a TofuPilot server, with the right scheme and port.", e.adviseExtraPath(),
			"A login page, a proxy or a firewall may respond in the server's place.")
	case rest.Unsupported:
		return "The response isn't supported", "Check that it leads to a TofuPilot server. If it does, the server may be too old or too new for this provider. " + Report
	case rest.InvalidArguments:
		next = "The server may be too old or too new for this provider. " + Report
		if len(advice.arguments) > 0 {
			next = "Correct the arguments of the data source. If they follow the documentation, the server may be too old or too new for this provider. " + Report
		}
		return "The server rejected the request", next
	case rest.Rejected:
		return "The server rejected the request", "The message is the server's. If it doesn't tell you what to do, ask the server's administrator."
	case rest.Unauthorized:
		next = e.say("The key comes from %s. It may be mistyped, expired or revoked, or belong to another server. "+
			"Check the key, or create a new one in TofuPilot's settings.", e.own(e.Settings.KeySource))
		if login := e.Settings.KeySource.Login; login != "" {
			next = e.say("The key comes from %s. It may be expired or revoked. Run %s again.", e.own(e.Settings.KeySource), e.own(config.LoginCommand(login)))
		}
		return "The server doesn't accept the API key", join(" ", next, e.own(e.Settings.OtherLogin()))
	case rest.Forbidden:
		return "The API key isn't allowed to read procedures", join(" ", e.say("The key comes from %s.", e.own(e.Settings.KeySource)), stationKeys,
			"Use the key of a user who can see the procedures in TofuPilot.", e.own(e.Settings.OtherLogin()))
	case rest.RateLimited:
		otherwise := prose("Try again later, or ask the server's administrator how many requests it allows.")
		if e.Settings.MaxRetries < rest.MaxRetries {
			otherwise = e.say("Try again later, or raise the provider's max_retries, which is %d.", e.Settings.MaxRetries)
		}
		return "The server limits the rate of requests", e.adviseWaiting(failed, otherwise)
	case rest.Unavailable:
		otherwise := e.say("Try again later. The provider's max_retries is %d, which may be too few if the server limits the rate of requests. ", e.Settings.MaxRetries)
		if e.Settings.MaxRetries == rest.MaxRetries {
			otherwise = "Try again later. "
		}
		otherwise += "If the problem persists, ask the server's administrator, and check that this is the right server and not a proxy."
		return "The server is unavailable", e.adviseWaiting(failed, otherwise)
	case rest.ServerFailed:
		if tofupilot.IsBrokenRow(failed) {
			return "The server can't return one of its procedures", "One of the procedures doesn't match the server's own schema, so the server rejects the whole page. " +
				"Only the server's administrator can fix that. Show them this message."
		}
		return "The server has a problem", e.adviseWaiting(failed, "Try again later. If the problem persists, ask the server's administrator, and check that this is the right server and not a proxy.")
	case rest.HostNotFound:
		return unreachable, e.say("There is no host with the name %s: check the address. If only a VPN or a company's network knows the name, connect to it.", e.own(e.Settings.BaseURL.Hostname()))
	case rest.NameNotResolved:
		return unreachable, e.say("This machine can't resolve the name %s: check its DNS settings, its network and a VPN.", e.own(e.Settings.BaseURL.Hostname()))
	case rest.ConnectionRefused:
		return unreachable, "Nothing accepts connections there: check the address and its port, and that the server is running."
	case rest.Unreachable:
		return unreachable, "Check that this is the right server, and that this machine can reach it: DNS, a proxy, a firewall or a VPN may be in the way."
	default:
		return "The request failed", Report
	}
}

const (
	unreachable = "The server can't be reached"
	notTheAPI   = "The API doesn't answer at this address"
)

// alternative returns the end of a sentence that offers other advice, which may be empty.
func (e Explainer) alternative(advice string) prose {
	if advice == "" {
		return ""
	}
	return ", or " + e.own(advice)
}

// adviseExtraPath returns what to do about a path of the address, which is rarely right.
func (e Explainer) adviseExtraPath() prose {
	extra := strings.TrimSuffix(e.Settings.BaseURL.Path, "/api")
	if extra == "" {
		return ""
	}
	return e.say("Few servers are below a path: remove %s from it unless yours is.", e.own(extra))
}

// adviseWaiting returns what to do about a server that asks for a pause: it depends on the pause and
// on what is left of timeouts.read. Without a pause, it returns otherwise.
func (e Explainer) adviseWaiting(failed *rest.Error, otherwise prose) prose {
	asked := e.own(rest.FormatDuration(failed.RetryAfter))
	switch {
	case failed.RetryAfter == 0:
		return otherwise
	case failed.TimeLeft == 0:
		return e.say("The server asks to wait %s. %s", asked, otherwise)
	case failed.RetryAfter == rest.MaxRetryAfter:
		return "The server asks to wait a year or longer. Ask its administrator why."
	}
	return e.say("The server asks to wait %s, but only %s of timeouts.read remains. Try again after that time, or raise timeouts.read by %s.",
		asked, e.own(rest.FormatDuration(max(failed.TimeLeft.Round(100*time.Millisecond), 100*time.Millisecond))), asked)
}

// adviseRedirect says what to configure if the redirect leads to the API at another address, or
// to the same host with another scheme. It never advises another target: that is probably a
// login page, and the key would be sent to it.
func (e Explainer) adviseRedirect(failed *rest.Error) (summary, next prose) {
	if !isElsewhere(failed) {
		return e.adviseMoved(failed.MovedTo)
	}
	summary = "The server redirects to another page"
	to, base := failed.Redirect, e.Settings.BaseURL
	address := withScheme(base, to)
	switch {
	case address == nil:
		next = e.say("The server redirects to %s, which isn't the API. ", to) + e.adviseGateway()
	case base.Scheme == "https":
		next = e.say("The server redirects to %s, and the provider doesn't send the API key unencrypted. "+
			"If a gateway in front of the server ends TLS, the server's redirects may have the wrong scheme: ask its administrator.", to)
	default:
		next = e.say("The server redirects to %s. Use %s:// instead of %s://: ", to, e.own(address.Scheme), e.own(base.Scheme)) + e.howToSet(address) + "."
	}
	return summary, next
}

// adviseMoved returns what to do about a redirect to the API at another address.
func (e Explainer) adviseMoved(movedTo *url.URL) (summary, next prose) {
	address := configurable(movedTo)
	if address == nil || rest.SameServer(address, e.Settings.BaseURL) {
		return "The server's redirect can't be followed", join(" ", "Check that it is the server's own, with the right scheme (https:// or http://).", e.adviseExtraPath())
	}
	return "The server redirects to another address", e.say("The provider sends the API key to the configured server only, so it didn't follow the redirect. "+
		"If the new address is right, %s.", e.howToSet(address))
}

// isElsewhere reports whether a request failed because the server redirects to something
// other than the API.
func isElsewhere(failed *rest.Error) bool { return failed.Redirect != nil && failed.MovedTo == nil }

// withScheme returns the address to configure if the server redirects to the same host name
// with the other scheme, http or https; nil otherwise.
func withScheme(base, to *url.URL) *url.URL {
	if to.Scheme == base.Scheme || !strings.EqualFold(to.Hostname(), base.Hostname()) {
		return nil
	}
	return configurable(&url.URL{Scheme: to.Scheme, Host: to.Host, Path: base.Path, RawPath: base.RawPath})
}

// adviseGateway returns what to do about a page that a gateway sends instead of the API's
// response.
func (e Explainer) adviseGateway() prose {
	var configured []prose
	if len(e.Settings.Headers) > 0 {
		configured = append(configured, "headers")
	}
	if e.Settings.ClientCertificate != nil {
		configured = append(configured, "client certificate")
	}
	if len(configured) > 0 {
		return e.say("If that is a login page, a gateway is in front of the server, and it rejected the configured %s: check what the gateway requires. "+
			"Otherwise check the address.", join(" and ", configured...))
	}
	return "If that is a login page, a gateway is in front of the server, and programs need credentials for the gateway: see headers and client_cert_pem. " +
		"Otherwise check the address."
}

// howToSet returns how to configure another address, where the current one comes from. A login
// is for one server, so another address needs another login.
func (e Explainer) howToSet(address *url.URL) prose {
	var steps []prose
	switch from := e.Settings.URLSource; {
	case from.Login != "":
	case from.Variable != "":
		steps = append(steps, e.say("set %s to %s", e.own(from.Variable), address))
	default:
		steps = append(steps, e.say(`set url to "%s"`, address))
	}
	if login := e.Settings.KeySource.Login; login != "" {
		steps = append(steps, e.say("run %s for it", e.own(config.LoginCommand(login))))
		if len(steps) == 1 {
			steps[0] = e.say("run %s for %s", e.own(config.LoginCommand(login)), address)
		}
	}
	if config.CheckScheme(address, false) != nil {
		return join(" and ", steps...) + ", and set allow_http to true if you trust the network"
	}
	return join(" and ", steps...)
}

// configurable returns an API's base as people write it; nil if it can't be configured.
func configurable(base *url.URL) *url.URL {
	if base == nil {
		return nil
	}
	address, err := config.ParseURL(base.String())
	if err != nil {
		return nil
	}
	address.Path = strings.TrimSuffix(address.Path, "/api")
	return address
}

// adviseClientCertificate returns what to do about a server that rejects a client without
// the right certificate.
func (e Explainer) adviseClientCertificate() (summary, next prose) {
	if e.Settings.ClientCertificate == nil {
		return "The server requires a client certificate", "The server requested a client certificate, and none is configured. " +
			"Set the provider's client_cert_pem and client_key_pem to a certificate that the server accepts and to its key."
	}
	leaf := e.Settings.ClientCertificate.Leaf
	return "The server doesn't accept the client certificate", e.say("The certificate in client_cert_pem has the subject %s and the issuer %s, and is valid to %s. "+
		"Check that it is the one for this server, and ask the server's administrator which certificates it accepts.",
		e.quoteOwn(leaf.Subject.String()), e.quoteOwn(leaf.Issuer.String()), e.own(leaf.NotAfter.UTC().Format(minute)))
}

// minute is the format of times in errors.
const minute = "2006-01-02 15:04 MST"
