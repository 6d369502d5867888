package fakeapi

import (
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the parameters (both documents).
const (
	defaultLimit    = 50
	maxLimit        = 100
	maxSearchLength = 100 // in code points; older servers count UTF-16 code units
	minIDSearch     = 6   // characters from which on search_query is compared with IDs too
)

// timestamp is the pattern that the 2026 document gives for created_after and
// created_before, as printed there.
var timestamp = regexp.MustCompile(`^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|(?:02)-(?:0[1-9]|1\d|2[0-8])))T(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|([+-](?:[01]\d|2[0-3]):[0-5]\d)))$`)

// wholeNumber allows for zeros after the point: the documents call cursor a number,
// and next_cursor was a float once.
var wholeNumber = regexp.MustCompile(`^(\d+)(?:\.0+)?$`)

// query is what a request asks for.
type query struct {
	limit         int
	offset        int
	search        string // in lower case
	searchIDs     bool
	after, before *time.Time
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
	for _, name := range []string{"limit", "cursor", "search_query", "created_after", "created_before"} {
		given := values[name]
		if len(given) == 0 {
			continue
		}
		code, message := "invalid_type", "Expected one value, received several"
		if len(given) == 1 {
			code, message = q.set(name, given[0])
		}
		if code != "" {
			issues = append(issues, issue{code, []string{name}, message})
		}
	}
	return q, issues
}

// set returns the code and message of an issue, both empty if there is none.
func (q *query) set(name, value string) (code, message string) {
	switch name {
	case "limit":
		return q.setLimit(value)
	case "cursor":
		return q.setOffset(value)
	case "search_query":
		return q.setSearch(value)
	case "created_after":
		return setTime(&q.after, value)
	default:
		return setTime(&q.before, value)
	}
}

func (q *query) setLimit(value string) (code, message string) {
	n, err := strconv.Atoi(value)
	switch {
	case err != nil:
		return "invalid_type", "Expected an integer"
	case n < 1:
		return "too_small", "Number must be greater than or equal to 1"
	case n > maxLimit:
		return "too_big", "Number must be less than or equal to 100"
	}
	q.limit = n
	return "", ""
}

func (q *query) setOffset(value string) (code, message string) {
	match := wholeNumber.FindStringSubmatch(value)
	if match == nil {
		return "invalid_type", "Expected a whole number that is not negative"
	}
	n, err := strconv.Atoi(match[1])
	if err != nil {
		n = math.MaxInt // digits that overflow: past the end of any list
	}
	q.offset = n
	return "", ""
}

func (q *query) setSearch(value string) (code, message string) {
	length := utf8.RuneCountInString(value)
	if length > maxSearchLength {
		return "too_big", "String must contain at most 100 character(s)"
	}
	q.search = strings.ToLower(value)
	q.searchIDs = length >= minIDSearch
	return "", ""
}

func setTime(to **time.Time, value string) (code, message string) {
	const wrong = "Invalid datetime"
	if !timestamp.MatchString(value) {
		return "invalid_string", wrong
	}
	// The pattern leaves seconds optional. Newer servers don't, nor does RFC 3339.
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return "invalid_string", wrong
	}
	*to = &t
	return "", ""
}

// page returns the rows asked for, of those in only (nil means all), and
// whether there are more after them.
func (q query) page(list []*entry, only map[string]bool) (rows []*entry, more bool) {
	if q.search == "" && q.after == nil && q.before == nil && only == nil {
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
	if q.after != nil && !e.CreatedAt.After(*q.after) {
		return false
	}
	if q.before != nil && !e.CreatedAt.Before(*q.before) {
		return false
	}
	if strings.Contains(e.lowerName, q.search) {
		return true
	}
	return q.searchIDs && strings.Contains(e.lowerID, q.search)
}
