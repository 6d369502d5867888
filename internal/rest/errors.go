package rest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Error is a request that failed: what was asked for, what came back, and what kind of
// failure that is. Its texts are as a server chose them: they are made safe where they
// leave, in diagnostics and in the log.
type Error struct {
	Kind     Kind
	Method   string // empty while the request isn't known
	URL      string // with its query, which holds filters only
	Attempts int    // that were sent; another request's 429 may have held back the first, or the next

	Status      int    // of the last answer; 0 when none came
	ContentType string // of the last answer
	Message     string // what the body says for itself; empty where it isn't JSON with such a text
	Issues      []Issue
	RetryAfter  time.Duration // how long the server asked to wait, at most MaxRetryAfter; 0 when it didn't
	TimeLeft    time.Duration // until the context's deadline, where that comes before RetryAfter is over; else 0
	Redirect    *url.URL      // the other server that a redirect leads to; nil where none does

	Err error // why there was no answer, or why a 200 can't be used

	final bool // it won't pass, though others of its kind may
}

// Issue is what the server found wrong with one parameter.
type Issue struct {
	Path    string // such as limit
	Message string
}

func (e *Error) Error() string {
	var text strings.Builder
	if e.Method != "" {
		fmt.Fprintf(&text, "%s %s: ", e.Method, e.URL)
	}
	if e.Err != nil {
		text.WriteString(strings.TrimSuffix(e.Err.Error(), ".")) // as what Windows says ends
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
	return text.String()
}

func (e *Error) Unwrap() error { return e.Err }

// StatusLine is the last answer's status in words, such as HTTP 404 Not Found.
func (e *Error) StatusLine() string { return statusLine(e.Status) }

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)))
}

// parseMessage adds what a body in JSON says for itself, and reports whether it is in the
// form of the API's errors. A body in another form, a proxy's page perhaps, or one that is
// longer than an error adds nothing.
func (e *Error) parseMessage(body []byte) (ofAPI bool) {
	if len(body) > maxErrorBody {
		return false
	}
	var answer struct {
		Message jsontext.Value `json:"message"`
		Error   jsontext.Value `json:"error"` // of gateways and proxies
		Issues  jsontext.Value `json:"issues"`
	}
	var message, other string
	var issues []struct {
		Message string `json:"message"`
		Path    []any  `json:"path"`
	}
	// Whatever can be read is worth showing, also beside what can't.
	lax := json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_ = json.Unmarshal(body, &answer, lax)
	_ = json.Unmarshal(answer.Message, &message, lax)
	_ = json.Unmarshal(answer.Error, &other, lax)
	_ = json.Unmarshal(answer.Issues, &issues, lax)
	e.Message = cmp.Or(message, other)
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
