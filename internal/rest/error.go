package rest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Error reports a request that failed: what was requested, what was received, and what kind
// of failure that is. Some of its texts are a server's: they are redacted where users see
// them, in diagnostics and in the log.
type Error struct {
	Kind     Kind
	URL      string // with its query
	Attempts int    // that were sent; 0 if the gate was closed for the first

	Status      int    // of the latest response; 0 if there was none
	ContentType string // of the latest response
	Message     string // of the body; empty unless that is JSON with such a text
	Issues      []Issue
	RetryAfter  time.Duration // how long the server asked to wait, at most MaxRetryAfter; 0 if it didn't
	TimeLeft    time.Duration // until the context's deadline, if that comes before RetryAfter is over; else 0
	Redirect    *url.URL      // the target of a redirect that isn't followed, without its query; nil otherwise
	MovedTo     *url.URL      // the base of the API there; nil if its path isn't the requested one

	Err error // why there was no response, or why a 200 can't be used; nil if the status says why

	permanent bool // not retried, although its kind can be
}

func (e *Error) Error() string {
	return fmt.Sprintf("GET %s: %s", e.URL, e.withoutURL())
}

// withoutURL returns e without its URL, which is another field of the log. It is an error and
// not a string, because the log's handler removes headers' values from errors only.
func (e *Error) withoutURL() error {
	var text strings.Builder
	if e.Err != nil {
		text.WriteString(strings.TrimSuffix(e.Err.Error(), ".")) // messages of Windows end in a period
	} else {
		text.WriteString(e.StatusLine())
	}
	if e.Message != "" {
		fmt.Fprintf(&text, ": %s", strings.TrimSuffix(e.Message, "."))
	}
	for _, issue := range e.Issues {
		fmt.Fprintf(&text, "; %s: %s", issue.Path, issue.Message)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&text, " (after %d attempts)", e.Attempts)
	}
	return errors.New(text.String())
}

func (e *Error) Unwrap() error { return e.Err }

// StatusLine returns the status in words, such as HTTP 404 Not Found.
func (e *Error) StatusLine() string { return statusLine(e.Status) }

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)))
}

// canRetry reports whether the same request may succeed later.
func (e *Error) canRetry() bool {
	switch e.Kind {
	case NameNotResolved, ConnectionRefused, Unreachable, ProxyFailed, Interrupted, TimedOut, RateLimited, Unavailable, ServerFailed:
		return !e.permanent
	default:
		return false
	}
}

// isRefusal reports whether the server refused a request for now, with a 429 or a 503.
func (e *Error) isRefusal() bool { return e.Kind == RateLimited || e.Kind == Unavailable }

// isUnusable reports whether the server was reached, but didn't respond in time or
// responded with something other than a result or a 429.
func (e *Error) isUnusable() bool {
	switch e.Kind {
	case Interrupted, TimedOut, Unavailable, ServerFailed:
		return true
	default:
		return false
	}
}

// Issue describes what is wrong with one parameter.
type Issue struct {
	Path    string // such as limit; may be empty
	Message string
}

// Kind sorts failed requests by what users can do about them. The zero value is invalid.
type Kind int

// The kinds of an [Error].
const (
	// The server wasn't reached: any request fails in the same way.

	HostNotFound        Kind = iota + 1 // no such host
	NameNotResolved                     // the resolver doesn't work
	ConnectionRefused                   // nothing accepts connections at the address and port
	Unreachable                         // no connection, for another reason
	NotTLS                              // the server doesn't use TLS on this port
	TLSFailed                           // the handshake failed, or the certificate isn't trusted
	CertificateRejected                 // the server requested a client certificate, and rejects the one that it got, or none
	ProxyFailed                         // a proxy doesn't connect to the server
	Redirected                          // the server redirects to another address

	// The response can't be used.

	Interrupted      // the connection or the body ended early
	TimedOut         // one attempt took too long
	TooLarge         // larger than a page can be, or no memory is left
	GatewayResponded // a 401 or 403 that isn't the API's, or HTML with status 200
	NotTheAPI        // something else responded
	Unsupported      // status 200 and a JSON object, but not the expected one

	// The server rejected the request.

	InvalidArguments // a parameter is wrong
	Rejected         // the server's message says why
	Unauthorized     // the key isn't accepted
	Forbidden        // the key may not read this
	RateLimited      // too many requests: this one, or another one of the same client
	Unavailable      // 503: down, or too many requests, as nginx says it
	ServerFailed     // another failure of the server, or of something in front of it
)

// ErrTruncated is in the chain of decode's error if the body ends too early. The request
// is retried then.
var ErrTruncated = errors.New("the body ends too early")

// timeoutError reports an attempt that took too long.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	return "no complete response within " + FormatDuration(e.after)
}

// decodeError wraps the error of a decode function.
type decodeError struct{ err error }

func (e *decodeError) Error() string { return e.err.Error() }
func (e *decodeError) Unwrap() error { return e.err }

// FormatDuration formats a duration as people write it: 5m instead of 5m0s.
func FormatDuration(duration time.Duration) string {
	text := duration.String()
	for _, unit := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, unit) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// response holds what was received of a response.
type response struct {
	connected bool // whether there was a connection
	status    int  // 0: nothing was received
	header    http.Header
	body      []byte

	mayLackCertificate bool // whether a failure may be due to the client certificate
}
