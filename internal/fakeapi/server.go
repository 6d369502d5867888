// Package fakeapi is TofuPilot's procedures API in memory, for tests and the
// demo: filters, pages, keys, items of every shape, faults, and changes
// between two requests.
//
// It is written from TofuPilot's reference pages, and held to the recorded answers in
// testdata: it may be stricter than they are, and is nowhere laxer. It shares
// nothing with this project's client: a shared struct would hide a wrong JSON name.
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

// procedures is the path of the list of procedures below the base of every server
// (API.md, Address).
const procedures = "/api/v2/procedures"

// Key is the user key that a new Server accepts.
const Key = "key-of-the-demo-server"

// Server answers GET (and HEAD) /api/v2/procedures as TofuPilot does, and anything
// else with 404. It is an http.Handler, and safe for concurrent use. Use [New] to make
// one, and http.StripPrefix to serve it below a further path.
type Server struct {
	mu       sync.RWMutex
	lists    map[string][]*entry // by path; always in the order of compare, so that a page is a slice
	compare  func(a, b Procedure) int
	keys     map[string]access
	delay    time.Duration
	before   func(Request)
	fault    http.Handler         // for every request that faults doesn't name
	faults   map[int]http.Handler // by request number; nil means a proper answer
	requests []Request
}

// entry is a row with what every request would otherwise work out again. A row of
// another list than the procedures' is a Procedure with JSON.
type entry struct {
	Procedure
	json               []byte
	lowerID, lowerName string
}

// access is what a key may see.
type access struct {
	forbidden bool
	only      map[string]bool // IDs; nil means all
}

// New makes a server that holds the procedures given and accepts [Key]. It
// panics where [Server.Add] does.
func New(items ...Procedure) *Server {
	s := &Server{
		lists:   map[string][]*entry{},
		compare: newestFirst,
		keys:    map[string]access{},
		faults:  map[int]http.Handler{},
	}
	s.AllowKey(Key)
	s.Add(items...)
	return s
}

// Add creates procedures. What is served is settled here: a procedure changed
// afterwards through its pointers or slices is served as it was. Add panics if
// an ID is there already, as IDs are unique (names are not), and if a procedure
// can't be written as JSON.
func (s *Server) Add(items ...Procedure) {
	s.add(procedures, items...)
}

// add creates rows of the list at a path, which needs none to be served.
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
			panic(fmt.Sprintf("fakeapi: %s has an item %q already", path, p.ID))
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

// Delete deletes the procedures with these IDs. IDs that aren't there are
// passed over.
func (s *Server) Delete(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := set(ids)
	for path, list := range s.lists {
		s.lists[path] = slices.DeleteFunc(list, func(e *entry) bool { return gone[e.ID] })
	}
}

// Order sets how the list is ordered from now on; procedures that compare equal
// keep the order they have. Until then it is newest first, by created_at and
// then id: the API's own order isn't known (API.md, Order). compare must not call
// the server.
func (s *Server) Order(compare func(a, b Procedure) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compare = compare
	s.sort()
}

// AllowKey accepts a further user key. User keys see every procedure.
func (s *Server) AllowKey(key string) {
	s.setKey(key, access{})
}

// RevokeKey stops accepting a key.
func (s *Server) RevokeKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, key)
}

// AllowStation accepts a station key that sees only the procedures with these
// IDs, possibly none (API.md, Key). An ID may belong to a procedure that is added
// later.
func (s *Server) AllowStation(key string, ids ...string) {
	s.setKey(key, access{only: set(ids)})
}

// ForbidStation answers 403 to a station key (API.md, Key).
func (s *Server) ForbidStation(key string) {
	s.setKey(key, access{forbidden: true})
}

func (s *Server) setKey(key string, a access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = a
}

// sort must be called with the lock held.
func (s *Server) sort() {
	for _, list := range s.lists {
		slices.SortStableFunc(list, func(a, b *entry) int { return s.compare(a.Procedure, b.Procedure) })
	}
}

func newestFirst(a, b Procedure) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
}

func set(ids []string) map[string]bool {
	m := make(map[string]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}
