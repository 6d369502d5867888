package rest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func TestMaxBody(t *testing.T) {
	t.Parallel()
	all := new(Budget)
	h := all.Share()
	body, err := readBody(strings.NewReader(strings.Repeat("x", maxBody)), h)
	if err != nil || len(body) != 32<<20 || all.Used() < 32<<20 || all.Used() > 33<<20 {
		t.Errorf("32 MiB: %d bytes, %v, %d are counted", len(body), err, all.Used())
	}
	h.Release()
	more := io.MultiReader(strings.NewReader(strings.Repeat("x", maxBody+1)), iotest.ErrReader(errors.New("read on")))
	if _, err := readBody(more, h); !errors.Is(err, errBodyTooLarge) {
		t.Errorf("a byte more: %v", err)
	}
}

// A body is counted before it grows, so that what isn't read takes no memory.
func TestShare(t *testing.T) {
	t.Parallel()
	all := new(Budget)
	kept, body := all.Share(), all.Share()
	if err := kept.Reserve(MaxMemory - 3*firstBody); err != nil {
		t.Fatal(err)
	}
	read := &countingReader{from: strings.NewReader(strings.Repeat("x", 4*firstBody))}
	if _, err := readBody(read, body); !errors.Is(err, ErrMemory) || read.bytes != 2*firstBody {
		t.Errorf("read %d bytes, %v", read.bytes, err)
	}
	if err := kept.Reserve(firstBody + 1); !errors.Is(err, ErrMemory) {
		t.Errorf("beside the body, more is kept: %v", err)
	}
	body.Release()
	if err := kept.Reserve(3 * firstBody); err != nil || all.Used() != MaxMemory {
		t.Errorf("after it: %v, %d bytes are counted", err, all.Used())
	}
	kept.Release()
	if all.Used() != 0 {
		t.Errorf("%d bytes are held by nobody", all.Used())
	}
}

type countingReader struct {
	from  io.Reader
	bytes int
}

func (r *countingReader) Read(to []byte) (n int, err error) {
	n, err = r.from.Read(to)
	r.bytes += n
	return n, err
}

// roundTrip is a transport that is one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// An answer that isn't 200 tells enough by its status.
func TestMaxErrorBody(t *testing.T) {
	t.Parallel()
	read := &countingReader{from: strings.NewReader(strings.Repeat("x", maxBody))}
	client := clientAt(t, "https://tofupilot.example.com")
	client.http.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(read)}, nil
	})
	if failed := failure(t, client); failed.Status != http.StatusForbidden || read.bytes > 2*maxErrorBody {
		t.Errorf("%d bytes were read: %v", read.bytes, failed)
	}
}
