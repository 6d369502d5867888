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

// serveFault returns a function that starts a fake API. It has a few procedures, and every
// response comes from the handler, unless that is nil.
func serveFault(fault http.HandlerFunc) func(*testing.T) *harness.Target {
	return serveFake(func(api *fakeapi.Server) {
		if fault != nil {
			api.Fail(fault)
		}
	})
}

// serveFake returns a function that starts a fake API with a few procedures, after it called
// prepare.
func serveFake(prepare func(api *fakeapi.Server)) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		api := fakeapi.New(fewProcedures...)
		prepare(api)
		return harness.NewTarget(t, api)
	}
}

// respond returns the handler that fakeapi.Status returns.
func respond(code int, body string, header ...string) http.HandlerFunc {
	return fakeapi.Status(code, body, header...).ServeHTTP
}

// respondOK returns a handler that responds with status 200 and this JSON.
func respondOK(body string) http.HandlerFunc {
	return respond(http.StatusOK, body, "Content-Type", "application/json")
}

// serveWrapped returns a function that starts a fake API with a few procedures behind a handler.
func serveWrapped(wrap func(api http.Handler) http.Handler) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		return harness.NewTarget(t, wrap(fakeapi.New(fewProcedures...)))
	}
}

// sendRaw returns a function that reads a request from a connection and writes these lines.
func sendRaw(lines ...string) func(conn net.Conn, number int) {
	return func(conn net.Conn, _ int) {
		if request, _ := readRequest(conn); request != nil {
			_, _ = conn.Write([]byte(strings.Join(lines, "\r\n"))) // it may fail, if the client has closed the connection
		}
	}
}

// sendAndWait is like sendRaw, and then waits until the client closes the connection.
func sendAndWait(lines ...string) func(conn net.Conn, number int) {
	return func(conn net.Conn, number int) {
		sendRaw(lines...)(conn, number)
		waitForClose(conn, number)
	}
}

// readRequest reads a request without a body, and returns a reader for what follows it. The
// request is nil if the connection ends before.
func readRequest(conn net.Conn) (*http.Request, io.Reader) {
	reader := bufio.NewReader(conn)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return nil, reader
	}
	_ = request.Body.Close()
	return request, reader
}

// sendGreeting writes before it reads, as mail and SSH servers do.
func sendGreeting(conn net.Conn, number int) {
	_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_9.6\r\n"))
	waitForClose(conn, number)
}

// waitForClose reads until the client closes the connection. It writes nothing.
func waitForClose(conn net.Conn, _ int) {
	_, _ = io.Copy(io.Discard, conn)
}

// flush sends what was written so far to the client.
func flush(w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(err) // every server of httptest can flush
	}
}

// waitForDisconnect waits until the client has closed the request, at most the given time.
func waitForDisconnect(r *http.Request, longest time.Duration) {
	select {
	case <-r.Context().Done():
	case <-time.After(longest):
	}
}

// failSecondPage returns a handler that calls fault for the second page of two procedures. It
// waits for the request for the third page, because both are sent at the same time, and
// a failure of the second could cancel the third before it is sent.
func failSecondPage(fault http.HandlerFunc) func(http.Handler) http.Handler {
	return func(api http.Handler) http.Handler {
		thirdRequested := make(chan struct{})
		markThird := sync.OnceFunc(func() { close(thirdRequested) })
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Query().Get("cursor") {
			case "1":
				select {
				case <-thirdRequested:
				case <-r.Context().Done():
				}
				fault(w, r)
				return
			case "2":
				markThird()
			}
			api.ServeHTTP(w, r)
		})
	}
}

// failFirstAttempts returns a handler that calls fault for the first attempt of each request.
func failFirstAttempts(fault http.HandlerFunc) func(http.Handler) http.Handler {
	return func(api http.Handler) http.Handler {
		var attempted sync.Map
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, again := attempted.LoadOrStore(r.URL.RawQuery, nil); !again {
				fault(w, r)
				return
			}
			api.ServeHTTP(w, r)
		})
	}
}

// abortBody sends the start of a body and closes the connection, or resets the stream.
func abortBody(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(`{"data":[`))
	flush(w)
	panic(http.ErrAbortHandler)
}

// dripBody sends a byte every 50 ms, more often than any timeout.
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

// serveChangingList returns a target that adds a procedure to its list before every response.
func serveChangingList(t *testing.T) *harness.Target {
	t.Helper()
	api, added := fakeapi.New(fewProcedures...), new(atomic.Int64)
	api.Before(func(fakeapi.Request) {
		next := added.Add(1)
		api.Add(fakeapi.Procedure{ID: fmt.Sprintf("new-%d", next), CreatedAt: time.Now().Add(time.Duration(next) * time.Second)})
	})
	return harness.NewTarget(t, api)
}
