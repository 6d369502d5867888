package tofupilot

import (
	"cmp"
	"slices"
)

// MaxSearchQuery is how long a search_query may be, in code points. Servers differ
// in how they count; more is too long for all of them (API.md, Search).
const MaxSearchQuery = 100

// Procedures is the list of test procedures (GET /v2/procedures).
var Procedures = List[Procedure]{
	Path:    "v2/procedures",
	Noun:    "procedure",
	Key:     func(p *Procedure) string { return p.ID },
	Created: func(p *Procedure) *string { return p.CreatedAt },
	Tidy:    (*Procedure).sortRuns,
}

// Procedure is a test procedure. Servers differ in the fields that they send; what
// one doesn't send is nil. Its runs are by StartedAt and then ID. JSON names and the
// sets of fields are from API.md, Items.
type Procedure struct {
	ID               string      `json:"id"` // unique; a UUID
	Name             *string     `json:"name"`
	CreatedAt        *string     `json:"created_at"` // RFC 3339, as the server writes it
	CreatedByUser    *User       `json:"created_by_user"`
	LinkedRepository *Repository `json:"linkedRepository"`
	Runs             []Run       `json:"runs"`
	FPY              *Decimal    `json:"fpy"` // first pass yield in percent
}

// User is who created a procedure.
type User struct {
	ID    *string `json:"id"`
	Name  *string `json:"name"`
	Email *string `json:"email"`
}

// Repository is the source repository that a procedure is linked to.
type Repository struct {
	ID       *string `json:"id"`
	Name     *string `json:"name"`
	FullName *string `json:"fullName"`
	Provider *string `json:"provider"` // github, gitlab, bitbucket so far; an open set
}

// Run is a recent run of a procedure.
type Run struct {
	ID        *string `json:"id"`
	Outcome   *string `json:"outcome"`    // PASS, FAIL, ERROR, TIMEOUT, ABORTED so far; an open set
	StartedAt *string `json:"started_at"` // RFC 3339, as the server writes it
	Unit      *Unit   `json:"unit"`
}

// Unit is the unit under test of a run.
type Unit struct {
	ID *string `json:"id"`
}

// size is about how many bytes a procedure takes.
func (p *Procedure) size() int {
	size := 256 + len(p.ID) + len(deref(p.Name)) + len(deref(p.CreatedAt))
	if user := p.CreatedByUser; user != nil {
		size += len(deref(user.ID)) + len(deref(user.Name)) + len(deref(user.Email))
	}
	if linked := p.LinkedRepository; linked != nil {
		size += len(deref(linked.ID)) + len(deref(linked.Name)) + len(deref(linked.FullName)) + len(deref(linked.Provider))
	}
	for _, run := range p.Runs {
		size += 128 + len(deref(run.ID)) + len(deref(run.Outcome)) + len(deref(run.StartedAt))
		if run.Unit != nil {
			size += len(deref(run.Unit.ID))
		}
	}
	return size
}

// sortRuns puts the runs in order.
func (p *Procedure) sortRuns() {
	slices.SortFunc(p.Runs, func(a, b Run) int {
		return cmp.Or(instantOf(a.StartedAt).Compare(instantOf(b.StartedAt)), cmp.Compare(deref(a.ID), deref(b.ID)))
	})
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
