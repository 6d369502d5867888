package harness

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Target is a server, possibly not running, for which a provider is configured.
type Target struct {
	URL      string
	OtherURL string          // the address of another server, or empty
	CACert   string          // in PEM, for ca_cert_pem
	Login    string          // the login file, or empty
	Requests func() []string // returns the recorded requests or connections
}

// Recorder records the requests that a server received.
type Recorder struct {
	mu    sync.Mutex
	lines []string
}

// Add adds a line and returns its number, counted from 1.
func (r *Recorder) Add(line string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
	return len(r.lines)
}

// All returns the lines so far.
func (r *Recorder) All() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// Handler returns a handler that records each request and passes it to the given handler.
func (r *Recorder) Handler(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.Add(request.Method + " " + request.URL.RequestURI())
		handler.ServeHTTP(w, request)
	})
}

// NewTarget returns a target with a server for a handler.
func NewTarget(t *testing.T, handler http.Handler) *Target {
	t.Helper()
	requests := new(Recorder)
	server := httptest.NewServer(requests.Handler(handler))
	t.Cleanup(func() {
		server.CloseClientConnections() // Close would wait for the requests of reads that still run
		server.Close()
	})
	return &Target{URL: server.URL, Requests: requests.All}
}

// NewConnTarget returns a function that starts a target. For each connection, the target calls
// serve with the connection and its number, counted from 1, and closes it when serve returns.
func NewConnTarget(serve func(conn net.Conn, number int)) func(*testing.T) *Target {
	return func(t *testing.T) *Target {
		t.Helper()
		listener := Listen(t)
		var (
			serving     sync.WaitGroup
			connections = new(Recorder)
			mu          sync.Mutex
			open        []net.Conn
		)
		serving.Go(func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return // the test has ended
				}
				mu.Lock()
				open = append(open, conn)
				mu.Unlock()
				number := connections.Add("a connection")
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
		return &Target{URL: "http://" + listener.Addr().String(), Requests: connections.All}
	}
}

// Listen listens on a free loopback port.
func Listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// NewDeadTarget returns a target at which nothing listens.
func NewDeadTarget(t *testing.T) *Target {
	t.Helper()
	listener := Listen(t)
	_ = listener.Close()
	return &Target{URL: "http://" + listener.Addr().String(), Requests: func() []string { return nil }}
}
