// Package rest requests JSON from one server with one key: attempts, retries, rate
// limits, timeouts, redirects, proxies, TLS and the memory that responses take. It knows
// nothing of pages, rows or TofuPilot.
package rest

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// Defaults and bounds of a Config.
const (
	DefaultMaxRetries     = 3 // as TofuPilot's own clients
	MaxRetries            = 10
	DefaultRequestTimeout = 30 * time.Second // as TofuPilot's own clients
)

// Pauses between two attempts have random lengths, up to twice an interval that doubles
// from the first to the last, so that clients that failed together don't return together.
const (
	firstInterval = 500 * time.Millisecond
	lastInterval  = 10 * time.Second
)

// Config configures a Client. All fields but Headers, Certificate and Permanent are required.
type Config struct {
	BaseURL        *url.URL
	APIKey         string            // not empty, and valid in a header
	Headers        map[string]string // sent with every request, beside the client's own; may be nil
	Certificate    *tls.Certificate  // presented to a server that requests one; may be nil
	Transport      http.RoundTripper // from NewTransport
	Memory         *Budget           // for bodies, and for what is kept of them
	MaxRetries     int               // 0 to MaxRetries
	RequestTimeout time.Duration     // of one attempt, including its body; positive
	UserAgent      string
	ClientType     string            // the x-client-type header
	ClientVersion  string            // the x-client-version header
	Log            *slog.Logger      // its handler must redact: strings are the provider's text, errors may have the server's
	Permanent      func(*Error) bool // reports responses that no retry can change; nil: none
}

// Client requests from one server with one key. Several goroutines may use it; all of them
// share its limit of requests in flight.
type Client struct {
	base           *url.URL
	header         http.Header
	http           *http.Client
	gate           *gate
	memory         *Budget
	retryInterval  time.Duration
	requestTimeout time.Duration
	permanent      func(*Error) bool
	log            *slog.Logger

	certificate          *tls.Certificate
	certificateRequested atomic.Bool // in some handshake
}

// New returns a Client. It sends nothing.
func New(config Config) *Client {
	client := &Client{
		base: config.BaseURL,
		header: http.Header{
			"Accept":           {"application/json"},
			"Authorization":    {"Bearer " + config.APIKey},
			"User-Agent":       {config.UserAgent},
			"X-Client-Type":    {config.ClientType},
			"X-Client-Version": {config.ClientVersion},
		},
		gate:           newGate(config.MaxRetries),
		memory:         config.Memory,
		retryInterval:  firstInterval,
		requestTimeout: config.RequestTimeout,
		permanent:      config.Permanent,
		log:            config.Log,
		certificate:    config.Certificate,
	}
	for name, value := range config.Headers {
		client.header.Set(name, value)
	}
	if transport, ok := config.Transport.(*http.Transport); ok {
		transport.TLSClientConfig.GetClientCertificate = client.presentCertificate
	}
	client.http = &http.Client{Transport: config.Transport, CheckRedirect: client.checkRedirect}
	if client.permanent == nil {
		client.permanent = func(*Error) bool { return false }
	}
	return client
}

// Get requests a path below the base and passes the body of a 200 to decode, which must not
// keep the body. Its error says why the response can't be used. The error of Get is an
// *Error, or one that wraps the context's cause and the *Error of the latest attempt that
// failed before the context ended, if there is one.
//
// A request that fails for a temporary reason is retried up to MaxRetries times. A
// Retry-After replaces the pause before a retry; if the context ends before it is over, the
// request fails at once. After a 429 or a 503 the gate blocks all requests, and decides
// whether the refusal counts.
func (c *Client) Get(ctx context.Context, path string, query url.Values, decode func(body []byte) error) error {
	return c.get(ctx, &request{target: c.target(path, query), decode: decode, timeout: c.requestTimeout, order: normal})
}

// GetOnce is like Get, for a request that has a fallback. An attempt takes at most ten seconds.
// The request is retried only after a 429 or a failure to connect, not after a timeout or an
// unusable response.
func (c *Client) GetOnce(ctx context.Context, path string, query url.Values, decode func(body []byte) error) error {
	return c.get(ctx, &request{target: c.target(path, query), decode: decode, timeout: min(c.requestTimeout, onceTimeout), once: true, order: normal})
}

const onceTimeout = 10 * time.Second

func (c *Client) target(path string, query url.Values) *url.URL {
	target := c.base.JoinPath(path)
	target.RawQuery = query.Encode()
	return target
}

// request is one URL, with its retries.
type request struct {
	target  *url.URL
	decode  func(body []byte) error
	timeout time.Duration // of an attempt
	once    bool          // from GetOnce

	order order // in which the gate admits the next attempt
}

// get makes attempts until one succeeds or can't be retried.
func (c *Client) get(ctx context.Context, request *request) error {
	var failed *Error // the latest attempt's
	failures, unavailable, interval := 0, 0, c.retryInterval
	for number := 1; ; number++ {
		latest := c.attempt(ctx, number, request)
		if latest == nil {
			return nil
		}
		if ctx.Err() != nil { // it ended the attempt, or the wait at the gate
			if failed == nil && latest.isRefusal() { // the gate is closed, which says why there was no attempt
				failed = latest
			}
			return contextError(ctx, failed)
		}
		failed = latest
		if failed.Kind == Unavailable {
			unavailable++
		}
		if !failed.isRefusal() {
			failures++
		}
		switch {
		case !failed.canRetry(),
			request.once && failed.isUnusable(),
			failures > c.gate.maxRetries,
			unavailable == maxUnavailable:
			return failed
		}
		if failed.TimeLeft = timeLeft(ctx, failed.RetryAfter); failed.TimeLeft > 0 {
			return failed
		}
		if failed.isRefusal() {
			c.logRetry(ctx, request, failed, c.gate.closedFor())
			continue // the next attempt waits until the gate opens
		}
		pause := cmp.Or(failed.RetryAfter, rand.N(2*interval))
		interval = min(2*interval, lastInterval)
		c.logRetry(ctx, request, failed, pause)
		if err := sleep(ctx, pause); err != nil {
			return contextError(ctx, failed)
		}
	}
}

func (c *Client) logRetry(ctx context.Context, request *request, failed *Error, pause time.Duration) {
	c.log.WarnContext(ctx, "Trying a request again", "url", withoutQuery(request.target).String(), "query", loggedQuery(request.target),
		"error", failed.withoutURL(), "attempt", failed.Attempts, "pause", pause.Round(time.Millisecond).String())
}

// maxUnavailable bounds the 503s that one request may get, so that a URL that always gives
// one doesn't delay the others until the deadline.
const maxUnavailable = 10

// contextError returns the cause of a context that has ended, together with the failure
// of the latest attempt, if there is one.
func contextError(ctx context.Context, failed *Error) error {
	if failed == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w; before that: %w", context.Cause(ctx), failed)
}

// attempt sends a request once, when the gate admits it, and reports the outcome to the
// gate and to the log. It returns nil if decode accepted the body.
func (c *Client) attempt(ctx context.Context, number int, request *request) *Error {
	sent, err := c.gate.enter(ctx, request.order)
	if err != nil {
		failed := classify(response{}, err)
		failed.URL, failed.Attempts = request.target.String(), number-1
		return failed
	}
	received, err := c.send(ctx, request)
	status := received.status
	if err != nil {
		status = 0
	}
	c.log.DebugContext(ctx, "Sent a request", "method", http.MethodGet, "path", request.target.EscapedPath(), "query", loggedQuery(request.target),
		"status", received.status, "duration", time.Since(sent).String(), "attempt", number)
	if status == http.StatusOK {
		c.gate.leave(sent, status, 0)
		return nil
	}
	failed := classify(received, err)
	failed.URL, failed.Attempts = request.target.String(), number
	next, giveUp := c.gate.leave(sent, status, failed.RetryAfter)
	request.order = next
	failed.permanent = failed.permanent || giveUp || c.permanent(failed)
	return failed
}

// send sends a request once, within the timeout of an attempt, and decodes the body of a
// 200. The body's memory is released when it returns.
func (c *Client) send(ctx context.Context, request *request) (response, error) {
	memory := c.memory.Share()
	defer memory.Release()
	ctx, cancel := context.WithTimeout(ctx, request.timeout)
	defer cancel()
	received, err := c.exchange(ctx, request.target, memory)
	if err != nil && ctx.Err() != nil {
		return received, &timeoutError{request.timeout}
	}
	if err == nil && received.status == http.StatusOK {
		if err := request.decode(received.body); err != nil {
			return received, &decodeError{err}
		}
	}
	return received, err
}

// loggedQuery returns the query of an address for the log. It isn't a string, because it may
// have a cursor, which the server chose.
func loggedQuery(address *url.URL) fmt.Stringer { return &url.URL{RawQuery: address.RawQuery} }

// exchange sends a request and reads the body of its response.
func (c *Client) exchange(ctx context.Context, target *url.URL, memory *Share) (received response, err error) {
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	request, err := http.NewRequestWithContext(traced, http.MethodGet, target.String(), nil)
	if err != nil {
		return received, err
	}
	request.Header = c.header.Clone()
	httpResponse, err := c.http.Do(request)
	received.connected = connected.Load() || httpResponse != nil
	received.mayLackCertificate = c.mayLackCertificate(request)
	if httpResponse == nil {
		return received, err
	}
	defer httpResponse.Body.Close() //nolint:errcheck // nothing was written
	// Closing ends a read, also of a body that net/http doesn't tie to the context.
	stop := context.AfterFunc(ctx, func() { _ = httpResponse.Body.Close() })
	defer stop()
	received.status, received.header = httpResponse.StatusCode, httpResponse.Header
	switch {
	case err != nil: // a redirect that isn't followed
	case received.status == http.StatusOK:
		received.body, err = readBody(httpResponse.Body, memory)
	case received.status == http.StatusSwitchingProtocols: // no body follows
	default: // the status says enough, even if the body can't be read
		received.body, _ = io.ReadAll(io.LimitReader(httpResponse.Body, maxErrorBody))
	}
	return received, err
}

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// mayLackCertificate reports whether a failure may be due to the client certificate: in some
// handshake one was requested, and no request has succeeded, which would show that the server
// accepts what it gets. A proxy that is reached over TLS may have requested it for itself.
func (c *Client) mayLackCertificate(request *http.Request) bool {
	return c.certificateRequested.Load() && !c.gate.hasSucceeded() && !c.usesTLSProxy(request)
}

// usesTLSProxy reports whether a request goes to a proxy over TLS.
func (c *Client) usesTLSProxy(request *http.Request) bool {
	transport, ok := c.http.Transport.(*http.Transport)
	if !ok || transport.Proxy == nil {
		return false
	}
	proxy, _ := transport.Proxy(request)
	return proxy != nil && proxy.Scheme == "https"
}
