package tofupilot

import (
	"fmt"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/paging"
)

// ListError is a list that couldn't be read to its end. Err says why, and has
// a *rest.Error, an *InconsistentError or the context's cause in its chain.
type ListError struct {
	paging.IncompleteError

	Noun     string // what a row of the list is
	Requests int    // pages asked for, in all passes
}

func (e *ListError) Error() string {
	return fmt.Sprintf("reading the %s: %v", plural(e.Noun), &e.IncompleteError)
}

// InconsistentError is pages that leave no safe next step.
type InconsistentError = paging.InconsistentError
