// Package fakeapi implements TofuPilot's procedures API in memory, for tests and the demo. It
// supports filters, pages, keys, rows of every shape, faults, and changes between requests.
//
// The fake follows TofuPilot's reference pages. Tests compare it with the recorded responses in
// testdata. The fake may reject a request with a recorded status of 200, but it accepts no request with
// a recorded error. It shares no code with the client: a shared struct would hide a wrong JSON name.
package fakeapi

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// procedures is the path of the list of procedures (API.md, Address).
const procedures = "/api/v2/procedures"

// Key is the user key that a new Server accepts.
const Key = "key-of-the-demo-server"

// Server is an http.Handler that responds to GET and HEAD of /api/v2/procedures like TofuPilot, and
// to all other requests with 404. A Server is safe for concurrent use. Create one with [New].
type Server struct {
	mu       sync.RWMutex
	lists    map[string][]*entry // by path, sorted by compare
	compare  func(a, b Procedure) int
	keys     map[string]access
	delay    time.Duration
	before   func(Request)
	fault    http.Handler         // the response to requests that aren't in faults; nil: the normal response
	faults   map[int]http.Handler // the responses to requests, by their numbers; nil: the normal response
	requests []Request
}

// entry is a row with values that are computed from it once. Rows of other lists, which don't
// exist yet, are Procedures whose JSON is set (CONTRIBUTING.md, A new data source).
type entry struct {
	Procedure
	json               []byte
	lowerID, lowerName string
}

// access describes what a key can see.
type access struct {
	forbidden bool
	visible   map[string]bool // IDs of the rows that the key can see; nil: all rows
}

// New returns a server that has these procedures and accepts [Key]. It panics in the same cases as
// [Server.Add].
func New(rows ...Procedure) *Server {
	s := &Server{
		lists:   map[string][]*entry{},
		compare: newestFirst,
		keys:    map[string]access{},
		faults:  map[int]http.Handler{},
	}
	s.AllowKey(Key)
	s.Add(rows...)
	return s
}

// Add adds procedures to the list. It encodes them immediately, so later changes through their pointers and
// slices have no effect. It panics if an ID exists already, or if a procedure can't be encoded.
func (s *Server) Add(rows ...Procedure) {
	s.add(procedures, rows...)
}

// add adds rows to the list at a path. If there is no such list, it creates one, even without rows.
func (s *Server) add(path string, rows ...Procedure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.lists[path]
	ids := map[string]bool{}
	for _, e := range list {
		ids[e.ID] = true
	}
	for _, p := range rows {
		if ids[p.ID] {
			panic(fmt.Sprintf("fakeapi: %s already has a row %q", path, p.ID))
		}
		ids[p.ID] = true
		list = append(list, &entry{
			Procedure: p,
			json:      encode(p),
			lowerID:   strings.ToLower(p.ID),
			lowerName: strings.ToLower(p.Name),
		})
	}
	s.lists[path] = list
	s.sort()
}

// Delete deletes the procedures with these IDs, and ignores unknown IDs.
func (s *Server) Delete(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, list := range s.lists {
		s.lists[path] = slices.DeleteFunc(list, func(e *entry) bool { return slices.Contains(ids, e.ID) })
	}
}

// Order sets the order of the list. Procedures that compare equal keep their current order. compare
// must not call the server's methods. By default, the list is sorted by created_at, newest first, and
// then by id. The API's order isn't known (API.md, Order).
func (s *Server) Order(compare func(a, b Procedure) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compare = compare
	s.sort()
}

// AllowKey makes the server accept another user key, which sees every procedure.
func (s *Server) AllowKey(key string) {
	s.setKey(key, access{})
}

// RevokeKey makes the server reject a key.
func (s *Server) RevokeKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, key)
}

// AllowStation makes the server accept a station key, which sees only the procedures with these
// IDs (API.md, Key). The procedures may be added later. Without IDs, the key sees no procedures.
func (s *Server) AllowStation(key string, ids ...string) {
	visible := map[string]bool{}
	for _, id := range ids {
		visible[id] = true
	}
	s.setKey(key, access{visible: visible})
}

// ForbidStation makes the server respond to a station key with 403 (API.md, Key).
func (s *Server) ForbidStation(key string) {
	s.setKey(key, access{forbidden: true})
}

func (s *Server) setKey(key string, a access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = a
}

// sort sorts every list. The caller must hold the lock.
func (s *Server) sort() {
	for _, list := range s.lists {
		slices.SortStableFunc(list, func(a, b *entry) int { return s.compare(a.Procedure, b.Procedure) })
	}
}

func newestFirst(a, b Procedure) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
}
