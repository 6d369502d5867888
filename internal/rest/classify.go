package rest

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// classify returns the error of an attempt that failed: what was received, what kind of
// failure that is, and whether it is permanent. Without an err, the status is why.
func classify(received response, err error) *Error {
	failed := &Error{Status: received.status, ContentType: received.header.Get("Content-Type"), Err: err}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		failed.Err = wrapped.Err // without net/http's method and URL
	}
	var (
		blocked  *blockedError
		redirect *redirectError
		proxy    *proxyError
		timeout  *timeoutError
		decoding *decodeError
		network  *net.OpError
	)
	switch {
	case err == nil:
		failed.classifyStatus(received)
	case errors.As(err, &blocked):
		failed.Kind, failed.permanent = RateLimited, true
		if blocked.status == http.StatusServiceUnavailable {
			failed.Kind = Unavailable
		}
		failed.RetryAfter, failed.TimeLeft = blocked.retryAfter, blocked.timeLeft
	case errors.Is(err, ErrMemory), errors.Is(err, errBodyTooLarge):
		failed.Kind = TooLarge
	case errors.As(err, &redirect):
		failed.Kind, failed.MovedTo = Redirected, redirect.base
		if redirect.to != nil {
			failed.Redirect = withoutQuery(redirect.to)
		}
	case strings.HasPrefix(failed.Err.Error(), "failed to parse Location header"): // the text repeats it, perhaps with a password
		failed.Kind, failed.Err = Redirected, errors.New("the server redirects to something that isn't a URL")
	case errors.As(err, &proxy):
		failed.Kind, failed.permanent = ProxyFailed, proxy.permanent
	case errors.As(err, &network) && (network.Op == "proxyconnect" || network.Op == "socks connect"): // as net/http names them
		failed.Kind = ProxyFailed
	case errors.As(err, &timeout) && received.connected:
		failed.Kind = TimedOut
	case errors.As(err, &timeout):
		failed.Kind, failed.Err = Unreachable, fmt.Errorf("no connection within %s", FormatDuration(timeout.after))
	case errors.As(err, &decoding):
		failed.classifyDecoding(received, decoding.err)
	case received.status != 0:
		failed.Kind = Interrupted
	case errors.Is(err, io.EOF) && received.connected:
		failed.Kind, failed.Err = Interrupted, errors.New("the connection was closed before a response came")
	case errors.As(err, new(*net.DNSError)): // before TLS, which a host's name may contain
		failed.Kind = connectionKind(err)
	case errors.Is(err, http.ErrSchemeMismatch):
		failed.Kind = NotTLS
	case isTLSFailure(err, received.connected):
		failed.Kind = TLSFailed
		if errors.As(err, &network) {
			failed.Err = network // without the name of a function of net/http
		}
	case received.connected:
		failed.Kind = Interrupted
	default:
		failed.Kind = connectionKind(err)
	}
	if received.mayLackCertificate && failed.isDueToCertificate(received, err) {
		failed.Kind = CertificateRejected
	}
	return failed
}

// isDueToCertificate reports whether the server may have rejected the client because it lacks
// the right certificate. Such a server ends the handshake, ends the connection after it (TLS
// 1.3), or responds with an error page of nginx or a 403 in HTML.
func (e *Error) isDueToCertificate(received response, err error) bool {
	switch {
	case e.Kind == TLSFailed:
		return !errors.As(err, new(*tls.CertificateVerificationError))
	case received.status == 0:
		return (e.Kind == Interrupted || e.Kind == Unreachable) && isReset(err)
	case received.status == http.StatusBadRequest:
		return bytes.Contains(received.body, []byte("No required SSL certificate was sent")) || bytes.Contains(received.body, []byte("The SSL certificate error"))
	default:
		return received.status == http.StatusForbidden && isHTML(received)
	}
}

// isReset reports whether the other side ended the connection.
func isReset(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, errWindowsReset, errWindowsAborted} {
		if errors.Is(err, end) {
			return true
		}
	}
	// net/http has no exported error for the end of an HTTP/2 connection before its first frame.
	return strings.Contains(err.Error(), "http2: client conn could not be established")
}

// classifyStatus sets the kind of a response that isn't 200.
func (e *Error) classifyStatus(received response) {
	isAPIError := e.parseMessage(received.body)
	e.RetryAfter = parseRetryAfter(received.header, time.Now())
	switch {
	case !isAPIError && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden):
		e.Kind = GatewayResponded
	case e.Status == http.StatusUnauthorized:
		e.Kind = Unauthorized
	case e.Status == http.StatusProxyAuthRequired: // over plain HTTP a proxy responds instead of the server
		e.Kind, e.permanent = ProxyFailed, true
	case e.Status == http.StatusTooManyRequests:
		e.Kind = RateLimited
	case e.Status == http.StatusServiceUnavailable:
		e.Kind = Unavailable
	case e.Status >= 500, e.Status == http.StatusRequestTimeout:
		e.Kind = ServerFailed
	case e.Status >= 300 && e.Status < 400:
		e.Kind = Redirected
	case !isAPIError, e.Status == http.StatusNotFound:
		e.Kind = NotTheAPI
	case e.Status == http.StatusForbidden:
		e.Kind = Forbidden
	case e.Status == http.StatusBadRequest, e.Status == http.StatusUnprocessableEntity:
		e.Kind = InvalidArguments
	default:
		e.Kind = Rejected
	}
}

// classifyDecoding sets the kind of a 200 whose body can't be used.
func (e *Error) classifyDecoding(received response, err error) {
	e.Err = err
	switch encoding := received.header.Get("Content-Encoding"); { // net/http has decoded gzip
	case encoding != "" && encoding != "identity":
		e.Kind, e.Err = NotTheAPI, fmt.Errorf("the response's encoding is %s, which the provider didn't ask for", encoding)
	case bytes.HasPrefix(bytes.TrimSpace(received.body), []byte("{")):
		e.Kind = Unsupported
		if errors.Is(err, ErrTruncated) {
			e.Kind = Interrupted
			return
		}
		_ = e.parseMessage(received.body) // perhaps a notice of maintenance
	default:
		e.Err = fmt.Errorf("the response is %s, not a JSON object", describeBody(received.body))
		switch {
		case isHTML(received):
			e.Kind = GatewayResponded
		case errors.Is(err, ErrTruncated): // also if it is empty
			e.Kind = Interrupted
		default:
			e.Kind = NotTheAPI
		}
	}
}

// isHTML reports whether a response is HTML, by its header or by its body.
func isHTML(received response) bool {
	if describeBody(received.body) == "HTML" {
		return true
	}
	declared, _, _ := strings.Cut(received.header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(declared)) {
	case "text/html", "application/xhtml+xml":
		return len(bytes.TrimSpace(received.body)) > 0
	}
	return false
}

// describeBody says what a body is that isn't a JSON object.
func describeBody(body []byte) string {
	body = bytes.TrimSpace(body)
	switch sniffed := http.DetectContentType(body); {
	case len(body) == 0:
		return "empty"
	case body[0] == '[':
		return "an array"
	case strings.HasPrefix(sniffed, "text/html"):
		return "HTML"
	case strings.HasPrefix(sniffed, "text/xml"):
		return "XML"
	case strings.HasPrefix(sniffed, "text/"):
		return "text"
	default:
		return "binary data"
	}
}

// isTLSFailure reports whether TLS failed, and not the connection below it. Most errors
// of crypto/tls have no type, but all begin alike. In TLS 1.3, a server rejects a
// client without a certificate only after the handshake.
func isTLSFailure(err error, connected bool) bool {
	network, ok := errors.AsType[*net.OpError](err)
	alert := ok && network.Op == "remote error"
	verification := errors.As(err, new(*tls.CertificateVerificationError))
	return alert || verification || !connected && strings.Contains(err.Error(), "tls: ")
}

// connectionKind returns the kind of an error that prevented a connection.
func connectionKind(err error) Kind {
	name, isName := errors.AsType[*net.DNSError](err)
	switch {
	case isName && name.IsNotFound:
		return HostNotFound
	case isName:
		return NameNotResolved
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, errWindowsRefused):
		return ConnectionRefused
	default:
		return Unreachable
	}
}

// Errors of Windows that Go doesn't map to those of Unix.
const (
	errWindowsAborted = syscall.Errno(10053) // WSAECONNABORTED
	errWindowsReset   = syscall.Errno(10054) // WSAECONNRESET
	errWindowsRefused = syscall.Errno(10061) // WSAECONNREFUSED
)

// parseMessage adds the message and the issues of a body in JSON, and reports whether it is
// in the form of the API's errors. A body in another form, such as a proxy's page, or one
// that is longer than an error adds nothing.
func (e *Error) parseMessage(body []byte) (isAPIError bool) {
	if len(body) > maxErrorBody {
		return false
	}
	var parsed struct {
		Message jsontext.Value `json:"message"`
		Error   jsontext.Value `json:"error"` // of gateways and proxies
		Issues  jsontext.Value `json:"issues"`
	}
	var message, gatewayMessage string
	var issues []struct {
		Message string `json:"message"`
		Path    []any  `json:"path"`
	}
	// Whatever can be read is worth showing, also beside what can't.
	lax := json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_ = json.Unmarshal(body, &parsed, lax)
	_ = json.Unmarshal(parsed.Message, &message, lax)
	_ = json.Unmarshal(parsed.Error, &gatewayMessage, lax)
	_ = json.Unmarshal(parsed.Issues, &issues, lax)
	e.Message = cmp.Or(message, gatewayMessage)
	for _, issue := range issues[:min(len(issues), maxIssues)] {
		var path []string
		for _, step := range issue.Path {
			path = append(path, fmt.Sprint(step))
		}
		e.Issues = append(e.Issues, Issue{Path: strings.Join(path, "."), Message: issue.Message})
	}
	return message != ""
}

const maxIssues = 20

// MaxRetryAfter is the longest Retry-After: longer ones count as this.
const MaxRetryAfter = 365 * 24 * time.Hour

// parseRetryAfter parses a Retry-After header: seconds, or an HTTP date, which is relative
// to the response's own Date if it has one. The pause is between zero and MaxRetryAfter, and
// zero if the header is missing or can't be parsed.
func parseRetryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	// A number out of range is read as the largest.
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(MaxRetryAfter/time.Second))) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent // this machine's clock may be wrong
	}
	pause := date.Sub(now.Truncate(time.Second)) // whole seconds, rounded up, for messages
	return min(max(pause, 0), MaxRetryAfter)
}
