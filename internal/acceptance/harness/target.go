package harness

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Target is where a provider is sent: a server that runs, or none.
type Target struct {
	URL       string
	Elsewhere string // another server's address, where there is one
	Authority string // PEM; given as ca_cert_pem
	Login     string // the login file, if there is one
	Asked     func() []string
}

// Record is what a server was asked, as it came.
type Record struct {
	mu    sync.Mutex
	lines []string
}

// Add returns the number of the line, from 1.
func (r *Record) Add(line string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
	return len(r.lines)
}

// All are the lines so far.
func (r *Record) All() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// Of records what a handler is asked.
func (r *Record) Of(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.Add(request.Method + " " + request.URL.RequestURI())
		handler.ServeHTTP(w, request)
	})
}

// Serving is a target with a server of this handler.
func Serving(t *testing.T, handler http.Handler) *Target {
	t.Helper()
	asked := new(Record)
	server := httptest.NewServer(asked.Of(handler))
	t.Cleanup(func() {
		server.CloseClientConnections() // Close waits for requests, and a read that goes on has one
		server.Close()
	})
	return &Target{URL: server.URL, Asked: asked.All}
}

// ByHand is a target that serves its connections by hand, for what no HTTP server
// would do. Each is closed when serve, which is told its number from 1, returns.
func ByHand(serve func(conn net.Conn, number int)) func(*testing.T) *Target {
	return func(t *testing.T) *Target {
		t.Helper()
		listener := Listen(t)
		var (
			serving sync.WaitGroup
			asked   = new(Record)
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
				number := asked.Add("a connection")
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
		return &Target{URL: "http://" + listener.Addr().String(), Asked: asked.All}
	}
}

// Listen listens on a free port of this machine.
func Listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// Nobody is a target where nothing listens.
func Nobody(t *testing.T) *Target {
	t.Helper()
	listener := Listen(t)
	_ = listener.Close()
	return &Target{URL: "http://" + listener.Addr().String(), Asked: func() []string { return nil }}
}
