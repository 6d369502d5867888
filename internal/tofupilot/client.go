// Package tofupilot is a client of TofuPilot's API, version 2, as far as it lists
// procedures. It is read-only.
package tofupilot

import (
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// Client reads from one server with one key. Several goroutines may use it; all of them
// share its limit of requests in flight and its memory budget.
type Client struct {
	rest   *rest.Client
	memory *rest.Budget
	url    string // of the API
	log    *slog.Logger

	listTurn     chan struct{} // has one element while a lookup reads the whole list
	searchesFail atomic.Bool   // a search timed out or got an unusable response other than a 5xx
}

// New returns a Client. It sends nothing.
func New(config rest.Config) *Client {
	config.Permanent = IsBrokenRow
	return &Client{
		rest:     rest.New(config),
		memory:   config.Memory,
		url:      config.BaseURL.String(),
		log:      config.Log,
		listTurn: make(chan struct{}, 1),
	}
}

// IsBrokenRow reports whether a request failed because one of the rows doesn't match the
// server's own schema (API.md, Errors). The server rejects the whole page then.
func IsBrokenRow(failed *rest.Error) bool {
	return failed.Status == 500 && strings.HasPrefix(failed.Message, "Output validation failed")
}

// Session is one list or one lookup. The rows that it returns count against the client's
// memory budget until it is closed.
type Session struct {
	client *Client
	memory *rest.Share
}

// NewSession opens a session. Close must be called when its rows aren't used any more.
func (c *Client) NewSession() *Session { return &Session{c, c.memory.Share()} }

// Close releases the session's memory.
func (s *Session) Close() { s.memory.Release() }
