package fakeapi

import (
	"net/url"
	"regexp"
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
	minIDSearch     = 6 // the length from which on a search_query is also compared with IDs
)

// timestamp is the 2026 reference page's pattern for created_after and created_before. It allows a
// time without seconds, as some servers do (API.md, Dates). setTime rejects such a time, because
// [time.RFC3339] requires seconds.
var timestamp = regexp.MustCompile(`^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|(?:02)-(?:0[1-9]|1\d|2[0-8])))T(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|([+-](?:[01]\d|2[0-3]):[0-5]\d)))$`)

// query is the parsed query of a request.
type query struct {
	limit   int
	offset  int                 // the cursor: how many rows to skip
	filters []func(*entry) bool // pages contain the rows for which all return true
}

// parameters are the API's parameters, in the order in which the API reports their issues.
var parameters = []struct {
	name string
	// set parses a value. It returns the code and the message of an issue if the value is invalid,
	// and empty strings otherwise.
	set func(q *query, value string) (code, message string)
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

// issue is an invalid parameter, as reported in an error response.
type issue struct {
	Code    string   `json:"code"`
	Path    []string `json:"path"`
	Message string   `json:"message"`
}

// parseQuery parses the parameters of the API, and ignores others. It returns an issue for each
// invalid parameter.
func parseQuery(values url.Values) (query, []issue) {
	q := query{limit: defaultLimit}
	var issues []issue
	for _, parameter := range parameters {
		var code, message string
		switch received := values[parameter.name]; len(received) {
		case 0:
		case 1:
			code, message = parameter.set(&q, received[0])
		default:
			code, message = "invalid_type", "Invalid input: expected one value, received several"
		}
		if code != "" {
			issues = append(issues, issue{code, []string{parameter.name}, message})
		}
	}
	return q, issues
}

// parseValues parses a URL's query like JavaScript: a ; doesn't separate parameters, and a % that
// doesn't begin an escape is kept. net/url would drop a parameter that contains such a character.
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
		code, _ := strconv.ParseUint(escape[1:], 16, 8) // can't fail, because escape matches escaped
		return string([]byte{byte(code)})
	})
}

func (q *query) setLimit(value string) (code, message string) {
	n, err := parseNumber(value)
	switch {
	case err != nil:
		return "invalid_type", notANumber
	case n < 1:
		return "too_small", "Too small: expected number to be >=1"
	case n > maxLimit:
		return "too_big", "Too big: expected number to be <=100"
	}
	q.limit = n
	return "", ""
}

func (q *query) setOffset(value string) (code, message string) {
	n, err := parseNumber(value)
	if err != nil {
		return "invalid_type", notANumber
	}
	q.offset = n
	return "", ""
}

const notANumber = "Invalid input: expected number, received string"

// parseNumber parses a number that consists of digits only. TofuPilot's servers also accept other
// forms of numbers, such as 5.0 and 0x10 (API.md, Parameters), but no client has to send them.
func parseNumber(value string) (int, error) {
	parsed, err := strconv.ParseUint(value, 10, 31) // 31 bits fit in an int everywhere
	return int(parsed), err
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

func (q *query) setTime(value string, filter func(*entry, time.Time) bool) (code, message string) {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil || !timestamp.MatchString(value) {
		return "invalid_format", "Invalid ISO datetime"
	}
	q.filters = append(q.filters, func(e *entry) bool { return filter(e, t) })
	return "", ""
}

// page returns the requested rows of a list, and whether more rows follow them. visible contains
// the IDs of the rows that the key can see; if it is nil, the key can see all rows.
func (q query) page(list []*entry, visible map[string]bool) (rows []*entry, more bool) {
	if len(q.filters) == 0 && visible == nil { // a slice of the list, so that long lists are fast
		from := min(q.offset, len(list))
		to := min(from+q.limit, len(list))
		return list[from:to], to < len(list)
	}
	skip := q.offset
	for _, e := range list {
		canSee := visible == nil || visible[e.ID]
		if !canSee || !q.matches(e) {
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
	for _, filter := range q.filters {
		if !filter(e) {
			return false
		}
	}
	return true
}
