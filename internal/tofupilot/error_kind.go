package tofupilot

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
)

// Kind sorts failed requests by what they mean, whatever their cause looks like.
type Kind int

// The kinds of an Error. The first are of requests without an answer that can be
// used, the others of answers that refuse.
const (
	Unreachable         Kind = iota // no connection, or one that broke
	UnknownHost                     // the server's name doesn't resolve
	Untrusted                       // the certificate isn't trusted, has expired, or is for another host
	ProxyMisconfigured              // its address is none
	ProxyUnreachable                // no connection to the proxy
	ProxyUnauthorized               // the proxy wants a user and a password
	ProxyRefused                    // the proxy doesn't connect to this server
	ProxyFailed                     // the proxy can't connect to the server
	NotTLS                          // something answers without TLS where TLS was expected
	Redirected                      // the server sends us to another server
	RedirectedInACircle             // or on and on, or to nowhere
	TimedOut                        // one attempt took too long
	TooLarge                        // more than a page ever is
	CutOff                          // the answer ended too early
	Unusable                        // status 200, but nothing that an API answers with
	Unsupported                     // status 200 and a JSON object, but not a page of the list as we know it

	Rejected     // the API takes an argument for wrong: 400 or 422
	NotTheAPI    // a 400 that isn't the API's
	Blocked      // a 403 that isn't the API's
	Unauthorized // the API doesn't accept the key
	Forbidden    // the key may not read the list
	NotFound     // there is no such list
	RateLimited  // too many requests
	BrokenRow    // the server can't show one of the rows itself
	InTrouble    // a failure of the server's own, or of what stands before it
	Unexpected   // any other status
)

// Kind tells what the failure means.
func (e *Error) Kind() Kind {
	var (
		redirect    *RedirectError
		timeout     *TimeoutError
		tooLarge    *TooLargeError
		cutOff      *CutOffError
		body        *BodyError
		proxy       *ProxyError
		dial        *net.OpError
		noHost      *net.DNSError
		certificate *tls.CertificateVerificationError
		notTLS      tls.RecordHeaderError
	)
	switch err := e.Err; {
	case err == nil:
		return e.kindOfStatus()
	case errors.Is(err, errHeld):
		return RateLimited
	case errors.As(err, &redirect):
		return Redirected
	case errors.As(err, &timeout):
		return TimedOut
	case errors.As(err, &tooLarge):
		return TooLarge
	case errors.Is(err, errRedirects), errors.Is(err, errLocation):
		return RedirectedInACircle
	case errors.As(err, &cutOff):
		return CutOff
	case errors.As(err, &body) && body.Object:
		return Unsupported
	case errors.As(err, &body):
		return Unusable
	case errors.Is(err, errProxyAddress):
		return ProxyMisconfigured
	case errors.As(err, &proxy):
		return kindOfProxy(proxy.Status)
	case errors.As(err, &certificate):
		return Untrusted
	case errors.As(err, &dial) && dial.Op == "proxyconnect": // net/http's word for it
		return ProxyUnreachable
	case errors.As(err, &noHost) && noHost.IsNotFound:
		return UnknownHost
	case errors.As(err, &notTLS), errors.Is(err, http.ErrSchemeMismatch):
		return NotTLS
	}
	return Unreachable
}

func kindOfProxy(status int) Kind {
	switch {
	case status == http.StatusProxyAuthRequired:
		return ProxyUnauthorized
	case status >= 500:
		return ProxyFailed
	}
	return ProxyRefused
}

func (e *Error) kindOfStatus() Kind {
	switch status := e.Status; {
	case status == http.StatusBadRequest && e.Message == "":
		return NotTheAPI
	case status == http.StatusForbidden && e.Message == "":
		return Blocked
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return Rejected
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusForbidden:
		return Forbidden
	case status == http.StatusNotFound:
		return NotFound
	case status == http.StatusProxyAuthRequired: // over plain HTTP a proxy answers in the server's place
		return ProxyUnauthorized
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status == http.StatusInternalServerError && strings.HasPrefix(e.Message, "Output validation failed"): // API.md, Errors
		return BrokenRow
	case status >= 500, status == http.StatusRequestTimeout:
		return InTrouble
	case status >= 300 && status < 400:
		return RedirectedInACircle
	}
	return Unexpected
}

// mayPass tells whether the same request may succeed later.
func (e *Error) mayPass() bool {
	switch e.Kind() {
	case Unreachable, ProxyUnreachable, ProxyFailed, TimedOut, CutOff, RateLimited, InTrouble:
		return true
	default:
		return false
	}
}
