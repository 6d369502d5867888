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

// TestShare checks that two shares of a budget together can't reserve more than MaxMemory, and that
// a share returns its bytes to the budget.
func TestShare(t *testing.T) {
	t.Parallel()
	budget := new(Budget)
	rows, body := budget.Share(), budget.Share()
	if err := errors.Join(rows.Reserve(MaxMemory-100), body.Reserve(100)); err != nil {
		t.Fatal(err)
	}
	if err := rows.Reserve(1); !errors.Is(err, ErrMemory) {
		t.Errorf("more than MaxMemory: got %v, want %v", err, ErrMemory)
	}
	body.Release()
	if err := rows.Reserve(100); err != nil {
		t.Errorf("after the release of the body: %v", err)
	}
	rows.Release()
	if got := budget.Used(); got != 0 {
		t.Errorf("after all releases: got %d reserved bytes, want 0", got)
	}
}

func TestMaxBody(t *testing.T) {
	t.Parallel()
	budget := new(Budget)
	body, err := readBody(strings.NewReader(strings.Repeat("x", maxBody)), budget.Share())
	if err != nil || len(body) != 32<<20 {
		t.Errorf("32 MiB: got %d bytes, %v", len(body), err)
	}
	if got := budget.Used(); got < 32<<20 || got > 33<<20 { // a little more, to notice a longer body
		t.Errorf("32 MiB: got %d reserved bytes", got)
	}
	longer := io.MultiReader(strings.NewReader(strings.Repeat("x", maxBody+1)), iotest.ErrReader(errors.New("read past the limit")))
	if _, err := readBody(longer, budget.Share()); !errors.Is(err, errBodyTooLarge) {
		t.Errorf("one byte more: got %v, want %v", err, errBodyTooLarge)
	}
}

// TestReserveBeforeReading checks that readBody reserves memory before it reads. It reserves firstBody
// bytes, then the same again, and then twice as many, but the budget has only three times firstBody.
func TestReserveBeforeReading(t *testing.T) {
	t.Parallel()
	budget := new(Budget)
	if err := budget.Share().Reserve(MaxMemory - 3*firstBody); err != nil {
		t.Fatal(err)
	}
	reader := strings.NewReader(strings.Repeat("x", 4*firstBody))
	if _, err := readBody(reader, budget.Share()); !errors.Is(err, ErrMemory) {
		t.Errorf("got %v, want %v", err, ErrMemory)
	}
	if read := 4*firstBody - reader.Len(); read != 2*firstBody {
		t.Errorf("%d bytes were read, want %d", read, 2*firstBody)
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
	if err := writer.Close(); err != nil || bomb.Len() > 1<<20 { // far below maxBody
		t.Fatalf("the compressed body has %d bytes; %v", bomb.Len(), err)
	}
	api := fakeapi.New()
	api.Fail(respondOK(bomb.String(), "Content-Encoding", "gzip", "Content-Type", "application/json"))
	failed := getError(t, newClient(t, newServer(t, api).String()))
	if failed.Kind != TooLarge || !strings.Contains(failed.Error(), "larger than 32 MiB") {
		t.Errorf("got kind %d, want %d: %v", failed.Kind, TooLarge, failed)
	}
	if n := len(api.Requests()); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
}

// TestMaxErrorBody checks that only the start of an error's body is read.
func TestMaxErrorBody(t *testing.T) {
	t.Parallel()
	reader := strings.NewReader(strings.Repeat("x", maxBody))
	client := newClient(t, "https://tofupilot.example.com")
	client.http.Transport = roundTripFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(reader)}, nil
	})
	if failed := getError(t, client); failed.Status != http.StatusForbidden {
		t.Errorf("got %v, want a 403", failed)
	}
	if read := maxBody - reader.Len(); read != maxErrorBody {
		t.Errorf("%d bytes were read, want %d", read, maxErrorBody)
	}
}
