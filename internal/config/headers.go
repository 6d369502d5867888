package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// resolveHeaders returns the headers that are sent with every request. If the address isn't
// from the provider block, a problem with it and the headers isn't either.
func resolveHeaders(block Block, base *url.URL) (map[string]string, *Problem) {
	source := Source{Argument: "headers"}
	names := slices.Sorted(maps.Keys(block.Headers))
	if err := CheckHeaderNames(names); err != nil {
		return nil, problemOf(source, err)
	}
	headers := map[string]string{}
	for _, name := range names {
		if err := CheckHeaderValue(name, block.Headers[name]); err != nil {
			return nil, problemOf(source, err)
		}
		headers[name] = *block.Headers[name]
	}
	if base == nil {
		return headers, nil
	}
	problem := problemOf(source, CheckHeaderScheme(names, base))
	if problem != nil && block.URL == nil {
		problem.Argument = ""
	}
	return headers, problem
}

// CheckHeaderNames reports the first of the names that can't be used.
func CheckHeaderNames(names []string) error {
	given := map[string]string{} // by their lower case
	for _, name := range names {
		if name == "" {
			return errors.New("the name of a header is empty; remove it, or correct it")
		}
		for at, r := range name {
			if !httpguts.ValidHeaderFieldName(string(r)) { // don't show the rest, which may be a secret
				return fmt.Errorf("after %q, the name of a header has the character %#U, but a name has only letters, digits and the characters !#$%%&'*+-.^_`|~", name[:at], r)
			}
		}
		lower := strings.ToLower(name)
		if other, ok := given[lower]; ok {
			return fmt.Errorf("the headers %s and %s are the same, because case doesn't matter; remove one of them", other, name)
		}
		given[lower] = name
		for _, reserved := range reservedHeaders {
			prefix, isPrefix := strings.CutSuffix(reserved.name, "*")
			if lower == reserved.name || isPrefix && strings.HasPrefix(lower, prefix) {
				return fmt.Errorf("the header %s can't be set: %s", name, reserved.reason)
			}
		}
	}
	return nil
}

// reservedHeaders are the headers that the provider or net/http decides about, with the
// reason. An asterisk represents any text.
var reservedHeaders = []struct{ name, reason string }{
	{"authorization", "the provider sends the API key in it; if a gateway needs a token, too, see whether it reads another header"},
	{"host", "it follows from url"},
	{"user-agent", "the provider sends its version in it; to add to it, set the environment variable TF_APPEND_USER_AGENT"},
	{"x-client-*", "the provider sends its version in such headers"},
	{"content-*", "it describes the body of a request, and the provider's requests have none"},
	{"accept*", "the provider requests the format that it can read"},
	{"connection", aboutConnection},
	{"proxy-connection", aboutConnection},
	{"keep-alive", aboutConnection},
	{"te", aboutConnection},
	{"trailer", aboutConnection},
	{"transfer-encoding", aboutConnection},
	{"upgrade", aboutConnection},
}

const aboutConnection = "it is about the connection, which the provider manages"

// CheckHeaderValue reports what is wrong with the value of a header; nil is null. The error
// doesn't repeat any of the value, which may be a secret.
func CheckHeaderValue(name string, value *string) error {
	switch {
	case value == nil:
		return fmt.Errorf("the value of the header %s is null; set it, or remove the header", name)
	case *value == "":
		return fmt.Errorf("the value of the header %s is empty; set it, or remove the header", name)
	case strings.TrimRight(*value, "\r\n") != *value:
		return fmt.Errorf(`the value of the header %s ends in a line break; remove it, or read the value from its file with trimspace(file("…"))`, name)
	case isPlaceholder(*value):
		return fmt.Errorf("the value of the header %s looks like a placeholder that wasn't replaced; set the value itself", name)
	case strings.TrimSpace(*value) != *value:
		return fmt.Errorf("the value of the header %s begins or ends with white space; remove it", name)
	}
	for at, r := range []rune(*value) {
		if r < ' ' || r > '~' {
			return fmt.Errorf("character %d of the value of the header %s isn't visible ASCII or a space; remove or correct it", at+1, name)
		}
	}
	return nil
}

// CheckHeaderScheme returns an error for Proxy-Authorization over http://: a proxy reads it there.
func CheckHeaderScheme(names []string, address *url.URL) error {
	if address.Scheme == "https" || !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, "Proxy-Authorization") }) {
		return nil
	}
	return errors.New("the header Proxy-Authorization can be sent over https:// only, because over http:// a proxy would read it; use https://, or remove the header")
}
