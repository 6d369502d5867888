package fakeapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Request is a recorded request.
type Request struct {
	Number   int // counted from 1 since New or Forget
	Method   string
	Path     string
	RawQuery string
	Query    url.Values
	Header   http.Header
}

// Requests returns the recorded requests, in the order in which they arrived.
func (s *Server) Requests() []Request {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.requests)
}

// Forget deletes the recorded requests, and the next one has the number 1. Faults that
// [Server.Fail] set remain, for the new numbers.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Delay sets how long every response waits before it is sent, as on a slow network. Its
// content is determined before the wait. The wait ends early if the request's context ends.
func (s *Server) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Before sets a function that is called with each request, in the request's goroutine,
// before the response is determined. It may block, and may call the server, for instance to
// add or delete procedures. Concurrent requests call it concurrently. Before(nil) removes it.
func (s *Server) Before(f func(Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// Fail makes fault respond to the requests with these numbers, for any path and key. Without
// numbers, it responds to every request that no other call has numbered. A nil fault restores
// the normal response: Fail(nil, 3) for the third request, Fail(nil) for all.
func (s *Server) Fail(fault http.Handler, requests ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, number := range requests {
		s.faults[number] = fault
	}
	if len(requests) > 0 {
		return
	}
	s.fault = fault
	if fault == nil {
		clear(s.faults)
	}
}

// Status returns a fault that responds with a status code, a body and headers, given as
// names and values in turn. The default Content-Type is application/json for a body that
// begins with {, and text/html for any other, as sent by a proxy.
func Status(code int, body string, headers ...string) http.Handler {
	contentType := "text/html"
	if strings.HasPrefix(body, "{") {
		contentType = "application/json"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for pair := range slices.Chunk(headers, 2) {
			w.Header().Set(pair[0], pair[1])
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body)) // fails only if the client has disconnected
	})
}

// HangUp returns a fault that closes the connection without a response. If the connection
// served a request before, Go's http.Transport sends a GET again, as another request.
func HangUp() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	})
}
