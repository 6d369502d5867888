package paging

import (
	"cmp"
	"context"
	"errors"
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

// changingList is a server's list in memory. Each response is a snapshot, and the list
// changes only between responses, so their numbers, counted from 1, serve as a clock.
type changingList struct {
	changes []listChange
	repeat  bool // after the last change, start again with the first

	newestFirst bool                       // rows are created at the front
	times       func(number int) time.Time // created_at of a row; nil: in the order of creation
	floored     bool                       // the server rounds a cursor down to a multiple of limit
	tokens      bool                       // cursors are opaque
	maxPage     int                        // rows of a page; 0: as many as requested
	countBefore bool                       // has_more comes from a count before the rows are read,
	countAfter  bool                       // or after

	latency func(listRequest) (request, response time.Duration) // nil: none
	fault   func(listRequest) error                             // nil: none

	mu           sync.Mutex
	rows         []int     // the current list: indexes into all
	all          []listRow // every row that was ever in the list
	requests     []listRequest
	inFlight     int
	maxInFlight  int
	responses    int  // sent so far
	passes       int  // requests for the first page
	passStart    int  // the response with the first page of the latest pass
	prevStart    int  // the response with the first page of the pass before
	nextChange   int  // index into changes
	sinceChange  int  // responses since the latest change
	changesMade  int  // so far
	latestChange int  // the response before the latest change
	outOfOrder   bool // whether a response overtook one with a smaller offset
	latestOffset int  // of the latest response
	followed     bool // whether the pager followed the server's cursors in the end
}

// listRow is a row of the list. Responses before firstResponse and from endResponse on don't have
// it.
type listRow struct {
	row

	firstResponse, endResponse int
}

// listChange creates, moves or deletes a row.
type listChange struct {
	after  int // responses between the previous change and this one
	create bool
	move   bool
	at     int // the row's offset; a row created beyond the end is added at the end
	to     int // the offset to which it moves
}

type listRequest struct {
	cursor        string
	offset, limit int
	at            time.Time
}

func newChangingList(rows int, changes ...listChange) *changingList {
	return (&changingList{changes: changes}).fill(rows)
}

// fill adds rows that exist before the first request.
func (l *changingList) fill(rows int) *changingList {
	for number := range rows {
		l.create(len(l.rows))
		if l.times == nil && l.newestFirst {
			l.all[number].created = createdAt(-number)
		}
	}
	return l
}

func createdAt(second int) time.Time {
	return time.Date(2024, time.January, 1, 0, 0, second, 0, time.UTC)
}

func sameTime(int) time.Time { return createdAt(0) }

type row struct {
	key     string
	created time.Time // zero: unknown
}

func newPager(fetch func(ctx context.Context, cursor string, limit int) (Page[row], error), pageSize int) *pager[row] {
	return &pager[row]{
		List: List[row]{
			Fetch:       fetch,
			Key:         func(r *row) string { return r.key },
			Created:     func(r *row) (time.Time, bool) { return r.created, !r.created.IsZero() },
			Log:         slog.New(slog.DiscardHandler),
			PageSize:    pageSize,
			MaxPageSize: 100,
		},
		prefetch: prefetch,
	}
}

func (l *changingList) fetch(ctx context.Context, cursor string, limit int) (Page[row], error) {
	request := l.receive(cursor, limit)
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.inFlight--
	}()
	var toServer, toClient time.Duration
	if l.latency != nil {
		toServer, toClient = l.latency(request)
	}
	if err := wait(ctx, toServer); err != nil {
		return Page[row]{}, err
	}
	if l.fault != nil {
		if err := l.fault(request); err != nil {
			return Page[row]{}, err
		}
	}
	page := l.respond(request)
	return page, wait(ctx, toClient)
}

func wait(ctx context.Context, duration time.Duration) error {
	if duration == 0 {
		return context.Cause(ctx)
	}
	return sleep(ctx, duration)
}

// receive records a request and returns it as the server understands it.
func (l *changingList) receive(cursor string, limit int) listRequest {
	offset, err := strconv.Atoi(cmp.Or(strings.TrimPrefix(cursor, "token "), "0"))
	if err != nil {
		panic(err)
	}
	if l.maxPage > 0 {
		limit = min(limit, l.maxPage)
	}
	if l.floored {
		offset -= offset % limit
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	request := listRequest{cursor: cursor, offset: offset, limit: limit, at: time.Now()}
	l.requests = append(l.requests, request)
	l.inFlight++
	l.maxInFlight = max(l.maxInFlight, l.inFlight)
	if cursor == "" {
		l.passes++
	}
	return request
}

func (l *changingList) countInFlight() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inFlight
}

// respond makes the changes that are due and returns the requested page.
func (l *changingList) respond(request listRequest) Page[row] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.change()
	count := len(l.rows)
	if l.countBefore {
		l.change()
	}
	l.responses++
	if request.cursor == "" {
		l.prevStart, l.passStart = l.passStart, l.responses
	} else {
		l.outOfOrder = l.outOfOrder || request.offset < l.latestOffset
	}
	l.latestOffset = request.offset

	from := min(request.offset, len(l.rows))
	to := min(from+request.limit, len(l.rows))
	page := Page[row]{Rows: make([]row, to-from)}
	for i, number := range l.rows[from:to] {
		page.Rows[i] = l.all[number].row
	}
	if l.countAfter {
		l.change()
	}
	if !l.countBefore {
		count = len(l.rows)
	}
	page.More = to < count
	switch {
	case page.More && l.tokens:
		page.Next = "token " + strconv.Itoa(to)
	case page.More:
		page.Next = strconv.Itoa(to)
	}
	return page
}

// change makes the changes that are due before the next response.
func (l *changingList) change() {
	for l.nextChange < len(l.changes) && l.changes[l.nextChange].after <= l.sinceChange {
		change := l.changes[l.nextChange]
		switch {
		case change.create:
			l.create(min(change.at, len(l.rows)))
		case len(l.rows) == 0:
		case change.move:
			from := change.at % len(l.rows)
			row := l.rows[from]
			l.rows = slices.Insert(slices.Delete(l.rows, from, from+1), change.to%len(l.rows), row)
		default:
			at := change.at % len(l.rows)
			l.all[l.rows[at]].endResponse = l.responses + 1
			l.rows = slices.Delete(l.rows, at, at+1)
		}
		l.changesMade++
		l.latestChange = l.responses
		l.sinceChange = 0
		if l.nextChange++; l.nextChange == len(l.changes) && l.repeat {
			l.nextChange = 0
		}
	}
	l.sinceChange++
}

func (l *changingList) create(at int) {
	number := len(l.all)
	created := createdAt(number)
	if l.times != nil {
		created = l.times(number)
	}
	l.rows = slices.Insert(l.rows, at, number)
	l.all = append(l.all, listRow{row: row{rowKey(number), created}, firstResponse: l.responses + 1, endResponse: math.MaxInt})
}

// check returns an error if rows isn't a complete list. Rows that existed throughout the
// last pass must be in it; if twoPasses, only those that existed throughout the read.
func (l *changingList) check(rows []row, twoPasses bool) error {
	since := l.passStart
	if twoPasses {
		since = 1
	}
	count := make([]int, len(l.all))
	for _, row := range rows {
		number, err := strconv.Atoi(row.key[1:])
		if err != nil || number >= len(count) {
			return fmt.Errorf("%q was never in the list", row.key)
		}
		count[number]++
	}
	for number, row := range l.all {
		switch {
		case count[number] > 1:
			return fmt.Errorf("%q was read %d times", row.key, count[number])
		case count[number] == 0 && row.firstResponse <= since && row.endResponse > l.responses:
			return fmt.Errorf("%q %s", row.key, lostRow)
		case count[number] == 1 && row.endResponse <= l.passStart:
			return fmt.Errorf("%q was deleted before the last pass", row.key)
		}
	}
	return nil
}

const lostRow = "was in the list throughout and is missing"

func rowKey(number int) string { return "r" + strconv.Itoa(number) }

func keysOf(rows []row) []string {
	keys := make([]string, len(rows))
	for i, row := range rows {
		keys[i] = row.key
	}
	return keys
}

// firstKeys returns the keys of the rows that were created first.
func firstKeys(count int) []string {
	keys := make([]string, count)
	for i := range keys {
		keys[i] = rowKey(i)
	}
	return keys
}

// readAll reads a list that doesn't change, and fails the test if a row is missing.
func readAll(t *testing.T, list *changingList, pageSize int) {
	t.Helper()
	rows, err := newPager(list.fetch, pageSize).all(t.Context())
	if err != nil {
		t.Fatalf("%d rows, page size %d: %v", len(list.rows), pageSize, err)
	}
	if want := firstKeys(len(list.rows)); !slices.Equal(keysOf(rows), want) {
		t.Fatalf("%d rows, page size %d: got %q", len(list.rows), pageSize, keysOf(rows))
	}
}

// checkIncomplete checks that a read returned no rows and an *IncompleteError that wraps want.
func checkIncomplete(t *testing.T, rows []row, err, want error) *IncompleteError {
	t.Helper()
	incomplete := new(IncompleteError)
	if !errors.As(err, &incomplete) || !errors.Is(err, want) {
		t.Fatalf("got error %v, want an *IncompleteError that wraps %v", err, want)
	}
	if rows != nil {
		t.Errorf("got %d rows and an error", len(rows))
	}
	return incomplete
}
