package rest

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// Bounds on the memory that responses take, so that the process stays below 1 GB
// whatever a server sends.
const (
	MaxMemory    = 512 << 20 // bytes that all reads of a client may take at the same time
	maxBody      = 32 << 20  // of a body, after decompression
	maxErrorBody = 256 << 10 // of a response that isn't 200; the rest is ignored
	firstBody    = 64 << 10  // the first allocation for a body; most pages are smaller
)

// ErrMemory is in the chain of an error if the reads of one client would take more
// memory at the same time than they may.
var ErrMemory = fmt.Errorf("the reads of this provider together take more than %d MiB", MaxMemory>>20)

var errBodyTooLarge = fmt.Errorf("the response's body is larger than %d MiB", maxBody>>20)

// Budget counts the memory that all reads of a client take. The zero value is empty.
type Budget struct {
	bytes atomic.Int64
}

// Used returns the number of bytes that are reserved.
func (b *Budget) Used() int64 { return b.bytes.Load() }

// Share returns an empty part of the budget.
func (b *Budget) Share() *Share { return &Share{budget: b} }

// Share is the part of a budget that one body or one list takes. Bytes are reserved before
// they are allocated, if their number is known then.
type Share struct {
	budget *Budget
	bytes  atomic.Int64
}

// Reserve reserves bytes. It returns ErrMemory if the budget doesn't have them.
func (s *Share) Reserve(bytes int) error {
	if s.budget.bytes.Add(int64(bytes)) > MaxMemory {
		s.budget.bytes.Add(-int64(bytes))
		return ErrMemory
	}
	s.bytes.Add(int64(bytes))
	return nil
}

// Release returns all reserved bytes to the budget.
func (s *Share) Release() { s.budget.bytes.Add(-s.bytes.Swap(0)) }

// readBody reads a whole body, and reserves its memory.
func readBody(from io.Reader, memory *Share) ([]byte, error) {
	var body []byte
	for {
		if len(body) == cap(body) {
			more := min(max(len(body), firstBody), maxBody+1-len(body))
			if err := memory.Reserve(more); err != nil {
				return nil, err
			}
			body = append(make([]byte, 0, len(body)+more), body...)
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > maxBody:
			return nil, errBodyTooLarge
		case errors.Is(err, io.EOF):
			return body, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("reading the response: %w", ErrTruncated)
		case err != nil:
			return nil, fmt.Errorf("reading the response: %w", err)
		}
	}
}
