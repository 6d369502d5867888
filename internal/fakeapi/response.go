package fakeapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP records the request, calls the function that [Server.Before] set, determines
// the response, waits for [Server.Delay], and sends the response.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, before := s.record(r)
	if before != nil {
		before(request)
	}
	response, delay := s.respond(request)
	if wait(r.Context(), delay) {
		response.ServeHTTP(w, r)
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

func (s *Server) respond(r Request) (http.Handler, time.Duration) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	fault, ok := s.faults[r.Number]
	if !ok {
		fault = s.fault
	}
	if fault != nil {
		return fault, s.delay
	}
	return s.page(r), s.delay
}

// page returns a page of a list, or an error response. The caller must hold the lock.
func (s *Server) page(r Request) http.Handler {
	list, ok := s.lists[strings.TrimSuffix(r.Path, "/")]
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return errorResponse(http.StatusNotFound, "NOT_FOUND", "Not found")
	}
	key, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	access, isKnown := s.keys[key]
	if !isBearer || !isKnown {
		return errorResponse(http.StatusUnauthorized, "UNAUTHORIZED", "Unauthorized")
	}
	if access.forbidden {
		return errorResponse(http.StatusForbidden, "FORBIDDEN", "Forbidden")
	}
	q, issues := parseQuery(r.Query)
	if len(issues) > 0 {
		return errorResponse(http.StatusBadRequest, "BAD_REQUEST", "Input validation failed", issues...)
	}
	rows, more := q.page(list, access.only)
	return jsonResponse{http.StatusOK, encodePage(rows, more, q.offset)}
}

func encodePage(rows []*entry, more bool, offset int) []byte {
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

// errorResponse returns an error in the API's form. Issues are sent with validation errors
// only, as the REST layer does; the reference pages show empty lists (API.md, Errors).
func errorResponse(status int, code, message string, issues ...issue) jsonResponse {
	body, err := json.Marshal(struct {
		Message string  `json:"message"`
		Code    string  `json:"code"`
		Issues  []issue `json:"issues,omitempty"`
	}{message, code, issues})
	if err != nil {
		panic(err)
	}
	return jsonResponse{status, body}
}

type jsonResponse struct {
	status int
	body   []byte
}

func (a jsonResponse) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // fails only if the client has disconnected
}

// wait waits for d, and returns false if the context ends first.
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
