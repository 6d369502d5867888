package fakeapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Shape says which fields an item has beside those that each has. One list may mix
// them (API.md, Items).
type Shape int

const (
	// WithRepository items have linkedRepository, as on www.tofupilot.app.
	WithRepository Shape = iota
	// WithRunsAndFPY items have runs and fpy, as in July 2025.
	WithRunsAndFPY
	// WithRuns items have runs, as in August 2025.
	WithRuns
	// WithRunsAndRepository items have runs and linkedRepository, as in March 2026,
	// and in February 2026 without its provider.
	WithRunsAndRepository
)

func (s Shape) hasRuns() bool       { return s != WithRepository }
func (s Shape) hasFPY() bool        { return s == WithRunsAndFPY }
func (s Shape) hasRepository() bool { return s == WithRepository || s == WithRunsAndRepository }

// Procedure is one item of the list.
type Procedure struct {
	ID         string
	Name       string      // not unique
	CreatedAt  time.Time   // sent in UTC with milliseconds
	CreatedBy  *User       // nil is sent as null
	Runs       []Run       // none are sent as an empty list
	FPY        *float64    // first pass yield in percent; nil is sent as null
	Repository *Repository // nil is sent as null
	Shape      Shape       // which of these three are sent

	// JSON, when not empty, is the item exactly as sent. The other fields still
	// steer search, filters, keys and order.
	JSON string
}

// User is who created a procedure.
type User struct {
	ID    string  `json:"id"`
	Name  *string `json:"name"` // nil is sent as null
	Email string  `json:"email"`
}

// Run is a recent run of a procedure.
type Run struct {
	ID        string
	Outcome   string    // PASS, FAIL, ERROR, TIMEOUT and ABORTED so far: an open set
	StartedAt time.Time // sent in UTC with milliseconds
	Unit      Unit
}

// Unit is what was tested in a run.
type Unit struct {
	ID string `json:"id"`
}

// Repository is the source repository linked to a procedure.
type Repository struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	FullName string `json:"fullName"`
	Provider string `json:"provider,omitempty"` // github, gitlab and bitbucket so far: an open set
}

// item is a procedure as it is sent. What may be null or not be there at all is an
// any, which omitempty leaves out only if nothing was put into it.
type item struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	CreatedAt  jsonTime `json:"created_at"`
	CreatedBy  *User    `json:"created_by_user"`
	Runs       any      `json:"runs,omitempty"`
	FPY        any      `json:"fpy,omitempty"`
	Repository any      `json:"linkedRepository,omitempty"`
}

type itemRun struct {
	ID        string   `json:"id"`
	Outcome   string   `json:"outcome"`
	StartedAt jsonTime `json:"started_at"`
	Unit      Unit     `json:"unit"`
}

type jsonTime time.Time

func (t jsonTime) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

// encode writes an item with its keys in the order of the examples.
func encode(p Procedure) []byte {
	if p.JSON != "" {
		return []byte(p.JSON)
	}
	sent := item{ID: p.ID, Name: p.Name, CreatedAt: jsonTime(p.CreatedAt), CreatedBy: p.CreatedBy}
	if p.Shape.hasRuns() {
		runs := make([]itemRun, len(p.Runs)) // a list even when there are none
		for i, r := range p.Runs {
			runs[i] = itemRun{r.ID, r.Outcome, jsonTime(r.StartedAt), r.Unit}
		}
		sent.Runs = runs
	}
	if p.Shape.hasFPY() {
		sent.FPY = p.FPY
	}
	if p.Shape.hasRepository() {
		sent.Repository = p.Repository
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false) // the server is JavaScript, which leaves <, > and & alone
	if err := encoder.Encode(sent); err != nil {
		panic(fmt.Sprintf("fakeapi: procedure %q: %v", p.ID, err))
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}
