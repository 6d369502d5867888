// Package fakeapi implements TofuPilot's procedures API in memory, for tests and the demo.
// It supports filters, pages, keys, rows of every shape, faults, and changes between
// requests.
//
// It follows TofuPilot's reference pages. Tests compare it with the recorded responses in
// testdata: it may reject requests that they accept, but not the reverse. It shares no code
// with the client, because a shared struct would hide a wrong JSON name.
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

// Server responds to GET and HEAD of /api/v2/procedures like TofuPilot, and to all other
// requests with 404. It is an http.Handler and safe for concurrent use. Create it with [New].
type Server struct {
	mu       sync.RWMutex
	lists    map[string][]*entry // by path; sorted by compare, so that a page is a slice
	compare  func(a, b Procedure) int
	keys     map[string]access
	delay    time.Duration
	before   func(Request)
	fault    http.Handler         // for requests that aren't in faults
	faults   map[int]http.Handler // by request number; nil: the normal response
	requests []Request
}

// entry is a row with the values that are derived from it, which are computed once. The rows
// of other lists are Procedures whose JSON is set.
type entry struct {
	Procedure
	json               []byte
	lowerID, lowerName string
}

// access describes what a key can see.
type access struct {
	forbidden bool
	only      map[string]bool // IDs; nil: all
}

// New returns a server that has these procedures and accepts [Key]. It panics like
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

// Add creates procedures. Their JSON is encoded at once, so later changes through pointers
// and slices have no effect. Add panics if an ID exists already or if a procedure can't be
// encoded.
func (s *Server) Add(rows ...Procedure) {
	s.add(procedures, rows...)
}

// add appends rows to the list at a path. Without rows, it creates the list if there is none.
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
	deleted := newSet(ids)
	for path, list := range s.lists {
		s.lists[path] = slices.DeleteFunc(list, func(e *entry) bool { return deleted[e.ID] })
	}
}

// Order sets the order of the list. Procedures that compare equal keep their current order.
// The default is by created_at, newest first, and then by id; the API's order isn't known
// (API.md, Order). compare must not call the server.
func (s *Server) Order(compare func(a, b Procedure) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compare = compare
	s.sort()
}

// AllowKey accepts another user key. User keys see every procedure.
func (s *Server) AllowKey(key string) {
	s.setKey(key, access{})
}

// RevokeKey stops accepting a key.
func (s *Server) RevokeKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, key)
}

// AllowStation accepts a station key that sees only the procedures with these IDs, or none
// (API.md, Key). The procedures may be added later.
func (s *Server) AllowStation(key string, ids ...string) {
	s.setKey(key, access{only: newSet(ids)})
}

// ForbidStation responds to a station key with 403 (API.md, Key).
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

func newSet(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}
