package paging

import (
	"errors"
	"fmt"
)

// IncompleteError reports a list that couldn't be shown to be complete.
type IncompleteError struct {
	Passes int   // how often the list was read from its start, including the last pass
	Rows   int   // of the last pass
	Change error // what showed the latest change of the list; nil if nothing did
	Err    error // why: the error of Fetch, an *InconsistentError or the context's cause
}

func (e *IncompleteError) Error() string {
	if e.Change == nil {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v (read from the start %d times, because the list changed while it was read: %v)", e.Err, e.Passes, e.Change)
}

func (e *IncompleteError) Unwrap() error { return e.Err }

// ChangedError says how a list was seen to change while it was read.
type ChangedError struct{ How string }

func (e *ChangedError) Error() string { return e.How }

func changedError(format string, args ...any) error {
	return &ChangedError{How: fmt.Sprintf(format, args...)}
}

// InconsistentError reports a page that leaves no safe next step.
type InconsistentError struct{ What string }

func (e *InconsistentError) Error() string { return "the server's paging can't be followed: " + e.What }

// ErrCursor is in the chain of Fetch's error if the server rejects a cursor that it
// didn't return itself.
var ErrCursor = errors.New("the server rejects the cursor")

var (
	errTooManyRows = &InconsistentError{What: fmt.Sprintf("it goes on after %d rows", maxRows)}
	// errNotOffsets ends a pass whose cursors aren't offsets.
	errNotOffsets = errors.New("the cursors aren't offsets")
)
