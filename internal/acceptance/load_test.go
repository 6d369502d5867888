package acceptance

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestRateLimit checks that the request of a data source waits if another data source received a 429.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	api, url := harness.NewFakeServer(t, fewProcedures...)
	api.Fail(fakeapi.Status(http.StatusTooManyRequests, "", "Retry-After", "3"), 1) // the first request
	requestTimes := make(chan time.Time, 10)
	api.Before(func(fakeapi.Request) { requestTimes <- time.Now() })
	connection := newFakeConnection(t, url)
	retries := make(retryLog, 10)
	first := connection.StartRead(tflogtest.RootLogger(t.Context(), retries), t, "tofupilot_procedures", nil)
	refusedAt := harness.Receive(t, requestTimes, quickTimeout, "the first request")
	harness.Receive(t, retries, quickTimeout, "the log entry about the 429")
	second := connection.Read(t, "tofupilot_procedure", harness.Values{"name": fewProcedures[0].Name})
	harness.CheckNoDiagnostics(t, second.Diagnostics)
	harness.CheckNoDiagnostics(t, harness.Receive(t, first, quickTimeout, "the first read").Diagnostics)
	if waited := (<-requestTimes).Sub(refusedAt); waited < 3*time.Second {
		t.Errorf("the next request was sent %s after the 429, want 3 s or later", waited)
	}
}

// retryLog is a log that sends an element to the channel for each retry.
type retryLog chan struct{}

func (l retryLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("Trying a request again")) {
		l <- struct{}{}
	}
	return len(line), nil
}

// TestThousandReads checks that reads don't leak goroutines, connections or memory.
func TestThousandReads(t *testing.T) { //nolint:paralleltest // The test measures goroutines and memory of the process.
	api := fakeapi.New(fakeapi.Generate(25, fakeapi.WithRunsAndFPY)...)
	server := httptest.NewUnstartedServer(api)
	var openConnections atomic.Int64
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			openConnections.Add(1)
		case http.StateClosed, http.StateHijacked:
			openConnections.Add(-1)
		case http.StateActive, http.StateIdle:
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	connection := newFakeConnection(t, server.URL)
	read := func(times int) {
		for range times {
			harness.CheckNoDiagnostics(t, connection.Read(t, "tofupilot_procedures", harness.Values{"page_size": 10}).Diagnostics)
			api.Forget()
		}
	}
	type usage struct{ goroutines, connections, heapBytes int64 }
	measure := func() usage {
		var memory runtime.MemStats
		runtime.GC()
		runtime.GC() // frees what finalizers released
		runtime.ReadMemStats(&memory)
		return usage{int64(runtime.NumGoroutine()), openConnections.Load(), int64(memory.HeapAlloc)}
	}
	read(100) // fills pools, caches and connections
	before := measure()
	read(1000)
	after := measure()
	t.Logf("before: %+v, after: %+v", before, after)
	const maxConnections = 8 // the client's limit of concurrent requests
	if after.connections > maxConnections {
		t.Errorf("%d connections stay open, want at most %d", after.connections, maxConnections)
	}
	// A connection has up to four goroutines, two of the client and two of the server. Eight others
	// may be about to end.
	if maxGoroutines := before.goroutines + 4*(after.connections-before.connections) + 8; after.goroutines > maxGoroutines {
		t.Errorf("%d goroutines run, want at most %d", after.goroutines, maxGoroutines)
	}
	// The framework keeps the context of each call until the provider stops. For 1,000 calls, that is
	// about 1 MB. If it also kept the lists, they would take 30 MB.
	if maxHeap := before.heapBytes + (2 << 20); after.heapBytes > maxHeap {
		t.Errorf("the heap has %d bytes, want at most %d", after.heapBytes, maxHeap)
	}
}
