package tofupilot

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// init stops rapid from writing failing cases to files. It prints them anyway.
func init() { _ = flag.Set("rapid.nofailfile", "true") }

// reserve reserves some of the client's memory budget.
func reserve(t *testing.T, client *Client, bytes int) {
	t.Helper()
	if err := client.memory.Share().Reserve(bytes); err != nil {
		t.Fatal(err)
	}
}

// disturbingTransport is an http.RoundTripper that serves a list and disturbs some of the responses.
type disturbingTransport struct {
	api          *fakeapi.Server
	disturbances []string // one for each response, in turn; empty for an undisturbed response
	requests     atomic.Int64
}

func (d *disturbingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	var handler http.Handler = d.api
	number := int(d.requests.Add(1))
	disturbance := d.disturbances[number%len(d.disturbances)]
	switch disturbance {
	case "new order":
		from := 20 + number%16 // sorts by the last 1 to 16 characters of the IDs, which are random
		d.api.Order(func(a, b fakeapi.Procedure) int { return cmp.Compare(a.ID[from:], b.ID[from:]) })
	case "no response":
		handler = harness.NoResponse
	case "503": // with a body longer than package rest reads, like the 403
		handler = fakeapi.Status(http.StatusServiceUnavailable, strings.Repeat("x", 500_000))
	case "403":
		handler = fakeapi.Status(http.StatusForbidden, strings.Repeat("x", 500_000))
	case "invalid row":
		handler = okResponse(`{"data":[{"id":"a"},{}]}`)
	case "long row":
		handler = okResponse(`{"data":[{"id":"a"},{"id":"` + strings.Repeat("b", maxRow) + `"}]}`)
	}
	response, err := harness.HandlerTransport{Handler: handler}.RoundTrip(r)
	if err == nil && disturbance == "cut off" {
		response.Body = io.NopCloser(io.MultiReader(io.LimitReader(response.Body, 10_000), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return response, err
}

// TestReadReleases calls checkMemory with random sizes, deadlines and responses of the server.
func TestReadReleases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rowCount := rapid.IntRange(0, 500).Draw(rt, "rowCount")
		rowSize := rapid.SampledFrom([]int{10, 1000, 2 << 20}).Draw(rt, "rowSize") // 256 rows of 2 MiB exceed the memory budget
		deadline := rapid.SampledFrom([]time.Duration{2 * time.Second, time.Minute, time.Hour}).Draw(rt, "deadline")
		disturbance := rapid.SampledFrom([]string{"", "", "", "", "new order", "no response", "503", "403", "invalid row", "long row", "cut off"})
		transport := &disturbingTransport{
			api:          fakeapi.New(fakeapi.Generate(rowCount, fakeapi.WithRepository)...),
			disturbances: append([]string{""}, rapid.SliceOfN(disturbance, 0, 20).Draw(rt, "disturbances")...), // not all are disturbed
		}
		synctest.Test(t, func(t *testing.T) { checkMemory(t, transport, rowCount, rowSize, deadline) })
	})
}

// TestPassesRelease checks that each new pass releases the memory of earlier passes. The list's order
// changes often, so the read takes many passes, and the rows of three passes exceed the memory budget.
func TestPassesRelease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const rowCount, rowSize = 250, 1 << 20 // a pass takes 250 MiB of the 512 MiB of MaxMemory
		newOrders := slices.Repeat([]string{"new order"}, 80)
		undisturbed := slices.Repeat([]string{""}, 1000)
		transport := &disturbingTransport{
			api:          fakeapi.New(fakeapi.Generate(rowCount, fakeapi.WithRepository)...),
			disturbances: append(newOrders, undisturbed...),
		}
		checkMemory(t, transport, rowCount, rowSize, time.Hour)
	})
}

// checkMemory reads a list, and keeps rowSize bytes of each row beside its ID. It checks that the
// read reserves memory for each row once, that no memory is reserved when a pass begins, and that
// none is reserved after the session.
func checkMemory(t *testing.T, transport *disturbingTransport, rowCount, rowSize int, deadline time.Duration) {
	t.Helper()
	client := newClient(t, "http://test", withTransport(transport), withRetries(2), func(config *rest.Config) { config.RequestTimeout = time.Second })
	transport.api.Before(func(r fakeapi.Request) {
		if used := client.memory.Used(); used != 0 && !r.Query.Has("cursor") {
			t.Errorf("%d bytes are reserved when a pass begins", used)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	session := client.NewSession()
	rows, err := session.readList(ctx, Filter{}, func(p *Procedure) (Row, int) { return Row{ID: p.ID}, rowSize })
	if err == nil {
		const idLength = 36 // of a UUID
		least := int64(rowCount) * int64(idLength+rowSize+rowOverhead)
		most := least*11/10 + 30_000 // with the rows that two pages share, and the cursors
		if got := client.memory.Used(); len(rows) != rowCount || got < least || got > most {
			t.Errorf("got %d rows and %d reserved bytes, want %d and %d to %d", len(rows), got, rowCount, least, most)
		}
	}
	session.Close()
	if used := client.memory.Used(); used != 0 {
		t.Errorf("%d bytes are reserved after a read that ended with %v", used, err)
	}
}

// TestReadsFitTogether checks that the memory budget is enough for two concurrent reads of 100,000
// procedures with five runs each, and then for ten concurrent lookups that read the list because a name
// is missing. To be fast, it uses a twentieth of the procedures and of the budget.
func TestReadsFitTogether(t *testing.T) {
	t.Parallel()
	const divisor = 20
	procedures := fakeapi.Generate(100_000/divisor, fakeapi.WithRunsAndFPY)
	for i := range procedures {
		p := &procedures[i]
		run := fakeapi.Run{ID: p.ID, Outcome: "PASS", StartedAt: p.CreatedAt, Unit: fakeapi.Unit{ID: p.ID}}
		p.Runs = []fakeapi.Run{run, run, run, run, run}
	}
	client, _ := newFakeClient(t, procedures...)
	reserve(t, client, rest.MaxMemory-rest.MaxMemory/divisor)
	var reads, lookups sync.WaitGroup
	for range 2 {
		reads.Go(func() {
			if rows, err := client.Procedures(t.Context(), Filter{}); err != nil || len(rows) != len(procedures) {
				t.Errorf("list: got %d procedures, %v; want %d", len(rows), err, len(procedures))
			}
		})
	}
	reads.Wait()
	for range 10 {
		lookups.Go(func() {
			if _, err := lookUp(t.Context(), client, ByName, "Nobody's"); !errors.As(err, new(*LookupError)) {
				t.Errorf("lookup: got %v, want a *LookupError", err)
			}
		})
	}
	lookups.Wait()
}

// TestNoMemory checks that a read fails after one request if no memory is left.
func TestNoMemory(t *testing.T) {
	t.Parallel()
	client, api := newFakeClient(t, namedProcedures("Battery")...)
	reserve(t, client, rest.MaxMemory)
	if _, err := client.Procedures(t.Context(), Filter{}); !errors.Is(err, rest.ErrMemory) || len(api.Requests()) != 1 {
		t.Errorf("got %v after %d requests, want %v after 1", err, len(api.Requests()), rest.ErrMemory)
	}
}

// TestProcedureSize checks that size counts every string of a procedure.
func TestProcedureSize(t *testing.T) {
	t.Parallel()
	var procedure Procedure
	texts := map[string]reflect.Value{} // the strings, by their paths
	// allocate allocates all pointers and slices in v, and adds its strings to texts.
	var allocate func(path string, v reflect.Value)
	allocate = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			allocate(path, v.Elem())
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			allocate(path+"[0]", v.Index(0))
			allocate(path+"[1]", v.Index(1))
		case reflect.Struct:
			for i := range v.NumField() {
				allocate(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.String:
			texts[path] = v
		default:
			t.Errorf("%s is a %s", path, v.Kind())
		}
	}
	allocate("Procedure", reflect.ValueOf(&procedure).Elem())
	delete(texts, "Procedure.FPY") // size doesn't count a Decimal, because it is short (maxDigits)
	const length = 1_000
	for path, text := range texts {
		before := procedure.size()
		text.SetString(strings.Repeat("x", length))
		if counted := procedure.size() - before; counted != length {
			t.Errorf("size counts %d of %d bytes of %s: add it in procedures.go", counted, length, path)
		}
	}
}

// TestCursorsAreCounted checks that a read reserves memory for its cursors, even if the pages have no
// rows. Otherwise a server could send empty pages without end.
func TestCursorsAreCounted(t *testing.T) {
	t.Parallel()
	const leftMemory, cursorLength = 1 << 20, 4_000
	pages := 0
	client := newClient(t, "http://test", withTransport(harness.HandlerTransport{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages++
		cursor := strings.Repeat("c", cursorLength) + strconv.Itoa(pages)
		okResponse(`{"data":[],"meta":{"has_more":true,"next_cursor":"`+cursor+`"}}`).ServeHTTP(w, r)
	})}))
	reserve(t, client, rest.MaxMemory-leftMemory)
	if _, err := client.Procedures(t.Context(), Filter{}); !errors.Is(err, rest.ErrMemory) || kindOf(err) != rest.TooLarge {
		t.Errorf("got %.200v, want %v", err, rest.ErrMemory)
	}
	if pages > leftMemory/cursorLength {
		t.Errorf("got %d pages with cursors of %d bytes, want at most %d", pages, cursorLength, leftMemory/cursorLength)
	}
}
