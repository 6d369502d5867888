package rest

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Kind sorts failed requests by what a person can do about them.
type Kind int

// The kinds of an [Error].
const (
	// The server wasn't reached: whatever is asked for fails in the same way.

	Unreachable Kind = iota // there is no connection: check the address and the network
	TLSFailed               // there is one, but not over TLS, or the server's certificate isn't trusted
	ProxyFailed             // a proxy doesn't connect to the server
	Redirected              // the server sends us to another one, in a circle or to nowhere

	// What came back can't be used.

	Interrupted // the connection, or the answer, broke off: try again later
	TimedOut    // one attempt took too long
	TooLarge    // more than a page ever is: ask for less
	NotTheAPI   // something else answered
	Unsupported // status 200 and a JSON object, but no page of the list as we know it

	// What came back refuses.

	Rejected     // an argument is wrong
	Refused      // the server's message says what to do
	Unauthorized // the API doesn't accept the key
	Forbidden    // the key may not read the list
	RateLimited  // too many requests, this one or another of the same client
	BrokenRow    // the server can't show one of the rows itself
	ServerFailed // a failure of the server's own, or of what stands before it
)

// becauseOf sets the kind by an error that kept an answer from coming, or from being
// used. Where it has an Error in its chain, from where a redirect, a proxy or a body was
// looked at, the kind is that one's.
func (e *Error) becauseOf(err error, connected bool) {
	if wrapped := new(url.Error); errors.As(err, &wrapped) {
		err = wrapped.Err // without net/http's method and URL
	}
	e.Err = err
	known, network, host := new(Error), new(net.OpError), new(net.DNSError)
	switch {
	case errors.As(err, &known):
		e.Kind, e.Redirect, e.final = known.Kind, known.Redirect, known.final
	case strings.HasPrefix(err.Error(), "failed to parse Location header"): // and repeats it, perhaps with a password
		e.Kind, e.Err = Redirected, errors.New("the server redirects to something that isn't a URL")
	case errors.As(err, &network) && network.Op == "proxyconnect": // net/http's word for it
		e.Kind = ProxyFailed
	case errors.Is(err, io.EOF) && connected:
		e.Kind, e.Err = Interrupted, errors.New("the connection was closed before an answer came")
	case failedInTLS(err, connected):
		e.Kind = TLSFailed
	case connected:
		e.Kind = Interrupted
	default:
		e.Kind, e.final = Unreachable, errors.As(err, &host) && host.IsNotFound
	}
}

// failedInTLS reports whether TLS failed, and not the connection below it. Most errors
// of crypto/tls have no type, but all begin alike. In TLS 1.3, a server refuses a
// client without a certificate only after the handshake.
func failedInTLS(err error, connected bool) bool {
	network := new(net.OpError)
	alert := errors.As(err, &network) && network.Op == "remote error"
	return alert || errors.Is(err, http.ErrSchemeMismatch) || !connected && strings.Contains(err.Error(), "tls: ")
}

// kindOfStatus is the kind of an answer that isn't 200. ofAPI says that it is in the
// form of the API's errors.
func kindOfStatus(status int, message string, ofAPI bool) Kind {
	switch {
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusProxyAuthRequired: // over plain HTTP a proxy answers in the server's place
		return ProxyFailed
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status == http.StatusInternalServerError && strings.HasPrefix(message, "Output validation failed"): // API.md, Errors
		return BrokenRow
	case status >= 500, status == http.StatusRequestTimeout:
		return ServerFailed
	case status >= 300 && status < 400:
		return Redirected
	case !ofAPI, status == http.StatusNotFound:
		return NotTheAPI
	case status == http.StatusForbidden:
		return Forbidden
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return Rejected
	}
	return Refused
}

// retryable reports whether the same request may succeed later.
func (e *Error) retryable() bool {
	switch e.Kind {
	case Unreachable, ProxyFailed, Interrupted, TimedOut, RateLimited, ServerFailed:
		return !e.final
	default:
		return false
	}
}
