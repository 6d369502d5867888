package fakeapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Shape says which optional fields a row has. Servers differ in these fields, and a list may mix shapes
// (API.md, Rows).
type Shape int

const (
	// WithRepository rows have linkedRepository, as on www.tofupilot.app.
	WithRepository Shape = iota
	// WithRunsAndFPY rows have runs and fpy, as in July 2025.
	WithRunsAndFPY
	// WithRuns rows have runs, as in August 2025.
	WithRuns
	// WithRunsAndRepository rows have runs and linkedRepository, as in March 2026. In February 2026,
	// the repository had no provider.
	WithRunsAndRepository
)

func (s Shape) hasRuns() bool       { return s != WithRepository }
func (s Shape) hasFPY() bool        { return s == WithRunsAndFPY }
func (s Shape) hasRepository() bool { return s == WithRepository || s == WithRunsAndRepository }

// Procedure is one row of the list.
type Procedure struct {
	ID         string
	Name       string      // not unique
	CreatedAt  time.Time   // sent in UTC with milliseconds
	CreatedBy  *User       // nil is sent as null
	Runs       []Run       // none are sent as an empty list
	FPY        *float64    // first pass yield in percent; nil is sent as null
	Repository *Repository // nil is sent as null
	Shape      Shape       // which of Runs, FPY and Repository are sent

	// JSON is the row as the server sends it. If JSON is empty, the server encodes the other fields. For
	// searches, filters, keys and order, the server always uses the other fields.
	JSON string
}

// User is the creator of a procedure.
type User struct {
	ID    string  `json:"id"`
	Name  *string `json:"name"` // nil is sent as null
	Email string  `json:"email"`
}

// Run is a recent run of a procedure.
type Run struct {
	ID        string
	Outcome   string    // PASS, FAIL, ERROR, TIMEOUT, ABORTED; servers may add others
	StartedAt time.Time // sent in UTC with milliseconds
	Unit      Unit
}

// Unit is the unit under test of a run.
type Unit struct {
	ID string `json:"id"`
}

// Repository is the source repository linked to a procedure.
type Repository struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	FullName string `json:"fullName"`
	Provider string `json:"provider,omitempty"` // github, gitlab, bitbucket; servers may add others
}

// rowJSON is the JSON of a procedure. The fields that depend on the shape have the type any: if it is
// nil, the field is omitted, and if it holds a nil pointer, the field is null.
type rowJSON struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	CreatedAt  jsonTime `json:"created_at"`
	CreatedBy  *User    `json:"created_by_user"`
	Runs       any      `json:"runs,omitempty"`
	FPY        any      `json:"fpy,omitempty"`
	Repository any      `json:"linkedRepository,omitempty"`
}

type runJSON struct {
	ID        string   `json:"id"`
	Outcome   string   `json:"outcome"`
	StartedAt jsonTime `json:"started_at"`
	Unit      Unit     `json:"unit"`
}

type jsonTime time.Time

func (t jsonTime) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

// encode returns the JSON of a row, with its keys in the order of the examples.
func encode(p Procedure) []byte {
	if p.JSON != "" {
		return []byte(p.JSON)
	}
	encoded := rowJSON{ID: p.ID, Name: p.Name, CreatedAt: jsonTime(p.CreatedAt), CreatedBy: p.CreatedBy}
	if p.Shape.hasRuns() {
		runs := make([]runJSON, len(p.Runs)) // an empty list, not null
		for i, r := range p.Runs {
			runs[i] = runJSON{r.ID, r.Outcome, jsonTime(r.StartedAt), r.Unit}
		}
		encoded.Runs = runs
	}
	if p.Shape.hasFPY() {
		encoded.FPY = p.FPY
	}
	if p.Shape.hasRepository() {
		encoded.Repository = p.Repository
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false) // the real API, in JavaScript, doesn't escape <, > and &
	if err := encoder.Encode(encoded); err != nil {
		panic(fmt.Sprintf("fakeapi: procedure %q: %v", p.ID, err))
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}
