package fakeapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Generation says which form an item has. One list may hold both (API.md,
// Generations).
type Generation int

const (
	// Gen2026 items carry linkedRepository, and neither runs nor fpy.
	Gen2026 Generation = iota
	// Gen2025 items carry runs and fpy, and no linkedRepository.
	Gen2025
)

// Procedure is one item of the list.
type Procedure struct {
	ID         string
	Name       string      // not unique
	CreatedAt  time.Time   // sent in UTC with milliseconds
	CreatedBy  *User       // nil is sent as null
	Runs       []Run       // only sent by Gen2025
	FPY        *float64    // first pass yield in percent; nil is sent as null; only sent by Gen2025
	Repository *Repository // nil is sent as null; only sent by Gen2026
	Generation Generation

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
	Provider string `json:"provider"` // github, gitlab and bitbucket so far: an open set
}

// common is what items of both generations begin with.
type common struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	CreatedAt jsonTime `json:"created_at"`
	CreatedBy *User    `json:"created_by_user"`
}

type item2025 struct {
	common
	Runs []run2025 `json:"runs"`
	FPY  *float64  `json:"fpy"`
}

type run2025 struct {
	ID        string   `json:"id"`
	Outcome   string   `json:"outcome"`
	StartedAt jsonTime `json:"started_at"`
	Unit      Unit     `json:"unit"`
}

type item2026 struct {
	common
	Repository *Repository `json:"linkedRepository"`
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
	var item any
	shared := common{p.ID, p.Name, jsonTime(p.CreatedAt), p.CreatedBy}
	switch p.Generation {
	case Gen2025:
		runs := make([]run2025, len(p.Runs)) // a list even when there are none
		for i, r := range p.Runs {
			runs[i] = run2025{r.ID, r.Outcome, jsonTime(r.StartedAt), r.Unit}
		}
		item = item2025{shared, runs, p.FPY}
	case Gen2026:
		item = item2026{shared, p.Repository}
	default:
		panic(fmt.Sprintf("fakeapi: procedure %q has the unknown generation %d", p.ID, p.Generation))
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false) // the server is JavaScript, which leaves <, > and & alone
	if err := encoder.Encode(item); err != nil {
		panic(fmt.Sprintf("fakeapi: procedure %q: %v", p.ID, err))
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}
