package tofupilot

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// Kind sorts failed requests by what they mean, whatever their cause looks like.
type Kind int

// The kinds of an Error.
const (
	Unreachable         Kind = iota // no connection, or one that broke
	UnknownHost                     // the server's name doesn't resolve
	Untrusted                       // the certificate isn't trusted, has expired, or is for another host
	NotTLS                          // something answers without TLS where TLS was expected
	Redirected                      // the server sends us to another server
	RedirectedInACircle             // or on and on
	TimedOut                        // one attempt took too long
	TooLarge                        // more than a page of procedures ever is
	CutOff                          // the answer ended too early
	Unusable                        // status 200, but not a page of procedures
	Refused                         // any other status
)

// Kind tells what the failure means.
func (e *Error) Kind() Kind {
	var (
		redirect    *RedirectError
		timeout     *TimeoutError
		tooLarge    *TooLargeError
		cutOff      *CutOffError
		body        *BodyError
		noHost      *net.DNSError
		certificate *tls.CertificateVerificationError
		notTLS      tls.RecordHeaderError
	)
	switch err := e.Err; {
	case err == nil:
		return Refused
	case errors.As(err, &redirect):
		return Redirected
	case errors.As(err, &timeout):
		return TimedOut
	case errors.As(err, &tooLarge):
		return TooLarge
	case errors.Is(err, errRedirects):
		return RedirectedInACircle
	case errors.As(err, &cutOff):
		return CutOff
	case errors.As(err, &body):
		return Unusable
	case errors.As(err, &noHost) && noHost.IsNotFound:
		return UnknownHost
	case errors.As(err, &certificate):
		return Untrusted
	case errors.As(err, &notTLS), errors.Is(err, http.ErrSchemeMismatch):
		return NotTLS
	}
	return Unreachable
}

// mayPass tells whether the same request may succeed later.
func (e *Error) mayPass() bool {
	switch e.Kind() {
	case Unreachable, TimedOut, CutOff:
		return true
	case Refused:
		return e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status >= 500
	default:
		return false
	}
}
