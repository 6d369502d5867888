package rest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestMaxBody(t *testing.T) {
	t.Parallel()
	budget := new(Budget)
	share := budget.Share()
	body, err := readBody(strings.NewReader(strings.Repeat("x", maxBody)), share)
	if err != nil || len(body) != 32<<20 || budget.Used() < 32<<20 || budget.Used() > 33<<20 {
		t.Errorf("32 MiB: %d bytes, %v, %d reserved", len(body), err, budget.Used())
	}
	share.Release()
	longer := io.MultiReader(strings.NewReader(strings.Repeat("x", maxBody+1)), iotest.ErrReader(errors.New("read past the limit")))
	if _, err := readBody(longer, share); !errors.Is(err, errBodyTooLarge) {
		t.Errorf("a byte more: %v", err)
	}
}

// TestGzipBomb checks that the limit of a body applies to its size after decompression.
func TestGzipBomb(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	writer := gzip.NewWriter(&bomb)
	if _, err := io.WriteString(writer, strings.Repeat(" ", maxBody+1)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil || bomb.Len() > 1<<20 {
		t.Fatalf("the compressed body has %d bytes; %v", bomb.Len(), err)
	}
	api := fakeapi.New()
	api.Fail(respondOK(bomb.String(), "Content-Encoding", "gzip", "Content-Type", "application/json"))
	failed := getError(t, newClient(t, newServer(t, api).String()))
	if failed.Kind != TooLarge || !strings.Contains(failed.Error(), "larger than 32 MiB") {
		t.Error(failed)
	}
	if n := len(api.Requests()); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
}

// TestShare checks that readBody reserves memory before it reads.
func TestShare(t *testing.T) {
	t.Parallel()
	budget := new(Budget)
	kept, body := budget.Share(), budget.Share()
	if err := kept.Reserve(MaxMemory - 3*firstBody); err != nil {
		t.Fatal(err)
	}
	read := &countingReader{from: strings.NewReader(strings.Repeat("x", 4*firstBody))}
	if _, err := readBody(read, body); !errors.Is(err, ErrMemory) || read.bytes != 2*firstBody {
		t.Errorf("read %d bytes, %v", read.bytes, err)
	}
	if err := kept.Reserve(firstBody + 1); !errors.Is(err, ErrMemory) {
		t.Errorf("more is reserved than remains beside the body: %v", err)
	}
	body.Release()
	if err := kept.Reserve(3 * firstBody); err != nil || budget.Used() != MaxMemory {
		t.Errorf("after the body: %v, %d bytes are reserved", err, budget.Used())
	}
	kept.Release()
	if budget.Used() != 0 {
		t.Errorf("%d bytes remain reserved", budget.Used())
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

// TestMaxErrorBody checks that only the start of an error's body is read.
func TestMaxErrorBody(t *testing.T) {
	t.Parallel()
	read := &countingReader{from: strings.NewReader(strings.Repeat("x", maxBody))}
	client := newClient(t, "https://tofupilot.example.com")
	client.http.Transport = roundTripFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(read)}, nil
	})
	if failed := getError(t, client); failed.Status != http.StatusForbidden || read.bytes > 2*maxErrorBody {
		t.Errorf("%d bytes were read: %v", read.bytes, failed)
	}
}
