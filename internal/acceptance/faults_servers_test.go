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

// faulty is a target with the few procedures, where all requests meet the fault. A fault
// that is nil is none.
func faulty(fault http.HandlerFunc) func(*testing.T) *harness.Target {
	return prepared(func(api *fakeapi.Server) {
		if fault != nil {
			api.Fail(fault)
		}
	})
}

// prepared is a target with the few procedures, after something was done to it.
func prepared(prepare func(api *fakeapi.Server)) func(*testing.T) *harness.Target {
	return func(t *testing.T) *harness.Target {
		t.Helper()
		api := fakeapi.New(few...)
		prepare(api)
		return harness.NewTarget(t, api)
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
		return harness.NewTarget(t, wrap(fakeapi.New(few...)))
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

// onSecondPage has the second page of two procedures meet the fault, once the
// third is asked for too: the two are asked for at once, and the end of one may
// keep the other from being asked for at all.
func onSecondPage(fault http.HandlerFunc) func(http.Handler) http.Handler {
	return func(api http.Handler) http.Handler {
		third := make(chan struct{})
		both := sync.OnceFunc(func() { close(third) })
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Query().Get("cursor") {
			case "1":
				select {
				case <-third:
				case <-r.Context().Done():
				}
				fault(w, r)
				return
			case "2":
				both()
			}
			api.ServeHTTP(w, r)
		})
	}
}

// firstAnswers has the first request for each page meet the fault.
func firstAnswers(fault http.HandlerFunc) func(http.Handler) http.Handler {
	return func(api http.Handler) http.Handler {
		var asked sync.Map
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, again := asked.LoadOrStore(r.URL.RawQuery, nil); !again {
				fault(w, r)
				return
			}
			api.ServeHTTP(w, r)
		})
	}
}

// breakOff begins with a body and closes the connection, or resets the stream.
func breakOff(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(`{"data":[`))
	flush(w)
	panic(http.ErrAbortHandler)
}

// drip sends a byte now and then, each sooner than any timeout.
func drip(w http.ResponseWriter, r *http.Request) {
	for range 100 {
		_, _ = w.Write([]byte(" "))
		flush(w)
		untilGone(r, 50*time.Millisecond)
		if r.Context().Err() != nil {
			return
		}
	}
}

// restless is a list, newest first, to which a procedure is added before every answer.
func restless(t *testing.T) *harness.Target {
	t.Helper()
	api, added := fakeapi.New(few...), new(atomic.Int64)
	api.Before(func(fakeapi.Request) {
		next := added.Add(1)
		api.Add(fakeapi.Procedure{ID: fmt.Sprintf("new-%d", next), CreatedAt: time.Now().Add(time.Duration(next) * time.Second)})
	})
	return harness.NewTarget(t, api)
}
