package acceptance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// targetFunc starts a server, which runs until the test ends.
type targetFunc func(t *testing.T) *harness.Target

// fewProcedures fit on one page. fewIDs are their IDs in the order of the list.
var (
	fewProcedures = fakeapi.Generate(4, fakeapi.WithRepository)
	fewIDs        = harness.SortedIDs(fewProcedures)
)

// newAPI returns a fake API with a few procedures.
func newAPI() *fakeapi.Server { return fakeapi.New(fewProcedures...) }

// serveHandler returns a targetFunc for a server with the handler.
func serveHandler(handler http.Handler) targetFunc {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		return harness.NewTarget(t, handler)
	}
}

// serveChangingList starts a server that adds a procedure to its list before every response.
func serveChangingList(t *testing.T) *harness.Target {
	t.Helper()
	api := newAPI()
	var added atomic.Int64
	api.Before(func(fakeapi.Request) {
		number := added.Add(1)
		createdAt := time.Now().Add(time.Duration(number) * time.Second) // no time is used twice
		api.Add(fakeapi.Procedure{ID: fmt.Sprintf("new-%d", number), CreatedAt: createdAt})
	})
	return harness.NewTarget(t, api)
}

// failFirstAttempts returns a handler that passes the first attempt of each request to fault, and
// the others to api.
func failFirstAttempts(api, fault http.Handler) http.Handler {
	var attempted sync.Map
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, again := attempted.LoadOrStore(r.URL.RawQuery, nil); again {
			api.ServeHTTP(w, r)
		} else {
			fault.ServeHTTP(w, r)
		}
	})
}

// serveWithoutSecondPage returns a handler that never responds to the request for the second page, and
// passes other requests to a fake API. If page_size is 2, the second page has the cursor 1, because it
// begins with the last row of the first page.
func serveWithoutSecondPage() http.Handler {
	api := newAPI()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "1" {
			neverRespond(w, r)
		} else {
			api.ServeHTTP(w, r)
		}
	})
}

// neverRespond is a handler that waits until the client gives up, or a minute.
var neverRespond = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
	waitForDisconnect(r, time.Minute)
})

// waitForDisconnect waits until the client disconnects, but not longer than the given time.
func waitForDisconnect(r *http.Request, longest time.Duration) {
	select {
	case <-r.Context().Done():
	case <-time.After(longest):
	}
}

// abortBody sends the start of a body, and then resets the HTTP/2 stream.
func abortBody(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(`{"data":[`))
	flush(w)
	panic(http.ErrAbortHandler)
}

// dripBody sends a body of 100 spaces, one every 50 ms.
func dripBody(w http.ResponseWriter, r *http.Request) {
	for range 100 {
		_, _ = w.Write([]byte(" "))
		flush(w)
		waitForDisconnect(r, 50*time.Millisecond)
		if r.Context().Err() != nil {
			return
		}
	}
}

// flush sends to the client what was written so far.
func flush(w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(err) // every server of httptest can flush
	}
}

// The functions below serve connections for harness.NewConnTarget.

// sendRaw returns a function that reads a request and responds with these lines.
func sendRaw(lines ...string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = conn.Write([]byte(strings.Join(lines, "\r\n"))) // the client may have disconnected
		}
	}
}

// sendAndWait returns a function that does what sendRaw's does, and then waits until the client
// disconnects.
func sendAndWait(lines ...string) func(net.Conn) {
	return func(conn net.Conn) {
		sendRaw(lines...)(conn)
		waitForClose(conn)
	}
}

// sendGreeting writes before it reads, as mail and SSH servers do.
func sendGreeting(conn net.Conn) {
	_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_9.6\r\n"))
	waitForClose(conn)
}

// waitForClose writes nothing, and reads until the client closes the connection.
func waitForClose(conn net.Conn) {
	_, _ = io.Copy(io.Discard, conn)
}
