package tofupilot

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/paging"
)

// Error tells what a request that failed asked for and what came back.
// Texts that a server chose are safe to show: without the API key, without
// control characters, and of bounded length.
type Error struct {
	Method   string
	URL      string // with its query, which holds filters only
	Attempts int    // 0 where another request's 429 held it back

	Status      int    // of the last answer; 0 when none came
	ContentType string // of the last answer
	Message     string // empty when the body wasn't the API's
	Issues      []Issue
	RetryAfter  time.Duration // how long the server asked to wait, at most MaxRetryAfter; 0 when it didn't
	TimeLeft    time.Duration // until the context's deadline, where that comes before RetryAfter is over; else 0

	Err error // why there was no answer, or why a 200 can't be used
}

// Issue is what the server found wrong with one parameter.
type Issue struct {
	Path    string // such as limit
	Message string
}

func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: ", e.Method, e.URL)
	switch {
	case e.Err != nil:
		text.WriteString(e.Err.Error())
	default:
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
	return text.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether the server takes a cursor that it didn't give for wrong, where
// that is asked: what the first page wasn't refused for isn't meant.
func (e *Error) Is(target error) bool {
	if target != paging.ErrCursor || e.Err != nil {
		return false
	}
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return e.Status >= 400 && e.Status <= 499
}

// StatusLine is the last answer's status in words, such as HTTP 404 Not Found.
func (e *Error) StatusLine() string { return statusLine(e.Status) }

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)))
}

// RedirectError is a redirect that wasn't followed, because the key would have
// gone to a server that nobody configured.
type RedirectError struct {
	Location *url.URL
}

func (e *RedirectError) Error() string {
	return "the server redirects to another address: " + e.Location.Redacted()
}

// ProxyError is a proxy's refusal to connect to the server.
type ProxyError struct {
	Proxy  string // its address, without user and password
	Status int    // that it answered with
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("the proxy %s refused to connect to the server, with %s", e.Proxy, statusLine(e.Status))
}

// errProxyAddress takes the place of an error that repeats the address.
var errProxyAddress = errors.New("the proxy's address in the environment isn't a URL")

// TimeoutError is an attempt that took longer than it may, its body included.
type TimeoutError struct {
	After string // the limit, such as 30s
}

func (e *TimeoutError) Error() string { return "no complete answer within " + e.After }

// TooLargeError is an answer that is over one of the limits of a page. What it
// says follows "the answer's body".
type TooLargeError struct {
	What string // such as "is larger than 32 MiB"
}

func (e *TooLargeError) Error() string { return "the answer's body " + e.What }

var (
	// errRedirects ends a chain of redirects that may never end.
	errRedirects = errors.New("the server redirected 10 times")
	// errLocation takes the place of net/http's error, which has no type of its own.
	errLocation = errors.New("the server redirects to something that isn't a URL")
)

// CutOffError is an answer of which only a part arrived.
type CutOffError struct {
	Err error
}

func (e *CutOffError) Error() string { return e.Err.Error() }

func (e *CutOffError) Unwrap() error { return e.Err }

// BodyError is an answer with status 200 whose body isn't a page of the list.
type BodyError struct {
	Noun   string // what a row of the list is
	Object bool   // whether the body begins as a JSON object, as an API's does
	Err    error
}

func (e *BodyError) Error() string {
	return fmt.Sprintf("the answer isn't a page of %s: %v", plural(e.Noun), e.Err)
}

func (e *BodyError) Unwrap() error { return e.Err }

// describe adds to an Error what an error body of the API says. A body in
// another form, a proxy's page perhaps, or with more values than a page may have
// adds nothing.
func (e *Error) describe(body []byte, clean cleaner) {
	if hasTooManyValues(body) {
		return
	}
	var answer struct {
		Message jsontext.Value `json:"message"`
		Issues  jsontext.Value `json:"issues"`
	}
	var message string
	var issues []struct {
		Message string `json:"message"`
		Path    []any  `json:"path"`
	}
	// Whatever can be read is worth showing, also beside what can't.
	lax := json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_ = json.Unmarshal(body, &answer, lax)
	_ = json.Unmarshal(answer.Message, &message, lax)
	_ = json.Unmarshal(answer.Issues, &issues, lax)
	e.Message = clean.text(message)
	for _, issue := range issues {
		if len(e.Issues) == maxIssues {
			break
		}
		var path []string
		for _, step := range issue.Path {
			path = append(path, fmt.Sprint(step))
		}
		e.Issues = append(e.Issues, Issue{Path: clean.text(strings.Join(path, ".")), Message: clean.text(issue.Message)})
	}
}

const maxIssues = 20

// ListError is a list that couldn't be read to its end. Err says why, and has
// an *Error, an *InconsistentError or the context's cause in its chain.
type ListError struct {
	paging.IncompleteError

	Noun     string // what a row of the list is
	Requests int    // pages asked for, in all passes
}

func (e *ListError) Error() string {
	return fmt.Sprintf("reading the %s: %v", plural(e.Noun), &e.IncompleteError)
}

// InconsistentError is pages that leave no safe next step.
type InconsistentError = paging.InconsistentError

// ListTooLargeError is a list of which more than 256 MiB would have to be kept, or
// more than 512 MiB together with those that are read at the same time.
type ListTooLargeError struct{ InAll bool }

func (e *ListTooLargeError) Error() string {
	if e.InAll {
		return fmt.Sprintf("the lists that are read at the same time are larger than %d MiB", maxHeldInAll>>20)
	}
	return fmt.Sprintf("the list is larger than %d MiB", maxHeld>>20)
}
