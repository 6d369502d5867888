package rest

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// Bounds on the memory that answers take, so that the process stays under 1 GB
// whatever a server sends.
const (
	MaxHeld      = 512 << 20 // bytes that all reads of a client hold at the same time
	maxBody      = 32 << 20  // of a body, after decompression
	maxErrorBody = 256 << 10 // of an answer that isn't 200; the rest is ignored
	firstBody    = 64 << 10  // what a body is given at first; most pages are smaller
)

// ErrTooMuch is in the chain of an error where the reads of one client would have to
// hold more at the same time than they may.
var ErrTooMuch error = &Error{Kind: TooLarge, Err: fmt.Errorf("what is read at the same time takes more than %d MiB", MaxHeld>>20)}

// Budget counts what all reads of a client hold. The zero value is empty.
type Budget struct {
	bytes atomic.Int64
}

// Held is how many bytes are counted.
func (b *Budget) Held() int64 { return b.bytes.Load() }

// Share is a part of a budget, of which nothing is counted yet.
func (b *Budget) Share() *Share { return &Share{budget: b} }

// Share counts what is held for one body, or kept of one list, as a part of what
// its client holds. Bytes are counted before they are allocated, where that can be
// known, and until they are released.
type Share struct {
	budget *Budget
	bytes  atomic.Int64
}

// Reserve counts bytes, unless they are too many. The error is ErrTooMuch.
func (s *Share) Reserve(bytes int) error {
	if s.budget.bytes.Add(int64(bytes)) > MaxHeld {
		s.budget.bytes.Add(-int64(bytes))
		return ErrTooMuch
	}
	s.bytes.Add(int64(bytes))
	return nil
}

// Release ends the counting of all that was reserved.
func (s *Share) Release() { s.budget.bytes.Add(-s.bytes.Swap(0)) }

// readBody reads all of a body, which is counted until the share is released.
func readBody(share *Share, from io.Reader) ([]byte, error) {
	var body []byte
	for {
		if len(body) == cap(body) {
			more := min(max(len(body), firstBody), maxBody+1-len(body))
			if err := share.Reserve(more); err != nil {
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
