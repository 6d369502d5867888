package fakeapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP records the request, calls what [Server.Before] set, works the
// answer out, waits as [Server.Delay] says, and answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, before := s.record(r)
	if before != nil {
		before(request)
	}
	answer, delay := s.answer(request)
	if wait(r.Context(), delay) {
		answer.ServeHTTP(w, r)
	}
}

func (s *Server) record(r *http.Request) (Request, func(Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := Request{
		Number:   len(s.requests) + 1,
		Method:   r.Method,
		Path:     r.URL.EscapedPath(),
		RawQuery: r.URL.RawQuery,
		Query:    parseValues(r.URL.RawQuery),
		Header:   r.Header.Clone(),
	}
	s.requests = append(s.requests, request)
	return request, s.before
}

func (s *Server) answer(r Request) (http.Handler, time.Duration) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	fault, named := s.faults[r.Number]
	if !named {
		fault = s.fault
	}
	if fault != nil {
		return fault, s.delay
	}
	return s.page(r), s.delay
}

// page must be called with the lock held.
func (s *Server) page(r Request) http.Handler {
	list, found := s.lists[strings.TrimSuffix(r.Path, "/")]
	if !found || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return refusal(http.StatusNotFound, "NOT_FOUND", "Not found")
	}
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	may, known := s.keys[key]
	if !bearer || !known {
		return refusal(http.StatusUnauthorized, "UNAUTHORIZED", "Unauthorized")
	}
	if may.forbidden {
		return refusal(http.StatusForbidden, "FORBIDDEN", "Forbidden")
	}
	q, issues := parseQuery(r.Query)
	if len(issues) > 0 {
		return refusal(http.StatusBadRequest, "BAD_REQUEST", "Input validation failed", issues...)
	}
	rows, more := q.page(list, may.only)
	return jsonAnswer{http.StatusOK, pageJSON(rows, more, q.offset)}
}

func pageJSON(rows []*entry, more bool, offset int) []byte {
	size := 100
	for _, row := range rows {
		size += len(row.json) + 1
	}
	body := make([]byte, 0, size)
	body = append(body, `{"data":[`...)
	for i, row := range rows {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, row.json...)
	}
	if !more {
		return append(body, `],"meta":{"has_more":false,"next_cursor":null}}`...)
	}
	body = append(body, `],"meta":{"has_more":true,"next_cursor":`...)
	body = strconv.AppendInt(body, int64(offset+len(rows)), 10)
	return append(body, `}}`...)
}

// refusal is an error answer. The REST layer sends issues with validation errors
// only; the empty list in its reference pages is an example (API.md, Errors).
func refusal(status int, code, message string, issues ...issue) jsonAnswer {
	body, err := json.Marshal(struct {
		Message string  `json:"message"`
		Code    string  `json:"code"`
		Issues  []issue `json:"issues,omitempty"`
	}{message, code, issues})
	if err != nil {
		panic(err)
	}
	return jsonAnswer{status, body}
}

type jsonAnswer struct {
	status int
	body   []byte
}

func (a jsonAnswer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // fails only when the client has gone
}

// wait reports whether the whole time went by before the context ended.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
