package provider

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// place is where a provider is sent: a server that runs, or none.
type place struct {
	url       string
	elsewhere string // another server's address, where there is one
	authority string // PEM; given as ca_cert_pem
	home      string // where a user logged in, if that was done
	asked     func() []string
}

// record is what a server was asked, as it came.
type record struct {
	mu    sync.Mutex
	lines []string
}

// add returns the number of the line, from 1.
func (r *record) add(line string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
	return len(r.lines)
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// of records what a handler is asked.
func (r *record) of(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.add(request.Method + " " + request.URL.RequestURI())
		handler.ServeHTTP(w, request)
	})
}

// serving is a place with a server of this handler.
func serving(t *testing.T, handler http.Handler) *place {
	t.Helper()
	asked := new(record)
	server := httptest.NewServer(asked.of(handler))
	t.Cleanup(server.Close)
	return &place{url: server.URL, asked: asked.all}
}

// overPlain is such a place, to be made later.
func overPlain(handler http.Handler) func(*testing.T) *place {
	return func(t *testing.T) *place {
		t.Helper()
		return serving(t, handler)
	}
}

// faulty is a place with the few procedures, where requests of these numbers,
// or all, meet the fault. A fault that is nil is none.
func faulty(fault http.HandlerFunc, requests ...int) func(*testing.T) *place {
	return prepared(func(api *fakeapi.Server) {
		if fault != nil {
			api.Fail(fault, requests...)
		}
	})
}

// prepared is a place with the few procedures, after something was done to it.
func prepared(prepare func(api *fakeapi.Server)) func(*testing.T) *place {
	return func(t *testing.T) *place {
		t.Helper()
		api := fakeapi.New(few...)
		prepare(api)
		return serving(t, api)
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

// around is a place with the few procedures behind something of ours.
func around(wrap func(api http.Handler) http.Handler) func(*testing.T) *place {
	return func(t *testing.T) *place {
		t.Helper()
		return serving(t, wrap(fakeapi.New(few...)))
	}
}

// byHand is a place that serves its connections by hand, for what no HTTP server
// would do. Each is closed when serve, which is told its number from 1, returns.
func byHand(serve func(conn net.Conn, number int)) func(*testing.T) *place {
	return func(t *testing.T) *place {
		t.Helper()
		listener := listen(t)
		var (
			serving sync.WaitGroup
			asked   = new(record)
			mu      sync.Mutex
			open    []net.Conn
		)
		serving.Go(func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return // closed, because the test is over
				}
				mu.Lock()
				open = append(open, conn)
				mu.Unlock()
				number := asked.add("a connection")
				serving.Go(func() {
					defer func() { _ = conn.Close() }()
					serve(conn, number)
				})
			}
		})
		t.Cleanup(func() {
			_ = listener.Close()
			mu.Lock()
			for _, conn := range open {
				_ = conn.Close()
			}
			mu.Unlock()
			serving.Wait()
		})
		return &place{url: "http://" + listener.Addr().String(), asked: asked.all}
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// saying reads the request of each connection and says this, as it stands.
func saying(texts ...string) func(conn net.Conn, number int) {
	return func(conn net.Conn, _ int) {
		if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_ = request.Body.Close()
			_, _ = conn.Write([]byte(strings.Join(texts, "\r\n"))) // fails only when the client has gone
		}
	}
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

// nobody is a place where nothing listens.
func nobody(t *testing.T) *place {
	t.Helper()
	listener := listen(t)
	_ = listener.Close()
	return &place{url: "http://" + listener.Addr().String(), asked: func() []string { return nil }}
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
