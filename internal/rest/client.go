// Package rest requests JSON from one server with one key: attempts, retries, rate
// limits, timeouts, redirects, proxies, TLS and the memory that answers take. It knows
// nothing of pages, rows or TofuPilot.
package rest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
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

// Config is what a Client needs.
type Config struct {
	BaseURL        *url.URL
	APIKey         string            // not empty, and fit for a header
	Transport      http.RoundTripper // from NewTransport
	Memory         *Budget           // of bodies, and of what is kept of them
	MaxRetries     int               // how often one page is tried again, 0 to MaxRetries
	RequestTimeout time.Duration     // for one attempt, its body included; positive
	UserAgent      string
	ClientType     string       // the x-client-type header
	ClientVersion  string       // the x-client-version header
	Log            *slog.Logger // all texts of it that a server chose are redacted by its handler
}

// Client talks to one server with one key. It may be used by several
// goroutines; all of them share its limit of requests in flight.
type Client struct {
	base           *url.URL
	header         http.Header
	http           *http.Client
	gate           *gate
	memory         *Budget
	maxRetries     int
	retryInterval  time.Duration
	requestTimeout time.Duration
	log            *slog.Logger
}

// New makes a Client. It sends nothing.
func New(config Config) *Client {
	return &Client{
		base: config.BaseURL,
		header: http.Header{
			"Accept":           {"application/json"},
			"Authorization":    {"Bearer " + config.APIKey},
			"User-Agent":       {config.UserAgent},
			"X-Client-Type":    {config.ClientType},
			"X-Client-Version": {config.ClientVersion},
		},
		http:           &http.Client{Transport: config.Transport, CheckRedirect: checkRedirect},
		gate:           newGate(),
		memory:         config.Memory,
		maxRetries:     config.MaxRetries,
		retryInterval:  500 * time.Millisecond,
		requestTimeout: config.RequestTimeout,
		log:            config.Log,
	}
}

// checkRedirect keeps the key with the server that was configured.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if !SameServer(next.URL, via[0].URL) {
		return &Error{Kind: Redirected, Redirect: next.URL, Err: errors.New("the server redirects to another address: " + next.URL.Redacted())}
	}
	if len(via) == 10 {
		return &Error{Kind: Redirected, Err: errors.New("the server redirected 10 times")}
	}
	return nil
}

// Get requests a path below the base and hands the body to decode, which keeps nothing
// of it; its error tells why the answer can't be used. The error is an *Error, or the
// context's, which may have one in its chain: what was being waited out.
//
// A request that fails for a temporary reason is tried again, up to maxRetries times. The
// pauses grow exponentially and are drawn between zero and twice the current interval, so
// that clients that failed together don't come back together; Retry-After replaces them
// where it comes, and fails the request at once where the context ends before. After a 429
// the gate has every request wait, and decides whether it counts.
func (c *Client) Get(ctx context.Context, path string, query url.Values, decode func(body []byte) error) error {
	target := c.base.JoinPath(path)
	target.RawQuery = query.Encode()
	var last *Error // of the attempt before
	failures, interval := 0, c.retryInterval
	for number := 1; ; number++ {
		failed, err := c.try(ctx, number, target, decode)
		switch {
		case err != nil:
			return waitedOut(err, cmp.Or(last, failed))
		case failed == nil:
			return nil
		}
		last = failed
		limited := failed.Kind == RateLimited
		if !limited {
			failures++
		}
		if !failed.retryable() || failures > c.maxRetries || limited && c.gate.givesUp(c.maxRetries) {
			return failed
		}
		if failed.TimeLeft = tooLong(ctx, failed.RetryAfter); failed.TimeLeft > 0 {
			return failed
		}
		pause := cmp.Or(failed.RetryAfter, rand.N(2*interval))
		if limited {
			pause = c.gate.closedFor()
		}
		c.log.WarnContext(ctx, "Trying a request again", "error", failed, "attempt", number, "pause", pause.Round(time.Millisecond).String())
		if limited {
			continue // the gate has it wait
		}
		interval = min(2*interval, lastInterval)
		if err := sleep(ctx, pause); err != nil {
			return waitedOut(err, last)
		}
	}
}

// try sends a request once, when the gate lets it through, and tells log and gate what
// came of it. The error is the context's; failed is then the 429 that was waited for, if one
// was.
func (c *Client) try(ctx context.Context, number int, target *url.URL, decode func(body []byte) error) (failed *Error, err error) {
	sent, held, err := c.gate.enter(ctx, c.maxRetries)
	if held != nil || err != nil {
		if held != nil {
			held.Method, held.URL, held.Attempts = http.MethodGet, target.String(), number-1
		}
		return held, err
	}
	defer c.gate.leave()
	status, failed, err := c.attempt(ctx, target, decode)
	c.log.DebugContext(ctx, "Asked the server", "method", http.MethodGet, "path", target.RequestURI(),
		"status", status, "duration", time.Since(sent).String(), "attempt", number)
	if failed != nil {
		failed.Attempts = number
	}
	switch {
	case status == http.StatusOK:
		c.gate.succeed()
	case failed != nil && failed.Kind == RateLimited:
		c.gate.close(sent, failed.RetryAfter)
	}
	return failed, err
}

// attempt sends one request and tells what came of it. The error is the context's: that
// may have another request's *Error in its chain, and must not be taken for this one's.
func (c *Client) attempt(ctx context.Context, target *url.URL, decode func(body []byte) error) (status int, failed *Error, err error) {
	body := c.memory.Share()
	defer body.Release()
	attemptCtx, cancel := context.WithTimeout(ctx, c.requestTimeout)
	defer cancel()
	got, err := c.exchange(attemptCtx, target, body)
	failed = &Error{Method: http.MethodGet, URL: target.String(), Status: got.status, ContentType: got.header.Get("Content-Type")}
	switch {
	case err != nil && attemptCtx.Err() != nil && got.connected:
		err = &Error{Kind: TimedOut, Err: fmt.Errorf("no complete answer within %s", FormatDuration(c.requestTimeout))}
	case err != nil && attemptCtx.Err() != nil:
		err = &Error{Kind: Unreachable, Err: fmt.Errorf("no connection within %s, the request_timeout", FormatDuration(c.requestTimeout))}
	case err == nil && got.status == http.StatusOK:
		if err = decode(got.body); err != nil {
			err = failed.unusable(err, got.header, got.body)
		}
	}
	switch {
	case ctx.Err() != nil:
		return got.status, nil, context.Cause(ctx)
	case err != nil:
		failed.becauseOf(err, got.connected)
	case got.status == http.StatusOK:
		return got.status, nil, nil
	default:
		ofAPI := failed.parseMessage(got.body)
		failed.Kind = kindOfStatus(got.status, failed.Message, ofAPI)
		failed.final = got.status == http.StatusProxyAuthRequired
		failed.RetryAfter = retryAfter(got.header, time.Now())
	}
	return got.status, failed, nil
}

// answer is what came back, as far as it came.
type answer struct {
	connected bool
	status    int // 0: nothing came
	header    http.Header
	body      []byte
}

// exchange sends one request and reads the body of its answer, which is counted in a
// share.
func (c *Client) exchange(ctx context.Context, target *url.URL, body *Share) (got answer, err error) {
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	request, err := http.NewRequestWithContext(traced, http.MethodGet, target.String(), nil)
	if err != nil {
		return got, err
	}
	request.Header = c.header.Clone()
	response, err := c.http.Do(request)
	got.connected = connected.Load() || response != nil
	if response == nil {
		return got, err
	}
	defer response.Body.Close() //nolint:errcheck // nothing was written
	// Closing ends a read, also of a body that net/http doesn't tie to the context.
	stop := context.AfterFunc(ctx, func() { _ = response.Body.Close() })
	defer stop()
	got.status, got.header = response.StatusCode, response.Header
	switch {
	case err != nil: // a redirect that isn't followed
	case got.status == http.StatusOK:
		got.body, err = readBody(body, response.Body)
	case got.status == http.StatusSwitchingProtocols: // what follows is no body
	default: // the status tells enough, even if the body can't be read
		got.body, _ = io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	}
	return got, err
}

// unusable tells what a body is, in place of the page that it isn't.
func (e *Error) unusable(err error, header http.Header, body []byte) error {
	known := new(Error)
	switch encoding := header.Get("Content-Encoding"); { // without gzip, which net/http takes care of
	case encoding != "" && encoding != "identity":
		return &Error{Kind: NotTheAPI, Err: fmt.Errorf("the answer's encoding is %s, which the provider didn't ask for", encoding)}
	case errors.As(err, &known):
		return err
	case !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")):
		return &Error{Kind: NotTheAPI, Err: err}
	}
	_ = e.parseMessage(body) // a notice of maintenance, perhaps
	return &Error{Kind: Unsupported, Err: err}
}
