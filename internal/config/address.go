package config

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/redact"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// DefaultURL is TofuPilot's own service. Self-hosted servers have one host each.
const DefaultURL = "https://www.tofupilot.app"

var (
	errNoScheme = errors.New("the URL must begin with https:// (or http://), as in https://tofupilot.example.com")
	errNotURL   = errors.New("this isn't a URL; look for a port that isn't a number, or a stray % or bracket")

	// Go's parser takes everything after the first colon for a port.
	colonsWithoutBrackets = regexp.MustCompile(`^[A-Za-z]+://[^/?#\[]*:[^/?#\[]*:`)
)

// ParseURL parses the value of url, or of the environment variable, as parseURL does.
func ParseURL(value string) (*url.URL, error) {
	if value == "" {
		return nil, errors.New("the URL is empty; omit url to use " + EnvURL + ", the login file's server or " + DefaultURL)
	}
	return parseURL(value)
}

// parseURL returns the API's base for a server's address as people write it: scheme and host in lower case, and a path that ends with /api exactly
// once, as TofuPilot's own clients make it. Both https://host and
// https://host/api/ become https://host/api. https://tofupilot.app becomes
// [DefaultURL], which is the same server.
//
// It rejects an address without a host, with a scheme other than http and
// https, with user info, a query or a fragment, with quotes or invisible characters, or of
// an endpoint (/api/v2…). No error repeats an address that may hold a password.
func parseURL(raw string) (*url.URL, error) {
	if strings.Contains(raw, "@") {
		return nil, errors.New("the URL contains user info (the part before @), which may be a password; " +
			"remove it, and set the key as api_key")
	}
	for at, r := range []rune(raw) {
		if r == '`' || unicode.In(r, unicode.Quotation_Mark, unicode.White_Space) || redact.IsInvisible(r) {
			return nil, fmt.Errorf("character %d of the URL is %#U, and a URL has no quotes, white space or invisible characters; "+
				"remove it", at+1, r)
		}
	}
	if strings.Count(raw, "://") > 1 {
		return nil, errors.New("the URL has :// twice; write it like https://tofupilot.example.com")
	}
	if colonsWithoutBrackets.MatchString(raw) {
		return nil, errors.New("an IPv6 address needs brackets, as in https://[::1]:8443")
	}
	parsed, err := url.Parse(raw)
	if err != nil || !utf8.ValidString(raw) {
		if !strings.Contains(raw, "://") { // such as 10.0.0.7:8443
			return nil, errNoScheme
		}
		return nil, errNotURL
	}
	switch {
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return nil, errNoScheme
	case parsed.Hostname() == "":
		return nil, errors.New("the URL has no host; write it like " + DefaultURL)
	case checkPort(parsed) != nil:
		return nil, checkPort(parsed)
	case strings.Contains(raw, "?"):
		return nil, errors.New("the URL has a query (a ? and what follows it); remove it")
	case strings.Contains(raw, "#"):
		return nil, errors.New("the URL has a fragment (a # and what follows it); remove it")
	}
	host, err := asciiHost(parsed.Host)
	if err != nil {
		return nil, errors.New("the URL's host isn't a valid name; write it in ASCII, as a certificate has it (xn--…)")
	}
	if name, port, _ := strings.Cut(host, ":"); parsed.Scheme == "https" && name == "tofupilot.app" && (port == "" || port == "443") {
		host = "www." + name
	}
	base := &url.URL{Scheme: parsed.Scheme, Host: host, Path: "/"}
	escaped := path.Clean("/" + parsed.EscapedPath())
	if strings.Contains(escaped+"/", "/api/v2/") { // as in the API's documentation
		return nil, errors.New("the URL includes the version of the API; drop /v2 and anything after it")
	}
	if !strings.HasSuffix(escaped, "/api") {
		escaped = path.Join(escaped, "api")
	}
	base = base.JoinPath(escaped)
	// The parser accepts zones of IPv6 addresses that it can't parse again.
	if _, err := url.Parse(base.String()); err != nil {
		return nil, errNotURL
	}
	return base, nil
}

// checkPort reports a number that is too large for a port, which Go's parser accepts.
func checkPort(address *url.URL) error {
	if port := address.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return errors.New("port " + port + " doesn't exist; the largest is 65535")
		}
	}
	return nil
}

// asciiHost returns a host, with its port if it has one, in ASCII and lower case. net/http
// would resolve one name and send another for letters such as ſ, which IDNA maps to s.
func asciiHost(host string) (string, error) {
	if isASCII(host) {
		return strings.ToLower(host), nil
	}
	name, port, found := strings.Cut(host, ":")
	ascii, err := idna.Lookup.ToASCII(name)
	if found {
		ascii += ":" + port
	}
	return ascii, err
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// CheckScheme refuses to send the key unencrypted, except to this machine.
func CheckScheme(address *url.URL, allowHTTP bool) error {
	if address.Scheme == "https" || allowHTTP || rest.IsLoopback(address) {
		return nil
	}
	return errors.New("the provider doesn't send the API key unencrypted over http://; use https://, " +
		"or set allow_http to true if you trust the network")
}

// origin returns the scheme and host of an address, which decide where a key may go.
func origin(address *url.URL) string { return address.Scheme + "://" + address.Host }
