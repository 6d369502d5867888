package tofupilot

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// changingList is a server's list, in memory. A page is a snapshot at the
// moment the server answers, and the list changes between two answers, so that
// the order of the answers is all that time means here.
type changingList struct {
	changes []listChange
	forever bool // begins with the changes again when they are over

	travel func(listRequest) (there, back time.Duration) // nil: no time at all
	fault  func(listRequest) error                       // nil: none

	mu         sync.Mutex
	rows       []int     // the list as it stands: indexes into lives
	lives      []rowLife // every row that ever stood in the list
	asked      []listRequest
	inFlight   int
	most       int // requests in flight at a time
	answers    int // given so far
	began      int // which of the answers was the latest first page
	begins     int // how often the first page was asked for
	due        int // the change to come next
	quiet      int // answers since the latest change
	changed    int // changes made
	outOfOrder bool
	lastOffset int // the offset that was answered last
}

// rowLife tells which answers, counted from 1, may hold a row: those from born
// on, and before died.
type rowLife struct {
	id         string
	born, died int
}

// listChange is one row created or deleted.
type listChange struct {
	after  int // how many answers come between the change before and this one
	create bool
	place  int // an offset; for a row created beyond the end, the end
}

type listRequest struct {
	cursor        string
	offset, limit int
	at            time.Time
}

func newChangingList(rows int, changes ...listChange) *changingList {
	list := &changingList{changes: changes}
	for range rows {
		list.create(len(list.rows))
	}
	return list
}

// stillList is one that nobody changes.
func stillList(rows int) *changingList { return newChangingList(rows) }

func newTestPager(list *changingList, limit int) *pager[string] {
	return &pager[string]{noun: "row", fetch: list.fetch, limit: limit, reach: reach, clean: cleaner("the-key"), log: slog.New(slog.DiscardHandler)}
}

func (l *changingList) fetch(ctx context.Context, at string, limit int) (*page[string], error) {
	request := l.receive(at, limit)
	defer l.leave()
	there, back := time.Duration(0), time.Duration(0)
	if l.travel != nil {
		there, back = l.travel(request)
	}
	if err := travel(ctx, there); err != nil {
		return nil, err
	}
	if l.fault != nil {
		if err := l.fault(request); err != nil {
			return nil, err
		}
	}
	answer := l.answer(request)
	return answer, travel(ctx, back)
}

func travel(ctx context.Context, duration time.Duration) error {
	if duration == 0 {
		return context.Cause(ctx)
	}
	return sleep(ctx, duration)
}

func (l *changingList) receive(at string, limit int) listRequest {
	offset, err := strconv.Atoi(cmp.Or(at, "0"))
	if err != nil {
		panic(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	request := listRequest{cursor: at, offset: offset, limit: limit, at: time.Now()}
	l.asked = append(l.asked, request)
	l.inFlight++
	l.most = max(l.most, l.inFlight)
	if at == "" {
		l.begins++
	}
	return request
}

func (l *changingList) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
}

// underWay is how many requests the server hasn't been rid of.
func (l *changingList) underWay() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inFlight
}

func (l *changingList) answer(request listRequest) *page[string] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.change()
	l.answers++
	if request.cursor == "" {
		l.began = l.answers
	} else {
		l.outOfOrder = l.outOfOrder || request.offset < l.lastOffset
	}
	l.lastOffset = request.offset

	from := min(request.offset, len(l.rows))
	to := min(from+request.limit, len(l.rows))
	answer := &page[string]{rows: make([]row[string], to-from), more: to < len(l.rows)}
	for i, row := range l.rows[from:to] {
		answer.rows[i].key = l.lives[row].id
	}
	if answer.more {
		answer.next = &cursor{text: strconv.Itoa(to), number: to, whole: true}
	}
	return answer
}

// change makes the changes that are due before the next answer.
func (l *changingList) change() {
	for l.due < len(l.changes) && l.changes[l.due].after <= l.quiet {
		change := l.changes[l.due]
		if change.create {
			l.create(min(change.place, len(l.rows)))
		} else if len(l.rows) > 0 {
			l.remove(change.place % len(l.rows))
		}
		l.changed++
		l.quiet = 0
		if l.due++; l.due == len(l.changes) && l.forever {
			l.due = 0
		}
	}
	l.quiet++
}

func (l *changingList) create(place int) {
	l.rows = slices.Insert(l.rows, place, len(l.lives))
	l.lives = append(l.lives, rowLife{id: rowID(len(l.lives)), born: l.answers + 1, died: math.MaxInt})
}

func (l *changingList) remove(place int) {
	l.lives[l.rows[place]].died = l.answers + 1
	l.rows = slices.Delete(l.rows, place, place+1)
}

// fallacy says what is wrong with a list that a read gave; empty: nothing. It
// holds a read to more than the whole of its time: to that of its last pass.
func (l *changingList) fallacy(rows []row[string]) string {
	found := make([]int, len(l.lives))
	for _, row := range rows {
		number, err := strconv.Atoi(row.key[1:])
		if err != nil || number >= len(found) {
			return fmt.Sprintf("%q never stood in the list", row.key)
		}
		found[number]++
	}
	for number, life := range l.lives {
		switch {
		case found[number] > 1:
			return fmt.Sprintf("%q came %d times", life.id, found[number])
		case found[number] == 0 && life.born <= l.began && life.died > l.answers:
			return fmt.Sprintf("%q stood throughout and is lost", life.id)
		case found[number] == 1 && life.died <= l.began:
			return fmt.Sprintf("%q was gone before the last pass began", life.id)
		}
	}
	return ""
}

func rowID(number int) string { return "r" + strconv.Itoa(number) }

func rowIDs(rows []row[string]) []string {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.key
	}
	return ids
}

// firstIDs are those of a still list, in its order.
func firstIDs(count int) []string {
	ids := make([]string, count)
	for i := range ids {
		ids[i] = rowID(i)
	}
	return ids
}

// readStill reads a list that must come back whole.
func readStill(t *testing.T, list *changingList, limit int) {
	t.Helper()
	rows, err := newTestPager(list, limit).all(t.Context())
	if err != nil {
		t.Fatalf("%d rows, page size %d: %v", len(list.rows), limit, err)
	}
	if want := firstIDs(len(list.rows)); !slices.Equal(rowIDs(rows), want) {
		t.Fatalf("%d rows, page size %d: got %q", len(list.rows), limit, rowIDs(rows))
	}
}
