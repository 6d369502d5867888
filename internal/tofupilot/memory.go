package tofupilot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Limits on the memory that answers take, so that the process stays under 1 GB
// whatever a server sends.
const (
	usualBody    = 512 << 10 // bytes of a body, after decompression: larger ones are read one at a time
	maxBody      = 32 << 20  // of any body
	maxErrorBody = 4 << 20   // of an answer that isn't 200; the rest is ignored

	maxHeld      = 256 << 20 // bytes kept of one list: Terraform's protocol has no larger messages
	maxHeldInAll = 512 << 20 // of all lists that are read at the same time, with heldPerRow for each row
	heldPerRow   = 200       // overhead of the pager and the allocator
)

// answerBody is an answer's body, in memory until it is closed.
type answerBody struct {
	bytes.Buffer

	turn chan struct{} // the client's largeBody
	mine bool          // whether this is that body
}

// bodies are empty buffers: new ones for each answer would be a third of
// the memory that a long read allocates.
var bodies = sync.Pool{New: func() any { return new(answerBody) }}

func newBody(turn chan struct{}) *answerBody {
	b := bodies.Get().(*answerBody) //nolint:forcetypeassert // It holds nothing else.
	b.turn = turn
	return b
}

// read takes all of an answer's body. One that is larger than usual waits until it
// is the only such body, at most until the context ends.
func (b *answerBody) read(ctx context.Context, from io.Reader) error {
	err := b.readUpTo(usualBody, from)
	if err == nil && b.Len() > usualBody {
		select {
		case b.turn <- struct{}{}:
			b.mine = true
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		err = b.readUpTo(maxBody, from)
	}
	switch {
	case err == nil && b.Len() > maxBody:
		return &Error{Kind: TooLarge, Err: fmt.Errorf("the answer's body is larger than %d MiB", maxBody>>20)}
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Kind: Interrupted, Err: errors.New("reading the answer: the body ends too early")}
	}
	return &Error{Kind: Interrupted, Err: fmt.Errorf("reading the answer: %w", err)}
}

// readUpTo reads on until there is one byte more than the limit, or no more.
func (b *answerBody) readUpTo(limit int, from io.Reader) error {
	_, err := b.ReadFrom(io.LimitReader(from, int64(limit+1-b.Len())))
	return err
}

// close releases the memory.
func (b *answerBody) close() {
	if b.mine {
		<-b.turn
	}
	if b.Cap() <= 2*usualBody {
		b.Reset()
		b.turn, b.mine = nil, false
		bodies.Put(b)
	}
}

// holding counts what one read of a list keeps.
type holding struct {
	all *atomic.Int64 // bytes of all lists of the client, heldPerRow included

	rows, bytes atomic.Int64 // of the pass under way
	ids         atomic.Int64 // of these bytes, those of the rows' IDs
	before      int64        // bytes of the IDs of the pass before
}

// take adds the rows of a page, and the cursor to the next. The error is a
// *ListTooLargeError.
func take[R any](h *holding, rows []Row[R], next string) error {
	rowBytes, ids := int64(len(next)), int64(0)
	for i := range rows {
		rowBytes += rows[i].size
		ids += int64(len(rows[i].ID))
	}
	h.ids.Add(ids)
	return h.change(int64(len(rows)), rowBytes)
}

// change adds rows and their bytes, or removes them. The error is a
// *ListTooLargeError.
func (h *holding) change(rows, bytes int64) error {
	h.rows.Add(rows)
	switch held, inAll := h.bytes.Add(bytes), h.all.Add(bytes+rows*heldPerRow); {
	case held > maxHeld:
		return &ListTooLargeError{}
	case inAll > maxHeldInAll:
		return &ListTooLargeError{InAll: true}
	}
	return nil
}

// restart forgets the rows of a pass, except for their IDs, which the next pass is
// compared with.
func (h *holding) restart() {
	const perID = 16 // what a string takes beside its bytes
	before := h.ids.Swap(0) + perID*h.rows.Load()
	_ = h.change(-h.rows.Load(), -h.bytes.Load())
	h.all.Add(before - h.before)
	h.before = before
}

// close forgets all.
func (h *holding) close() {
	h.restart()
	h.restart()
}
