package fakeapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP records the request, calls the function that [Server.Before] set, determines the
// response, waits for the time that [Server.Delay] set, and sends the response.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, before := s.record(r)
	if before != nil {
		before(request)
	}
	response, delay := s.respond(request)
	select {
	case <-time.After(delay):
		response.ServeHTTP(w, r)
	case <-r.Context().Done():
	}
}

// record records the request. It also returns the function that [Server.Before] set.
func (s *Server) record(r *http.Request) (request Request, before func(Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request = Request{
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

// respond returns the response, and how long to wait before sending it.
func (s *Server) respond(r Request) (response http.Handler, delay time.Duration) {
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
	list, exists := s.lists[strings.TrimSuffix(r.Path, "/")]
	isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !exists || !isRead {
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
	rows, more := q.page(list, access.visible)
	return jsonResponse{http.StatusOK, encodePage(rows, more, q.offset)}
}

func encodePage(rows []*entry, more bool, offset int) []byte {
	items := make([][]byte, len(rows))
	for i, row := range rows {
		items[i] = row.json
	}
	nextCursor := "null"
	if more {
		nextCursor = strconv.Itoa(offset + len(rows))
	}
	return fmt.Appendf(nil, `{"data":[%s],"meta":{"has_more":%t,"next_cursor":%s}}`, bytes.Join(items, []byte(",")), more, nextCursor)
}

// errorResponse returns an error in the API's form. As on TofuPilot's servers, only validation errors
// have issues. The reference pages show an empty list for other errors (API.md, Errors).
func errorResponse(status int, code, message string, issues ...issue) jsonResponse {
	body, _ := json.Marshal(struct { // can't fail, because it contains only strings
		Message string  `json:"message"`
		Code    string  `json:"code"`
		Issues  []issue `json:"issues,omitempty"`
	}{message, code, issues})
	return jsonResponse{status, body}
}

// jsonResponse is an http.Handler that sends a response.
type jsonResponse struct {
	status int
	body   []byte
}

func (j jsonResponse) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(j.status)
	_, _ = w.Write(j.body) // fails only if the client has disconnected
}
