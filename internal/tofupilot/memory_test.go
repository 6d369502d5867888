package tofupilot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
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
	if err := newBody(turn).read(t.Context(), more); !errors.As(err, new(*TooLargeError)) {
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
	tooLarge := new(ListTooLargeError)
	if err := one.change(1_000_000, maxHeld); err != nil { // as many rows as a list may have
		t.Errorf("as much as a message takes: %v", err)
	}
	if err := one.change(1, 1); !errors.As(err, &tooLarge) || tooLarge.InAll {
		t.Errorf("a byte more: %v", err)
	}
	if err := other.change(0, maxHeld/2); !errors.As(err, &tooLarge) || !tooLarge.InAll {
		t.Errorf("beside another list: %v", err)
	}
	one.restart(1000)
	if err := other.change(0, maxHeld/2); err != nil || all.Load() != maxHeld+1000 {
		t.Errorf("when the other is read again: %v, and %d bytes are held", err, all.Load())
	}
	one.restart(0)
	other.restart(0)
	if all.Load() != 0 {
		t.Errorf("%d bytes are held by nobody", all.Load())
	}
}

// However small the pages are, no row is counted twice; and in the end, none.
func TestRowsAreCountedOnceWhileTheyAreHeld(t *testing.T) {
	t.Parallel()
	list := stillList(50)
	pager := newTestPager(list, 2)
	pager.fetch = func(ctx context.Context, at string, limit int) (*page[string], error) {
		answer, err := list.fetch(ctx, at, limit)
		if err != nil {
			return nil, err
		}
		for i := range answer.rows {
			answer.rows[i].size = 10
		}
		return answer, pager.held.change(int64(len(answer.rows)), sizeOf(answer.rows))
	}
	rows, err := pager.all(t.Context())
	if err != nil || len(rows) != 50 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if held := pager.held.all.Load(); held != 50*(10+heldPerRow) {
		t.Errorf("%d bytes are held of 50 rows", held)
	}
	pager.close()
	if held := pager.held.all.Load(); held != 0 {
		t.Errorf("%d bytes are held of a list that was read", held)
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
