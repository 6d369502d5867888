// Package tofupilot is a client of TofuPilot's API, version 2, as far as it
// lists procedures. It is read-only, and knows nothing of Terraform.
package tofupilot

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
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
	BaseURL        *url.URL       // from ParseBaseURL
	APIKey         string         // not empty, and fit for a header: CheckAPIKey
	RootCAs        *x509.CertPool // nil: the system's
	MaxRetries     int            // how often one page is tried again, 0 to MaxRetries
	RequestTimeout time.Duration  // for one attempt, its body included; positive
	UserAgent      string
	ClientType     string       // the x-client-type header
	ClientVersion  string       // the x-client-version header
	Log            *slog.Logger // nil: no logging
}

// Client talks to one server with one key. It may be used by several
// goroutines; all of them share its limit of requests in flight.
type Client struct {
	base           *url.URL
	header         http.Header
	http           *http.Client
	limiter        *limiter
	largeBody      chan struct{} // holds one element while a large body is in memory
	held           atomic.Int64  // bytes kept of lists, see holding
	maxRetries     int
	retryInterval  time.Duration
	requestTimeout time.Duration
	clean          cleaner
	log            *slog.Logger
}

// New makes a Client. It sends nothing.
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
		http:           &http.Client{Transport: newTransport(config.RootCAs), CheckRedirect: checkRedirect},
		limiter:        newLimiter(),
		largeBody:      make(chan struct{}, 1),
		maxRetries:     config.MaxRetries,
		retryInterval:  500 * time.Millisecond,
		requestTimeout: config.RequestTimeout,
		clean:          newCleaner(config.APIKey),
		log:            config.Log,
	}
	if client.log == nil {
		client.log = slog.New(slog.DiscardHandler)
	}
	client.log = slog.New(logHandler{client.log.Handler(), client.clean})
	return client
}

// Clean makes a text that a server chose safe to show: without the API key,
// control characters and invisible formatting, and of bounded length.
func (c *Client) Clean(text string) string { return c.clean.text(text) }

// checkRedirect keeps the key with the server that was configured.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if !SameServer(next.URL, via[0].URL) {
		return &RedirectError{Location: next.URL}
	}
	if len(via) == 10 {
		return errRedirects
	}
	return nil
}

// get requests a path below the base and hands the body to decode, which returns
// how many rows it found and keeps nothing of the body. Its error tells why the
// answer can't be used. A request that fails for a temporary reason is retried. The
// error is an *Error, or the context's.
func (c *Client) get(ctx context.Context, path string, query url.Values, decode func(body []byte) (rows int, err error)) error {
	target := c.base.JoinPath(path)
	target.RawQuery = query.Encode()
	return c.retry(ctx, func(number int) error {
		closings, err := c.limiter.acquire(ctx)
		if err != nil {
			if refused := new(Error); errors.As(err, &refused) { // another request's 429, which holds this one up
				refused.URL, refused.Attempts = c.clean.text(target.String()), number-1
			}
			return err
		}
		defer c.limiter.release()

		started := time.Now()
		status, rows, err := c.attempt(ctx, target, decode)
		c.log.DebugContext(ctx, "Asked the server", "method", http.MethodGet, "path", target.RequestURI(),
			"status", status, "rows", rows, "duration", time.Since(started).String(), "attempt", number)
		failed := new(Error)
		if errors.As(err, &failed) {
			failed.Attempts = number
		}
		switch {
		case status == http.StatusOK:
			c.limiter.succeeded(closings)
		case failed.Kind() == RateLimited:
			c.limiter.refused(closings, failed, c.maxRetries)
		}
		return err
	})
}

// attempt sends one request and reads all of its answer.
func (c *Client) attempt(ctx context.Context, target *url.URL, decode func(body []byte) (rows int, err error)) (status, rows int, err error) {
	failed := &Error{Method: http.MethodGet, URL: c.clean.text(target.String())}
	timeout := &TimeoutError{After: FormatDuration(c.requestTimeout)}
	attemptCtx, cancel := context.WithTimeoutCause(ctx, c.requestTimeout, timeout)
	defer cancel()

	request, err := http.NewRequestWithContext(attemptCtx, http.MethodGet, target.String(), nil)
	if err != nil {
		return 0, 0, err
	}
	request.Header = c.header.Clone()
	response, err := c.http.Do(request)
	if response != nil {
		// Closing ends a read, also of a body that net/http doesn't tie to the context.
		stop := context.AfterFunc(attemptCtx, func() { _ = response.Body.Close() })
		defer func() {
			stop()
			_ = response.Body.Close()
		}()
		failed.Status, failed.ContentType = response.StatusCode, c.clean.text(response.Header.Get("Content-Type"))
	}
	body := newBody(c.largeBody)
	defer body.close()
	switch {
	case err != nil:
	case response.StatusCode == http.StatusOK:
		err = body.read(attemptCtx, response.Body)
	case response.StatusCode == http.StatusSwitchingProtocols: // what follows is no body
	default: // the status tells enough, even if the body can't be read
		_, _ = body.ReadFrom(io.LimitReader(response.Body, maxErrorBody))
	}
	switch {
	case ctx.Err() != nil:
		return failed.Status, 0, context.Cause(ctx)
	case err != nil && attemptCtx.Err() != nil:
		failed.Err = timeout
		return failed.Status, 0, failed
	case err != nil:
		failed.Err = cleaned{plainly(err), c.clean}
		return failed.Status, 0, failed
	case failed.Status == http.StatusOK:
		rows, err = decode(body.Bytes())
		if ctx.Err() != nil {
			return failed.Status, rows, context.Cause(ctx)
		}
		if err != nil {
			failed.Err = err
			return failed.Status, rows, failed
		}
		return failed.Status, rows, nil
	}
	failed.describe(body.Bytes(), c.clean)
	failed.RetryAfter = retryAfter(response.Header, time.Now())
	return failed.Status, 0, failed
}

// plainly drops what net/http puts around an error, method and URL, which an
// Error has already; and says what a bare EOF means.
func plainly(err error) error {
	if wrapped := new(url.Error); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("the connection was closed before an answer came")
	case strings.HasPrefix(err.Error(), "failed to parse Location header"):
		return errLocation
	}
	return err
}
