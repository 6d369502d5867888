package paging

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// oldest is when the first row of any list was created.
var oldest = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// changingList is a server's list, in memory. A page is a snapshot at the
// moment the server answers, and the list changes between two answers, so that
// the order of the answers is all that time means here.
type changingList struct {
	changes []listChange
	forever bool // begins with the changes again when they are over

	newestFirst bool                       // rows are created at the front
	times       func(number int) time.Time // created_at of a row; nil: as it was created
	floored     bool                       // a cursor is rounded down to a multiple of limit
	tokens      bool                       // cursors are opaque
	most        int                        // rows of a page; 0: as many as asked for
	countFirst  bool                       // has_more comes from a count before the rows were taken,
	countLast   bool                       // or after

	travel func(listRequest) (there, back time.Duration) // nil: no time at all
	fault  func(listRequest) error                       // nil: none

	mu          sync.Mutex
	rows        []int     // the list as it stands: indexes into lives
	lives       []rowLife // every row that ever stood in the list
	asked       []listRequest
	inFlight    int
	mostFlying  int // requests in flight at a time
	answers     int // given so far
	began       int // which of the answers was the latest first page
	beganBefore int // and the one before
	latest      int // after which of the answers the latest change was made
	begins      int // how often the first page was asked for
	due         int // the change to come next
	quiet       int // answers since the latest change
	changed     int // changes made
	outOfOrder  bool
	followed    bool // by its own cursors, in the end
	lastOffset  int  // the offset that was answered last
}

// rowLife tells which answers, counted from 1, may hold a row: those from born
// on, and before died.
type rowLife struct {
	id         string
	created    time.Time
	born, died int
}

// listChange is one row created, deleted or moved.
type listChange struct {
	after  int // how many answers come between the change before and this one
	create bool
	move   bool
	at     int // an offset; for a row created beyond the end, the end
	to     int // where a row moves to
}

type listRequest struct {
	cursor        string
	offset, limit int
	at            time.Time
}

func newChangingList(rows int, changes ...listChange) *changingList {
	return (&changingList{changes: changes}).with(rows)
}

// with fills a list that is described already.
func (l *changingList) with(rows int) *changingList {
	for number := range rows {
		l.create(len(l.rows))
		if l.times == nil && l.newestFirst {
			l.lives[number].created = createdAt(-number)
		}
	}
	return l
}

func createdAt(second int) time.Time {
	return oldest.Add(time.Duration(second) * time.Second)
}

// stillList is one that nobody changes.
func stillList(rows int) *changingList { return newChangingList(rows) }

// row is one of a list: its ID, and when it was created, zero where nobody says.
type row struct {
	key     string
	created time.Time
}

func newTestPager(list *changingList, limit int) *pager[row] { return pagerOf(list.fetch, limit) }

func pagerOf(fetch func(ctx context.Context, at string, limit int) (Page[row], error), limit int) *pager[row] {
	return &pager[row]{
		List: List[row]{
			Fetch:       fetch,
			Key:         func(r *row) string { return r.key },
			Created:     func(r *row) (time.Time, bool) { return r.created, !r.created.IsZero() },
			Log:         slog.New(slog.DiscardHandler),
			PageSize:    limit,
			MaxPageSize: 100,
		},
		prefetch: prefetch,
	}
}

func (l *changingList) fetch(ctx context.Context, at string, limit int) (Page[row], error) {
	request := l.receive(at, limit)
	defer l.leave()
	there, back := time.Duration(0), time.Duration(0)
	if l.travel != nil {
		there, back = l.travel(request)
	}
	if err := travel(ctx, there); err != nil {
		return Page[row]{}, err
	}
	if l.fault != nil {
		if err := l.fault(request); err != nil {
			return Page[row]{}, err
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
	offset, err := strconv.Atoi(cmp.Or(strings.TrimPrefix(at, "token "), "0"))
	if err != nil {
		panic(err)
	}
	if l.most > 0 {
		limit = min(limit, l.most)
	}
	if l.floored {
		offset -= offset % limit
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	request := listRequest{cursor: at, offset: offset, limit: limit, at: time.Now()}
	l.asked = append(l.asked, request)
	l.inFlight++
	l.mostFlying = max(l.mostFlying, l.inFlight)
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

func (l *changingList) answer(request listRequest) Page[row] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.change()
	count := len(l.rows)
	if l.countFirst {
		l.change()
	}
	l.answers++
	if request.cursor == "" {
		l.beganBefore, l.began = l.began, l.answers
	} else {
		l.outOfOrder = l.outOfOrder || request.offset < l.lastOffset
	}
	l.lastOffset = request.offset

	from := min(request.offset, len(l.rows))
	to := min(from+request.limit, len(l.rows))
	answer := Page[row]{Rows: make([]row, to-from)}
	for i, number := range l.rows[from:to] {
		answer.Rows[i] = row{l.lives[number].id, l.lives[number].created}
	}
	if l.countLast {
		l.change()
	}
	if !l.countFirst {
		count = len(l.rows)
	}
	answer.More = to < count
	switch {
	case answer.More && l.tokens:
		answer.Next = "token " + strconv.Itoa(to)
	case answer.More:
		answer.Next = strconv.Itoa(to)
	}
	return answer
}

// change makes the changes that are due before the next answer.
func (l *changingList) change() {
	for l.due < len(l.changes) && l.changes[l.due].after <= l.quiet {
		change := l.changes[l.due]
		switch {
		case change.create:
			l.create(min(change.at, len(l.rows)))
		case len(l.rows) == 0:
		case change.move:
			from := change.at % len(l.rows)
			row := l.rows[from]
			l.rows = slices.Insert(slices.Delete(l.rows, from, from+1), change.to%len(l.rows), row)
		default:
			l.remove(change.at % len(l.rows))
		}
		l.changed++
		l.latest = l.answers
		l.quiet = 0
		if l.due++; l.due == len(l.changes) && l.forever {
			l.due = 0
		}
	}
	l.quiet++
}

func (l *changingList) create(at int) {
	number := len(l.lives)
	life := rowLife{id: rowID(number), created: createdAt(number), born: l.answers + 1, died: math.MaxInt}
	if l.times != nil {
		life.created = l.times(number)
	}
	l.rows = slices.Insert(l.rows, at, number)
	l.lives = append(l.lives, life)
}

func (l *changingList) remove(at int) {
	l.lives[l.rows[at]].died = l.answers + 1
	l.rows = slices.Delete(l.rows, at, at+1)
}

// fallacy says what is wrong with a list that a read gave; empty: nothing. It
// holds a read to more than the whole of its time: to that of its last pass,
// unless only two passes that agree can show that nothing is missing.
func (l *changingList) fallacy(rows []row, twoPasses bool) string {
	since := l.began
	if twoPasses {
		since = 1
	}
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
		case found[number] == 0 && life.born <= since && life.died > l.answers:
			return fmt.Sprintf("%q stood throughout and is lost", life.id)
		case found[number] == 1 && life.died <= l.began:
			return fmt.Sprintf("%q was gone before the last pass began", life.id)
		}
	}
	return ""
}

func rowID(number int) string { return "r" + strconv.Itoa(number) }

func rowIDs(rows []row) []string {
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
