package acceptance

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// overPlain is such a target, to be made later.
func overPlain(handler http.Handler) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		return harness.Serving(t, handler)
	}
}

// faulty is a target with the few procedures, where requests of these numbers,
// or all, meet the fault. A fault that is nil is none.
func faulty(fault http.HandlerFunc, requests ...int) func(*testing.T) *harness.Target {
	return prepared(func(api *fakeapi.Server) {
		if fault != nil {
			api.Fail(fault, requests...)
		}
	})
}

// prepared is a target with the few procedures, after something was done to it.
func prepared(prepare func(api *fakeapi.Server)) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		api := fakeapi.New(few...)
		prepare(api)
		return harness.Serving(t, api)
	}
}

// answer is one of this code and body, as fakeapi.Status makes it.
func answer(code int, body string, header ...string) http.HandlerFunc {
	return fakeapi.Status(code, body, header...).ServeHTTP
}

// with200 is an answer of status 200 with this body.
func with200(body string) http.HandlerFunc {
	return answer(http.StatusOK, body, "Content-Type", "application/json")
}

// around is a target with the few procedures behind something of ours.
func around(wrap func(api http.Handler) http.Handler) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		return harness.Serving(t, wrap(fakeapi.New(few...)))
	}
}

// saying reads the request of each connection and says this, as it stands.
func saying(texts ...string) func(conn net.Conn, number int) {
	return func(conn net.Conn, _ int) {
		if request, _ := readRequest(conn); request != nil {
			_, _ = conn.Write([]byte(strings.Join(texts, "\r\n"))) // fails only when the client has gone
		}
	}
}

// thenSilent says this and then keeps the connection, without a word, until the
// client goes.
func thenSilent(texts ...string) func(conn net.Conn, number int) {
	return func(conn net.Conn, number int) {
		saying(texts...)(conn, number)
		saysNothing(conn, number)
	}
}

// readRequest reads a request without a body, and returns what follows it. The
// request is nil if none comes.
func readRequest(conn net.Conn) (*http.Request, io.Reader) {
	reader := bufio.NewReader(conn)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return nil, reader
	}
	_ = request.Body.Close()
	return request, reader
}

// greet speaks first, as mail and SSH servers do.
func greet(conn net.Conn, number int) {
	_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_9.6\r\n"))
	saysNothing(conn, number)
}

// saysNothing reads and says nothing until the client goes.
func saysNothing(conn net.Conn, _ int) {
	_, _ = io.Copy(io.Discard, conn)
}

// flush sends what was written so far.
func flush(w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(err) // httptest's servers all can
	}
}

// untilGone waits for the client to go, within reason.
func untilGone(r *http.Request, longest time.Duration) {
	select {
	case <-r.Context().Done():
	case <-time.After(longest):
	}
}
