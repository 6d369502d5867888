package fakeapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Request is a request as it came, whatever was answered.
type Request struct {
	Number   int // 1 is the first since New or Forget
	Method   string
	Path     string
	RawQuery string
	Query    url.Values
	Header   http.Header
}

// Requests returns a copy of the list of recorded requests, in the order they
// came.
func (s *Server) Requests() []Request {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.requests)
}

// Forget forgets the recorded requests and starts the numbers at 1 again. What
// was set with [Server.Fail] stays and counts by the new numbers.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Delay makes every answer wait this long after it was worked out, as a slow
// network would; what changes meanwhile is not in it. The wait ends at once when
// the request's context ends.
func (s *Server) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Before has f called before each request is answered, from the request's own
// goroutine. No lock is held, so f may call the server (to add or delete
// procedures, say) and may block; the answer is worked out when it returns.
// Requests that come at once call f at once. Before(nil) ends that.
func (s *Server) Before(f func(Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// Fail has the requests with these numbers answered by fault, whatever their
// route and key; without numbers, every request from now on. Calls add up, and
// a number goes before "every". A nil fault means a proper answer: Fail(nil, 3)
// for the third request, Fail(nil) for all, which ends every fault.
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

// Status is a fault: an answer of this status code and body, with header given
// as key, value pairs. Content-Type, unless given, is application/json for a
// body that begins with { and text/html for any other, as from a proxy.
func Status(code int, body string, header ...string) http.Handler {
	contentType := "text/html"
	if strings.HasPrefix(body, "{") {
		contentType = "application/json"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for pair := range slices.Chunk(header, 2) {
			w.Header().Set(pair[0], pair[1])
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body)) // fails only when the client has gone
	})
}

// HangUp is a fault: it closes the connection without an answer. On a
// connection that served a request before, Go's own http.Transport then sends a
// GET once more, and that is a further request here.
func HangUp() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	})
}
