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

// Requests returns the recorded requests in the order of their arrival.
func (s *Server) Requests() []Request {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.requests)
}

// Forget deletes the recorded requests. The next request has the number 1 again, so a fault that
// [Server.Fail] set for the number 1 applies to it.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Delay sets how long the server waits before it sends a response, as on a slow network. It determines
// the response before the wait. If the request's context ends during the wait, the server sends no response.
func (s *Server) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Before sets a function that the server calls with each request, in the request's goroutine, before
// determining the response. The function may block. It may call the server's methods, for instance to
// add or delete procedures. Concurrent requests call it concurrently. Before(nil) removes the function.
func (s *Server) Before(f func(Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// Fail makes fault respond to the requests with these numbers. Without numbers, fault responds to all
// requests that have no fault of their own. A nil fault restores the normal response: Fail(nil, 3) for
// the third request, even if all others fail, and Fail(nil) for all requests.
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

// Status returns a fault that responds with a status code, a body and headers, whose names and values
// alternate. The default Content-Type is application/json for a body that begins with {. For any other
// body, it is text/html, which proxies send.
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

// HangUp returns a fault that closes the connection without a response. If the connection was used
// before, Go's http.Transport repeats the GET, which the server records as another request.
func HangUp() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	})
}
