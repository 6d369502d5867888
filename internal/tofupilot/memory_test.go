package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	turn := make(chan struct{}, 1)
	content := newBody(turn)
	if err := content.read(t.Context(), strings.NewReader(strings.Repeat("x", maxBody))); err != nil || content.Len() != 32<<20 {
		t.Errorf("32 MiB: %d bytes, %v", content.Len(), err)
	}
	content.close()
	more := io.MultiReader(strings.NewReader(strings.Repeat("x", maxBody+1)), iotest.ErrReader(errors.New("read on")))
	if err := newBody(turn).read(t.Context(), more); kindOf(err) != TooLarge {
		t.Errorf("a byte more: %v", err)
	}
}

func TestLargeBodiesAreTakenOneAtATimeAndOthersBesideThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turn := make(chan struct{}, 1)
		read := func(ctx context.Context, size int) (*answerBody, chan error) {
			content, done := newBody(turn), make(chan error, 1)
			go func() { done <- content.read(ctx, strings.NewReader(strings.Repeat("x", size))) }()
			synctest.Wait()
			return content, done
		}
		first, done := read(t.Context(), usualBody+1)
		if err := <-done; err != nil || first.Len() != usualBody+1 {
			t.Fatalf("%d bytes, %v", first.Len(), err)
		}
		for range 3 { // as often as one likes
			usual, done := read(t.Context(), usualBody)
			if err := <-done; err != nil || usual.Len() != usualBody {
				t.Errorf("beside a large one: %d bytes, %v", usual.Len(), err)
			}
			usual.close()
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		second, waits := read(ctx, maxBody)
		if second.Len() > usualBody+1 {
			t.Errorf("%d bytes of a second large body are in memory", second.Len())
		}
		end := errors.New("the end")
		cancel(end)
		if err := <-waits; !errors.Is(err, end) {
			t.Errorf("it waits until %v", err)
		}
		second.close()
		third, waits := read(t.Context(), maxBody)
		first.close()
		if err := <-waits; err != nil || third.Len() != maxBody {
			t.Errorf("after the first: %d bytes, %v", third.Len(), err)
		}
		third.close()
	})
}

func TestWhatListsHoldIsBoundedForEachAndForAll(t *testing.T) {
	t.Parallel()
	var all atomic.Int64
	one, other := &holding{all: &all}, &holding{all: &all}
	add := func(h *holding, size int64) error {
		return take(h, []Row[string]{{ID: strings.Repeat("x", 1000), size: size}}, "")
	}
	tooLarge := new(ListTooLargeError)
	if err := add(one, maxHeld); err != nil {
		t.Errorf("as much as a message takes: %v", err)
	}
	if err := add(one, 1); !errors.As(err, &tooLarge) || tooLarge.InAll {
		t.Errorf("a byte more: %v", err)
	}
	if err := add(other, maxHeld); !errors.As(err, &tooLarge) || !tooLarge.InAll {
		t.Errorf("beside another list: %v", err)
	}
	one.restart()
	if want := int64(maxHeld + heldPerRow + 2*(1000+16)); all.Load() != want {
		t.Errorf("when the other is read again, %d bytes are held, not %d: the IDs of its pass are", all.Load(), want)
	}
	one.restart()
	if want := int64(maxHeld + heldPerRow); all.Load() != want {
		t.Errorf("when it is read once more, %d bytes are held, not %d", all.Load(), want)
	}
	other.close()
	if all.Load() != 0 {
		t.Errorf("%d bytes are held by nobody", all.Load())
	}
}

func TestALongCursorIsCounted(t *testing.T) {
	t.Parallel()
	h := &holding{all: new(atomic.Int64)}
	if err := take[string](h, nil, strings.Repeat("x", maxCursor)); err != nil || h.all.Load() != maxCursor {
		t.Errorf("%d bytes are held, %v", h.all.Load(), err)
	}
}

// However small the pages are, no row is counted twice; and in the end, none.
func TestRowsAreCountedOnceWhileTheyAreHeld(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(fakeapi.New(fakeapi.Generate(50, fakeapi.WithRepository)...))
	defer server.Close()
	client := clientAt(t, server.URL)
	read := newListRead(client, Procedures, Filter{PageSize: 2}, func(*Procedure) (string, int) { return "", 10 })
	rows, err := read.all(t.Context())
	if err != nil || len(rows) != 50 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	counted := int64(0)
	for _, row := range rows {
		counted += int64(len(row.ID)) + 10 + heldPerRow
	}
	if held, cursors := client.held.Load(), int64(60*2); held < counted || held > counted+cursors {
		t.Errorf("%d bytes are held of rows of %d", held, counted)
	}
	read.close()
	if held := client.held.Load(); held != 0 {
		t.Errorf("%d bytes are held of a list that was read", held)
	}
}

func TestAListOfMoreThanCanBeHeldIsGivenUpAsItComes(t *testing.T) {
	t.Parallel()
	api := fakeapi.New(fakeapi.Generate(400, fakeapi.WithRepository)...)
	server := httptest.NewServer(api)
	defer server.Close()
	client := clientAt(t, server.URL)
	rows, err := ReadAll(t.Context(), client, Procedures, Filter{PageSize: 10}, func(*Procedure) (string, int) { return "", 1 << 20 })
	if rows != nil || !errors.As(err, new(*ListTooLargeError)) {
		t.Errorf("got %d rows, %v", len(rows), err)
	}
	if asked := len(api.Requests()); asked > 256/9+10 { // a row of each is the seam
		t.Errorf("asked for %d pages, of 10 MiB each", asked)
	}
	if held := client.held.Load(); held != 0 {
		t.Errorf("%d bytes are held of a list that was given up", held)
	}
}

// What isn't counted isn't bounded.
func TestEveryTextOfAProcedureIsCounted(t *testing.T) {
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
