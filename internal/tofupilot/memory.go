package tofupilot

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// Bounds on the memory that answers take, so that the process stays under 1 GB
// whatever a server sends.
const (
	maxHeld      = 512 << 20 // bytes that all reads of a client hold at the same time
	maxBody      = 32 << 20  // of a body, after decompression
	maxErrorBody = 256 << 10 // of an answer that isn't 200; the rest is ignored
	firstBody    = 64 << 10  // what a body is given at first; most pages are smaller

	heldPerRow = 200 // overhead of the pager and the allocator
)

// ErrTooMuch is in the chain of an error where the reads of one client would have to
// hold more at the same time than they may.
var ErrTooMuch error = &Error{Kind: TooLarge, Err: fmt.Errorf("what is read at the same time takes more than %d MiB", maxHeld>>20)}

// holding counts what is held for one body, or kept of one list, as a part of what
// its client holds. Bytes are counted before they are allocated, where that can be
// known, and until they are released.
type holding struct {
	inAll *atomic.Int64 // bytes that the client holds
	bytes atomic.Int64
}

// add counts bytes, unless they are too many. The error is ErrTooMuch.
func (h *holding) add(bytes int) error {
	if h.inAll.Add(int64(bytes)) > maxHeld {
		h.inAll.Add(-int64(bytes))
		return ErrTooMuch
	}
	h.bytes.Add(int64(bytes))
	return nil
}

func (h *holding) release() { h.inAll.Add(-h.bytes.Swap(0)) }

// readBody reads all of a body, which is held until it is released.
func (h *holding) readBody(from io.Reader) ([]byte, error) {
	var body []byte
	for {
		if len(body) == cap(body) {
			more := min(max(len(body), firstBody), maxBody+1-len(body))
			if err := h.add(more); err != nil {
				return nil, err
			}
			body = append(make([]byte, 0, len(body)+more), body...)
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > maxBody:
			return nil, &Error{Kind: TooLarge, Err: fmt.Errorf("the answer's body is larger than %d MiB", maxBody>>20)}
		case errors.Is(err, io.EOF):
			return body, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, &Error{Kind: Interrupted, Err: errors.New("reading the answer: the body ends too early")}
		case err != nil:
			return nil, &Error{Kind: Interrupted, Err: fmt.Errorf("reading the answer: %w", err)}
		}
	}
}
