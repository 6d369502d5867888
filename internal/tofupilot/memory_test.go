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
	"net/url"
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
)

func TestMaxBody(t *testing.T) {
	t.Parallel()
	var all atomic.Int64
	h := holding{inAll: &all}
	body, err := h.readBody(strings.NewReader(strings.Repeat("x", maxBody)))
	if err != nil || len(body) != 32<<20 || all.Load() < 32<<20 || all.Load() > 33<<20 {
		t.Errorf("32 MiB: %d bytes, %v, %d are counted", len(body), err, all.Load())
	}
	h.release()
	more := io.MultiReader(strings.NewReader(strings.Repeat("x", maxBody+1)), iotest.ErrReader(errors.New("read on")))
	if _, err := h.readBody(more); kindOf(err) != TooLarge {
		t.Errorf("a byte more: %v", err)
	}
}

// A body is counted before it grows, so that what isn't read takes no memory.
func TestHolding(t *testing.T) {
	t.Parallel()
	var all atomic.Int64
	kept, body := holding{inAll: &all}, holding{inAll: &all}
	if err := kept.add(maxHeld - 3*firstBody); err != nil {
		t.Fatal(err)
	}
	read := &countingReader{from: strings.NewReader(strings.Repeat("x", 4*firstBody))}
	if _, err := body.readBody(read); !errors.Is(err, ErrTooMuch) || read.bytes != 2*firstBody {
		t.Errorf("read %d bytes, %v", read.bytes, err)
	}
	if err := kept.add(firstBody + 1); !errors.Is(err, ErrTooMuch) {
		t.Errorf("beside the body, more is kept: %v", err)
	}
	body.release()
	if err := kept.add(3 * firstBody); err != nil || all.Load() != maxHeld {
		t.Errorf("after it: %v, %d bytes are counted", err, all.Load())
	}
	kept.release()
	if all.Load() != 0 {
		t.Errorf("%d bytes are held by nobody", all.Load())
	}
}

type countingReader struct {
	from  io.Reader
	bytes int
}

func (r *countingReader) Read(to []byte) (n int, err error) {
	n, err = r.from.Read(to)
	r.bytes += n
	return n, err
}

// roundTrip is a transport that is one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// An answer that isn't 200 tells enough by its status.
func TestMaxErrorBody(t *testing.T) {
	t.Parallel()
	read := &countingReader{from: strings.NewReader(strings.Repeat("x", maxBody))}
	client := clientAt(t, "https://tofupilot.example.com")
	client.http.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(read)}, nil
	})
	if failed := failure(t, client); failed.Status != http.StatusForbidden || read.bytes > 2*maxErrorBody {
		t.Errorf("%d bytes were read: %v", read.bytes, failed)
	}
}

// heldCase is a read of a list that is answered by turns as its answers say.
type heldCase struct {
	rows, size int // of the list; bytes that are said to be kept of each row
	answers    []string
	limit      time.Duration
}

// read also tells what is held at the end of the read, before its rows are released.
func (c heldCase) read(t *testing.T) (passes int, held int64, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), c.limit)
	defer cancel()
	var turns atomic.Int64
	api := fakeapi.New(fakeapi.Generate(c.rows, fakeapi.WithRepository)...)
	base := &url.URL{Scheme: "http", Host: "test", Path: "/api"}
	client := New(Config{BaseURL: base, APIKey: fakeapi.Key, MaxRetries: 2, RequestTimeout: time.Second})
	client.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if !r.URL.Query().Has("cursor") {
			passes++
			if held := client.held.Load(); held != 0 {
				t.Errorf("as a pass begins, %d bytes are held", held)
			}
		}
		turn := int(turns.Add(1)) - 1
		answer := c.answers[turn%len(c.answers)]
		recorder, handler := httptest.NewRecorder(), http.Handler(api)
		switch answer {
		case "moved":
			from := 20 + turn%16 // of the random part of the IDs
			api.Order(func(a, b fakeapi.Procedure) int { return cmp.Compare(a.ID[from:], b.ID[from:]) })
		case "not in time":
			<-r.Context().Done()
			return nil, r.Context().Err()
		case "503", "403":
			status, _ := strconv.Atoi(answer)
			handler = fakeapi.Status(status, strings.Repeat("x", 2*maxErrorBody))
		case "no page", "a long row":
			handler = body(`{"data":[{"id":"a"},{"id":"` + strings.Repeat("b", map[bool]int{true: maxRow}[answer == "a long row"]) + `"}]}`)
		}
		handler.ServeHTTP(recorder, r)
		response := recorder.Result()
		if answer == "cut off" {
			response.Body = io.NopCloser(io.MultiReader(io.LimitReader(response.Body, 10_000), iotest.ErrReader(io.ErrUnexpectedEOF)))
		}
		return response, nil
	})
	read := newListRead(client, Procedures, Filter{}, func(*Procedure) (string, int) { return "", c.size })
	rows, err := read.all(ctx)
	if err == nil && len(rows) != c.rows {
		t.Errorf("%d rows of %d", len(rows), c.rows)
	}
	held = client.held.Load()
	read.close()
	if held := client.held.Load(); held != 0 {
		t.Errorf("%d bytes are held of a read that is over with %v", held, err)
	}
	return passes, held, err
}

// A case that fails is printed whole; no file of it belongs in the tree.
func init() { _ = flag.Set("rapid.nofailfile", "true") }

func TestReadReleases(t *testing.T) {
	t.Parallel()
	const lengthOfUUID = 36
	ends := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		c := heldCase{
			rows:    rapid.IntRange(0, 500).Draw(rt, "rows"),
			size:    rapid.SampledFrom([]int{10, 1000, 2 << 20}).Draw(rt, "kept of each"),
			answers: []string{""},
			limit:   time.Duration(rapid.SampledFrom([]int{2, 60, 3600}).Draw(rt, "seconds")) * time.Second,
		}
		for range rapid.IntRange(0, 20).Draw(rt, "answers") {
			kinds := []string{"", "", "", "", "moved", "not in time", "503", "403", "no page", "a long row", "cut off"}
			c.answers = append(c.answers, rapid.SampledFrom(kinds).Draw(rt, "answer"))
		}
		synctest.Test(t, func(t *testing.T) {
			_, held, err := c.read(t)
			ends[strings.ReplaceAll(fmt.Sprintf("%T, too much: %t", err, errors.Is(err, ErrTooMuch)), "*tofupilot.", "")]++
			if least := int64(c.rows) * int64(lengthOfUUID+c.size+heldPerRow); err == nil && (held < least || held > least*11/10+30_000) {
				t.Errorf("%d bytes are held of %d rows of %d", held, c.rows, c.size)
			}
		})
	})
	t.Logf("%v", ends)
}

func TestTwentyPasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := heldCase{rows: 250, size: 1 << 20, answers: slices.Repeat([]string{"moved"}, 80), limit: time.Hour}
		c.answers = append(c.answers, slices.Repeat([]string{""}, 1000)...)
		if passes, _, err := c.read(t); err != nil || passes < 20 { // of 250 MiB each
			t.Errorf("%d passes, %v", passes, err)
		}
	})
}

// In a twentieth of the room, lists of a twentieth: of 100,000 procedures with five runs
// each, two are read at the same time, or ten by lookups.
func TestReadsFitTogether(t *testing.T) {
	t.Parallel()
	procedures := fakeapi.Generate(100_000/20, fakeapi.WithRunsAndFPY)
	for i := range procedures {
		p := &procedures[i]
		run := fakeapi.Run{ID: p.ID, Outcome: "PASS", StartedAt: p.CreatedAt, Unit: fakeapi.Unit{ID: p.ID}}
		p.Runs = []fakeapi.Run{run, run, run, run, run}
	}
	api := fakeapi.New(procedures...)
	client := clientAt(t, listen(t, api).String())
	client.held.Store(maxHeld * 19 / 20)
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
			_, err := client.Lookup(ctx, ByName, []string{"Nobody's"})
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
	client.held.Store(maxHeld)
	if _, err := client.Procedures(t.Context(), Filter{}); !errors.Is(err, ErrTooMuch) || len(api.Requests()) != 1 {
		t.Errorf("without any room: %d requests, %v", len(api.Requests()), err)
	}
}

// What isn't counted isn't bounded.
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

// Pages may be empty, and their cursors are remembered while they are followed.
func TestFollowedCursorsCount(t *testing.T) {
	t.Parallel()
	pages := 0
	client := New(Config{BaseURL: &url.URL{Scheme: "http", Host: "test", Path: "/api"}, APIKey: "k", RequestTimeout: time.Minute})
	client.held.Store(maxHeld - 1<<20)
	client.http.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
		pages++
		recorder := httptest.NewRecorder()
		_, _ = fmt.Fprintf(recorder, `{"data":[],"meta":{"has_more":true,"next_cursor":"%s%d"}}`, strings.Repeat("c", 4000), pages)
		return recorder.Result(), nil
	})
	if _, err := client.Procedures(t.Context(), Filter{}); !errors.Is(err, ErrTooMuch) || kindOf(err) != TooLarge || pages > 300 {
		t.Errorf("after %d pages: %.200v", pages, err)
	}
}
