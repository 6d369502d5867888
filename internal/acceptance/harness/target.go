package harness

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Target is an address for which a provider is configured, with a server that may not be running.
type Target struct {
	URL      string
	OtherURL string          // of another server, such as a proxy; empty for none
	CACert   string          // the server's CA in PEM, for ca_cert_pem; empty for none
	Login    string          // the path of the login file; empty for none
	Requests func() []string // returns the recorded requests (NewConnTarget: connections)
}

// Recorder records what a server receives, in lines such as "GET /api/v2/procedures?limit=100".
type Recorder struct {
	mu    sync.Mutex
	lines []string
}

// Add adds a line.
func (r *Recorder) Add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
}

// All returns the lines that were added so far.
func (r *Recorder) All() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// Handler returns a handler that records each request before it calls the given handler.
func (r *Recorder) Handler(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.Add(request.Method + " " + request.URL.RequestURI())
		handler.ServeHTTP(w, request)
	})
}

// NewTarget starts an HTTP server with the handler.
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

// NewConnTarget returns a function that starts a TCP server. For each connection, the server calls
// serve, and then closes the connection.
func NewConnTarget(serve func(net.Conn)) func(*testing.T) *Target {
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
				connections.Add("a connection")
				serving.Go(func() {
					defer func() { _ = conn.Close() }()
					serve(conn)
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

// NewDeadTarget returns a target with a port on which nothing listens.
func NewDeadTarget(t *testing.T) *Target {
	t.Helper()
	listener := Listen(t)
	_ = listener.Close()
	return &Target{URL: "http://" + listener.Addr().String(), Requests: func() []string { return nil }}
}
