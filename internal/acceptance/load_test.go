package acceptance

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestRateLimit checks that a 429 for one data source delays all of them.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	api, url := harness.NewFakeServer(t, fewProcedures...)
	api.Fail(fakeapi.Status(http.StatusTooManyRequests, "", "Retry-After", "3"), 1)
	sent := make(chan time.Time, 10)
	api.Before(func(fakeapi.Request) { sent <- time.Now() })
	connection := newFakeConnection(t, url)
	retried := make(retryLog, 10)
	first := connection.StartRead(tflogtest.RootLogger(t.Context(), retried), t, "tofupilot_procedures", nil)
	refused := harness.Receive(t, sent, quickTimeout, "the first request")
	harness.Receive(t, retried, quickTimeout, "waiting for the 429")
	harness.CheckNoDiagnostics(t, connection.Read(t, "tofupilot_procedure", harness.Values{"name": fewProcedures[0].Name}).Diagnostics)
	harness.CheckNoDiagnostics(t, harness.Receive(t, first, quickTimeout, "the first read").Diagnostics)
	if after := (<-sent).Sub(refused); after < 3*time.Second {
		t.Errorf("a request was sent %s after the 429, which asks for 3 s", after)
	}
}

// retryLog is a log that sends an element for each retry.
type retryLog chan struct{}

func (l retryLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("Trying a request again")) {
		l <- struct{}{}
	}
	return len(line), nil
}

// TestThousandReads checks that reads don't leak goroutines, connections or memory.
func TestThousandReads(t *testing.T) { //nolint:paralleltest // It counts goroutines and memory of the process.
	api, connections := fakeapi.New(fakeapi.Generate(25, fakeapi.WithRunsAndFPY)...), new(openConnections)
	apiServer := httptest.NewUnstartedServer(api)
	apiServer.Config.ConnState = connections.track
	apiServer.Start()
	t.Cleanup(apiServer.Close)
	connection := newFakeConnection(t, apiServer.URL)
	read := func(times int) {
		for range times {
			harness.CheckNoDiagnostics(t, connection.Read(t, "tofupilot_procedures", harness.Values{"page_size": 10}).Diagnostics)
			api.Forget()
		}
	}
	measure := func() (goroutines, open int, heap uint64) {
		var memory runtime.MemStats
		runtime.GC()
		runtime.GC() // frees what finalizers released
		runtime.ReadMemStats(&memory)
		return runtime.NumGoroutine(), connections.count(), memory.HeapAlloc
	}
	read(100) // fills pools, caches and connections
	goroutines, open, heap := measure()
	read(1000)
	goroutinesAfter, openAfter, heapAfter := measure()
	t.Logf("goroutines %d → %d, connections %d → %d, heap %d → %d kB", goroutines, goroutinesAfter, open, openAfter, heap>>10, heapAfter>>10)
	const inFlight = 8 // requests; the client's limit
	if openAfter > inFlight {
		t.Errorf("%d connections stay open", openAfter)
	}
	// A connection has up to four goroutines, two of the client and two of the server. Eight others
	// may be about to end.
	if goroutinesAfter > goroutines+4*(openAfter-open)+8 {
		t.Errorf("goroutines grew from %d to %d", goroutines, goroutinesAfter)
	}
	// The framework keeps the context of every call, about 1 kB, until the provider stops: 1 MB. The
	// lists of all reads would be 30 MB.
	if heapAfter > heap+2<<20 {
		t.Errorf("the heap grew from %d to %d bytes", heap, heapAfter)
	}
}

// openConnections counts the open connections of a server.
type openConnections struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

func (c *openConnections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[net.Conn]bool{}
	}
	switch state {
	case http.StateNew:
		c.open[conn] = true
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	case http.StateActive, http.StateIdle:
	}
}

func (c *openConnections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}
