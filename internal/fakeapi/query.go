package fakeapi

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the parameters (API.md, Parameters and Search).
const (
	defaultLimit    = 50
	maxLimit        = 100
	maxSearchLength = 100
	minIDSearch     = 6 // characters from which on search_query is compared with IDs too
)

// timestamp is the 2026 reference page's own pattern for created_after and
// created_before. It leaves seconds optional, as only servers with zod up to 4.4 do
// (API.md, Dates); [time.RFC3339] wants them.
var timestamp = regexp.MustCompile(`^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|(?:02)-(?:0[1-9]|1\d|2[0-8])))T(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|([+-](?:[01]\d|2[0-3]):[0-5]\d)))$`)

// query is what a request asks for.
type query struct {
	limit   int
	offset  int
	filters []func(*entry) bool // a row must pass all
}

// parameters are what the API knows, in the order in which it reports them. Each
// set returns the code and message of an issue, both empty if there is none.
var parameters = []struct {
	name string
	set  func(q *query, value string) (code, message string)
}{
	{"limit", (*query).setLimit},
	{"cursor", (*query).setOffset},
	{"search_query", (*query).setSearch},
	{"created_after", func(q *query, value string) (code, message string) {
		return q.setTime(value, func(e *entry, after time.Time) bool { return e.CreatedAt.After(after) })
	}},
	{"created_before", func(q *query, value string) (code, message string) {
		return q.setTime(value, func(e *entry, before time.Time) bool { return e.CreatedAt.Before(before) })
	}},
}

// issue is one reason why a request was refused.
type issue struct {
	Code    string   `json:"code"`
	Path    []string `json:"path"`
	Message string   `json:"message"`
}

// parseQuery reads the parameters that the API knows and ignores all others.
// Each wrong one has an issue.
func parseQuery(values url.Values) (query, []issue) {
	q := query{limit: defaultLimit}
	var issues []issue
	for _, parameter := range parameters {
		given := values[parameter.name]
		if len(given) == 0 {
			continue
		}
		code, message := "invalid_type", "Invalid input: expected one value, received several"
		if len(given) == 1 {
			code, message = parameter.set(&q, given[0])
		}
		if code != "" {
			issues = append(issues, issue{code, []string{parameter.name}, message})
		}
	}
	return q, issues
}

// parseValues reads a URL's query as JavaScript does: only & separates, and a %
// that begins no escape stands for itself. net/url drops a parameter with either,
// and with it a filter.
func parseValues(rawQuery string) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		values.Add(unescape(name), unescape(value))
	}
	return values
}

var escaped = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

func unescape(text string) string {
	return escaped.ReplaceAllStringFunc(strings.ReplaceAll(text, "+", " "), func(escape string) string {
		code, _ := strconv.ParseUint(escape[1:], 16, 8) // can't fail
		return string([]byte{byte(code)})
	})
}

func (q *query) setLimit(value string) (code, message string) {
	n, whole := wholeNumber(value)
	switch {
	case !whole:
		return notANumber()
	case n < 1:
		return "too_small", "Too small: expected number to be >=1"
	case n > maxLimit:
		return "too_big", "Too big: expected number to be <=100"
	}
	q.limit = n
	return "", ""
}

func (q *query) setOffset(value string) (code, message string) {
	n, whole := wholeNumber(value)
	if !whole {
		return notANumber()
	}
	q.offset = n
	return "", ""
}

// wholeNumber reads digits alone. The REST layer also takes what else JavaScript
// holds for a number, which no client has to send.
func wholeNumber(value string) (n int, ok bool) {
	parsed, err := strconv.ParseUint(value, 10, 31)
	return int(parsed), err == nil
}

func notANumber() (code, message string) {
	return "invalid_type", "Invalid input: expected number, received string"
}

func (q *query) setSearch(value string) (code, message string) {
	length := utf8.RuneCountInString(value)
	if length > maxSearchLength {
		return "too_big", "Too big: expected string to have <=100 characters"
	}
	search := strings.ToLower(value)
	if search == "" {
		return "", ""
	}
	q.filters = append(q.filters, func(e *entry) bool {
		return strings.Contains(e.lowerName, search) || length >= minIDSearch && strings.Contains(e.lowerID, search)
	})
	return "", ""
}

func (q *query) setTime(value string, passes func(*entry, time.Time) bool) (code, message string) {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil || !timestamp.MatchString(value) {
		return "invalid_format", "Invalid ISO datetime"
	}
	q.filters = append(q.filters, func(e *entry) bool { return passes(e, t) })
	return "", ""
}

// page returns the rows asked for, of those in only (nil means all), and
// whether there are more after them.
func (q query) page(list []*entry, only map[string]bool) (rows []*entry, more bool) {
	if len(q.filters) == 0 && only == nil {
		from := min(q.offset, len(list))
		to := min(from+q.limit, len(list))
		return list[from:to], to < len(list)
	}
	skip := q.offset
	for _, e := range list {
		if only != nil && !only[e.ID] || !q.matches(e) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(rows) == q.limit {
			return rows, true
		}
		rows = append(rows, e)
	}
	return rows, false
}

func (q query) matches(e *entry) bool {
	return !slices.ContainsFunc(q.filters, func(passes func(*entry) bool) bool { return !passes(e) })
}
