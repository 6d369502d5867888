package rest

import (
	"net"
	"net/url"
	"strings"
	"unicode"
)

// IsLoopback reports whether an address stays on this machine: localhost, or an
// IP address of the loopback range.
func IsLoopback(address *url.URL) bool {
	host := address.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// SameServer reports whether two addresses share scheme, host and port, the
// default port being the same as none. Hosts are compared in ASCII: one in other
// letters, which may only look the same, is another.
func SameServer(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && isASCII(a.Host) && isASCII(b.Host) && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(address *url.URL) string {
	switch {
	case address.Port() != "":
		return address.Port()
	case address.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}
