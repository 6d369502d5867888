package tofupilot

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// roundTripFunc is a function that implements http.RoundTripper.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reserve reserves some of the memory budget of a client.
func reserve(t *testing.T, client *Client, bytes int) {
	t.Helper()
	if err := client.memory.Share().Reserve(bytes); err != nil {
		t.Fatal(err)
	}
}

// memoryCase describes a read of a list and the responses to it.
type memoryCase struct {
	rows, size int // of the list; bytes reserved for each row
	responses  []string
	limit      time.Duration
}

// read reads the list. It returns the number of passes, and the bytes reserved before the session
// is closed. It checks that each pass and the session release their memory.
func (c memoryCase) read(t *testing.T) (passes int, reserved int64, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), c.limit)
	defer cancel()
	var turns atomic.Int64
	api := fakeapi.New(fakeapi.Generate(c.rows, fakeapi.WithRepository)...)
	var client *Client
	transport := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if !r.URL.Query().Has("cursor") {
			passes++
			if reserved := client.memory.Used(); reserved != 0 {
				t.Errorf("%d bytes are reserved when a pass begins", reserved)
			}
		}
		turn := int(turns.Add(1)) - 1
		kind := c.responses[turn%len(c.responses)]
		recorder, handler := httptest.NewRecorder(), http.Handler(api)
		switch kind {
		case "moved":
			from := 20 + turn%16 // of the random part of the IDs
			api.Order(func(a, b fakeapi.Procedure) int { return cmp.Compare(a.ID[from:], b.ID[from:]) })
		case "not in time":
			<-r.Context().Done()
			return nil, r.Context().Err()
		case "503", "403":
			status, _ := strconv.Atoi(kind)
			handler = fakeapi.Status(status, strings.Repeat("x", 500_000))
		case "no page", "a long row":
			handler = okResponse(`{"data":[{"id":"a"},{"id":"` + strings.Repeat("b", map[bool]int{true: maxRow}[kind == "a long row"]) + `"}]}`)
		}
		handler.ServeHTTP(recorder, r)
		response := recorder.Result()
		if kind == "cut off" {
			response.Body = io.NopCloser(io.MultiReader(io.LimitReader(response.Body, 10_000), iotest.ErrReader(io.ErrUnexpectedEOF)))
		}
		return response, nil
	})
	client = newClient(t, "http://test", withTransport(transport), withRetries(2), func(config *rest.Config) { config.RequestTimeout = time.Second })
	session := client.NewSession()
	rows, err := session.readList(ctx, Filter{}, func(p *Procedure) (Row, int) { return Row{ID: p.ID}, c.size })
	if err == nil && len(rows) != c.rows {
		t.Errorf("%d rows of %d", len(rows), c.rows)
	}
	reserved = client.memory.Used()
	session.Close()
	if reserved := client.memory.Used(); reserved != 0 {
		t.Errorf("%d bytes are reserved after a read that ended with %v", reserved, err)
	}
	return passes, reserved, err
}

// init keeps rapid from writing files for failed cases. It prints them.
func init() { _ = flag.Set("rapid.nofailfile", "true") }

func TestReadReleases(t *testing.T) {
	t.Parallel()
	const lengthOfUUID = 36
	ends := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		c := memoryCase{
			rows:      rapid.IntRange(0, 500).Draw(rt, "rows"),
			size:      rapid.SampledFrom([]int{10, 1000, 2 << 20}).Draw(rt, "size"),
			responses: []string{""},
			limit:     time.Duration(rapid.SampledFrom([]int{2, 60, 3600}).Draw(rt, "seconds")) * time.Second,
		}
		for range rapid.IntRange(0, 20).Draw(rt, "responses") {
			kinds := []string{"", "", "", "", "moved", "not in time", "503", "403", "no page", "a long row", "cut off"}
			c.responses = append(c.responses, rapid.SampledFrom(kinds).Draw(rt, "response"))
		}
		synctest.Test(t, func(t *testing.T) {
			_, reserved, err := c.read(t)
			ends[strings.ReplaceAll(fmt.Sprintf("%T, too much: %t", err, errors.Is(err, rest.ErrMemory)), "*tofupilot.", "")]++
			if least := int64(c.rows) * int64(lengthOfUUID+c.size+rowOverhead); err == nil && (reserved < least || reserved > least*11/10+30_000) {
				t.Errorf("%d bytes are reserved for %d rows of %d", reserved, c.rows, c.size)
			}
		})
	})
	t.Logf("%v", ends)
}

func TestTwentyPasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := memoryCase{rows: 250, size: 1 << 20, responses: slices.Repeat([]string{"moved"}, 80), limit: time.Hour}
		c.responses = append(c.responses, slices.Repeat([]string{""}, 1000)...)
		if passes, _, err := c.read(t); err != nil || passes < 20 { // each with 250 MiB of rows
			t.Errorf("%d passes, %v", passes, err)
		}
	})
}

// TestReadsFitTogether checks that two lists of 100,000 procedures with five runs each fit into the
// budget, and ten lookups in such a list. It has a twentieth of both.
func TestReadsFitTogether(t *testing.T) {
	t.Parallel()
	procedures := fakeapi.Generate(100_000/20, fakeapi.WithRunsAndFPY)
	for i := range procedures {
		p := &procedures[i]
		run := fakeapi.Run{ID: p.ID, Outcome: "PASS", StartedAt: p.CreatedAt, Unit: fakeapi.Unit{ID: p.ID}}
		p.Runs = []fakeapi.Run{run, run, run, run, run}
	}
	api := fakeapi.New(procedures...)
	client := newClient(t, newServer(t, api).String())
	reserve(t, client, rest.MaxMemory*19/20)
	group, ctx := errgroup.WithContext(t.Context())
	for range 2 {
		group.Go(func() error {
			rows, err := client.Procedures(ctx, Filter{})
			if err == nil && len(rows) != len(procedures) {
				err = fmt.Errorf("%d rows", len(rows))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Errorf("two lists: %v", err)
	}
	group, ctx = errgroup.WithContext(t.Context())
	for range 10 {
		group.Go(func() error {
			_, err := lookUp(ctx, client, ByName, "Nobody's")
			if !errors.As(err, new(*LookupError)) {
				return err
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Errorf("ten lookups: %v", err)
	}
	api.Forget()
	reserve(t, client, rest.MaxMemory/20)
	if _, err := client.Procedures(t.Context(), Filter{}); !errors.Is(err, rest.ErrMemory) || len(api.Requests()) != 1 {
		t.Errorf("without any memory: %d requests, %v", len(api.Requests()), err)
	}
}

// TestProcedureSize checks that size counts every string of a procedure.
func TestProcedureSize(t *testing.T) {
	t.Parallel()
	const long = 1_000
	texts := map[string]reflect.Value{}
	var fill func(v reflect.Value, path string)
	fill = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), path)
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range v.Len() {
				fill(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Field(i).CanSet() && v.Type().Field(i).Type != reflect.TypeFor[time.Time]() {
					fill(v.Field(i), path+"."+v.Type().Field(i).Name)
				}
			}
		case reflect.String:
			texts[path] = v
		default:
		}
	}
	var full Procedure
	fill(reflect.ValueOf(&full).Elem(), "Procedure")
	delete(texts, "Procedure.FPY") // at most 64 digits
	for path, text := range texts {
		without := full.size()
		text.SetString(strings.Repeat("x", long))
		if counted := full.size() - without; counted != long {
			t.Errorf("size counts %d of %d bytes of %s: add it in procedures.go", counted, long, path)
		}
	}
}

// TestCursorsAreCounted checks that cursors count even if the pages are empty.
func TestCursorsAreCounted(t *testing.T) {
	t.Parallel()
	pages := 0
	client := newClient(t, "http://test", withTransport(roundTripFunc(func(*http.Request) (*http.Response, error) {
		pages++
		recorder := httptest.NewRecorder()
		_, _ = fmt.Fprintf(recorder, `{"data":[],"meta":{"has_more":true,"next_cursor":"%s%d"}}`, strings.Repeat("c", 4000), pages)
		return recorder.Result(), nil
	})))
	reserve(t, client, rest.MaxMemory-1<<20)
	if _, err := client.Procedures(t.Context(), Filter{}); !errors.Is(err, rest.ErrMemory) || kindOf(err) != rest.TooLarge || pages > 300 {
		t.Errorf("after %d pages: %.200v", pages, err)
	}
}
