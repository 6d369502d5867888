package provider

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
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

// plain is such a place, to be made later.
func overPlain(handler http.Handler) func(*testing.T) *place {
	return func(t *testing.T) *place {
		t.Helper()
		return serving(t, handler)
	}
}

// faulty is a place with the few procedures, where requests of these numbers,
// or all, meet the fault. A fault that is nil is none.
func faulty(fault http.HandlerFunc, requests ...int) func(*testing.T) *place {
	return func(t *testing.T) *place {
		t.Helper()
		api := fakeapi.New(few...)
		if fault != nil {
			api.Fail(fault, requests...)
		}
		return serving(t, api)
	}
}

// status is an answer of this code and body, as fakeapi.Status makes it.
func answer(code int, body string, header ...string) http.HandlerFunc {
	return fakeapi.Status(code, body, header...).ServeHTTP
}

// ok is an answer of status 200 with this body.
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

// atName is a place by a name, which the name server below is asked for.
func atName(url string) func(*testing.T) *place {
	return func(*testing.T) *place {
		return &place{url: url, asked: func() []string { return nil }}
	}
}

// resolveWith has names looked up at a DNS server of ours until the test ends:
// what a machine's own one says, or whether it has one, must not matter.
func resolveWith(t *testing.T, server string) {
	t.Helper()
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server)
	}}
}

// nameServer answers that there is no such name, or, for names that begin with
// broken, that it is in trouble.
func nameServer(t *testing.T) string {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		_ = conn.Close()
		serving.Wait()
	})
	serving.Go(func() {
		for message := make([]byte, 1<<10); ; {
			n, from, err := conn.ReadFrom(message)
			if err != nil {
				return // closed, because the test is over
			}
			const header, serverFailure, nameError = 12, 2, 3 // RFC 1035, section 4.1.1
			code := nameError
			if strings.HasPrefix(string(message[header+1:n]), "broken") {
				code = serverFailure
			}
			answer := slices.Clone(message[:n])
			binary.BigEndian.PutUint16(answer[2:], 0x8180|uint16(code)) // an answer, and recursion is available
			clear(answer[10:header])                                    // no additional records
			_, _ = conn.WriteTo(answer, from)
		}
	})
	return conn.LocalAddr().String()
}

// A developer's proxy must not come between a test and a name that is to fail.
// net/http reads these once.
func init() {
	for _, variable := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		if err := os.Unsetenv(variable); err != nil {
			panic(err)
		}
	}
}

var errNoFlush = errors.New("the answer can't be sent in pieces")

// flush sends what was written so far.
func flush(w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(errNoFlush)
	}
}

// leave waits until the client has gone.
func untilGone(r *http.Request, longest time.Duration) {
	select {
	case <-r.Context().Done():
	case <-time.After(longest):
	}
}
