// Package tofupilot is a client of TofuPilot's API, version 2, as far as it
// lists procedures. It is read-only, and knows nothing of Terraform.
package tofupilot

import (
	"log/slog"
	"net/url"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// Client reads from one server with one key. It may be used by several goroutines; all of
// them share its limit of requests in flight.
type Client struct {
	rest    *rest.Client
	base    *url.URL
	memory  *rest.Budget
	lookups *listLookups
	log     *slog.Logger
}

// New makes a Client. It sends nothing.
func New(config rest.Config) *Client {
	config.Permanent = IsBrokenRow
	return &Client{
		rest:    rest.New(config),
		base:    config.BaseURL,
		memory:  config.Memory,
		lookups: newListLookups(),
		log:     config.Log,
	}
}

// IsBrokenRow reports whether a request failed because one of the rows doesn't match the
// server's own schema (API.md, Errors). The server refuses the whole page then.
func IsBrokenRow(failed *rest.Error) bool {
	return failed.Status == 500 && strings.HasPrefix(failed.Message, "Output validation failed")
}
