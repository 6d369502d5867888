package acceptance

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// The limiter is the client's, so that a 429 to one data source holds all of them.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	rate := &rateLimit{each: time.Second, most: 10}
	at := harness.Serving(t, rate.of(fakeapi.New(fakeapi.Generate(496, fakeapi.WithRepository)...))) // five pages
	var blocks []string
	for i := range 20 {
		name := fmt.Sprintf("number_%d", i)
		blocks = append(blocks, harness.Procedures(name), harness.Output(name, "length(data.tofupilot_procedures."+name+".ids)"))
	}
	began := time.Now()
	said, err := harness.NewWorkingDir(t, harness.Configuration(at.URL, blocks...)).Run(t, "plan", "-no-color", "-input=false")
	if err != nil {
		t.Errorf("%v: %s", err, said)
	}
	allowed, refused := rate.counts()
	t.Logf("%d requests allowed and %d refused in %s", allowed, refused, time.Since(began))
	if refused == 0 {
		t.Error("the server never had to refuse")
	}
	if refused > allowed {
		t.Errorf("%d requests were refused and %d allowed: a 429 doesn't hold the others", refused, allowed)
	}
}

// rateLimit is a server's: so many requests in each time, and 429 beyond.
type rateLimit struct {
	each time.Duration
	most int

	mu               sync.Mutex
	since            time.Time // when the current time began
	count            int       // requests in it
	allowed, refused int
}

func (l *rateLimit) of(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.allow() {
			answer(http.StatusTooManyRequests, `{"message":"Too many requests","code":"TOO_MANY_REQUESTS"}`, "Retry-After", "1")(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

func (l *rateLimit) allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.since) >= l.each {
		l.since, l.count = now, 0
	}
	l.count++
	if l.count > l.most {
		l.refused++
		return false
	}
	l.allowed++
	return true
}

func (l *rateLimit) counts() (allowed, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.allowed, l.refused
}

// A provider that serves for long, as under a Terraform that manages much or in
// a debugger, must not grow.
func TestThousandReads(t *testing.T) { //nolint:paralleltest // It counts what the process has.
	api, connections := fakeapi.New(fakeapi.Generate(25, fakeapi.WithRunsAndFPY)...), new(openConnections)
	listening := httptest.NewUnstartedServer(api)
	listening.Config.ConnState = connections.changed
	listening.Start()
	t.Cleanup(listening.Close)
	server := configured(t, harness.Values{"url": listening.URL, "api_key": fakeapi.Key})
	read := func(times int) {
		for range times {
			harness.ExpectNoDiagnostics(t, server.Read(t, "tofupilot_procedures", harness.Values{"page_size": 10}).Diagnostics)
			api.Forget()
		}
	}
	measure := func() (goroutines, open int, heap uint64) {
		var memory runtime.MemStats
		runtime.GC()
		runtime.GC() // what finalizers let go of
		runtime.ReadMemStats(&memory)
		return runtime.NumGoroutine(), connections.count(), memory.HeapAlloc
	}
	read(100) // until pools, caches and connections are there
	goroutines, open, heap := measure()
	read(1000)
	goroutinesAfter, openAfter, heapAfter := measure()
	t.Logf("goroutines %d → %d, connections %d → %d, heap %d → %d kB", goroutines, goroutinesAfter, open, openAfter, heap>>10, heapAfter>>10)
	const inFlight = 8 // that a client has at most, each with four goroutines here: two of the client, one or two of the server
	if openAfter > inFlight {
		t.Errorf("%d connections stay open", openAfter)
	}
	if goroutinesAfter > goroutines+4*(openAfter-open)+8 {
		t.Errorf("goroutines grew from %d to %d", goroutines, goroutinesAfter)
	}
	// The framework keeps the context of every call, about a kilobyte, until it is
	// stopped; one list is 30 kB.
	if heapAfter > heap+2<<20 {
		t.Errorf("the heap grew from %d to %d bytes", heap, heapAfter)
	}
}

// openConnections counts a server's.
type openConnections struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

func (c *openConnections) changed(conn net.Conn, state http.ConnState) {
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
