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

// changingList is a server's list in memory. It changes only when it responds, so the number of
// responses serves as its clock.
type changingList struct {
	changes []listChange
	repeat  bool // after the last change, start again with the first

	newestFirst bool                       // the list is sorted by creation, newest first; otherwise oldest first
	times       func(number int) time.Time // returns the creation time of a row; nil: the list is sorted by creation
	floored     bool                       // the server rounds offsets down to multiples of the limit
	tokens      bool                       // cursors are "token 7" instead of "7"
	maxPage     int                        // the most rows of a page; 0: as many as requested
	countBefore bool                       // rows are counted for has_more before the page is read
	countAfter  bool                       // rows are counted for has_more after the page is read

	latency func(listRequest) (request, response time.Duration) // nil: none
	fault   func(listRequest) error                             // nil: none

	mu           sync.Mutex
	rows         []int     // the current list: indexes into all
	all          []listRow // every row that was ever in the list
	requests     []listRequest
	inFlight     int
	responses    int  // sent so far
	passes       int  // requests for the first page
	passStart    int  // number of the first response of the latest pass
	prevStart    int  // number of the first response of the pass before
	nextChange   int  // index into changes
	sinceChange  int  // calls of makeChanges since the latest change
	changesMade  int  // so far
	latestChange int  // number of the response before the latest change
	outOfOrder   bool // whether a response overtook one with a smaller offset
	latestOffset int  // of the latest response
	followed     bool // whether the pager followed the server's cursors in the end
}

// listRow is a row that is or was in the list.
type listRow struct {
	row

	first int // number of the first response after its creation
	end   int // number of the first response after its deletion; math.MaxInt: it is in the list
}

type row struct {
	key     string
	created time.Time // zero: unknown
}

// listChange creates or moves a row. It deletes the row if neither create nor move is set.
type listChange struct {
	// after counts the calls of makeChanges from the previous change to this one: 0 is the same call (or
	// the list's first), 1 the next. A response makes one call, or two with countBefore or countAfter.
	after  int
	create bool
	move   bool
	at     int // the row's offset; a row created beyond the end is added at the end
	to     int // the offset to which it moves
}

type listRequest struct {
	cursor        string
	offset, limit int // as the server understands them
	at            time.Time
}

func newChangingList(rows int) *changingList { return (&changingList{}).fill(rows) }

// fill adds rows that exist before the first request, and returns the list.
func (l *changingList) fill(rows int) *changingList {
	for number := range rows {
		l.create(len(l.rows))
		if l.times == nil && l.newestFirst {
			l.all[number].created = createdAt(-number) // older than the rows before
		}
	}
	return l
}

func createdAt(second int) time.Time {
	return time.Date(2024, time.January, 1, 0, 0, second, 0, time.UTC)
}

func sameTime(int) time.Time { return createdAt(0) }

// fetch responds to a request. It can be the Fetch function of a List.
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

// wait sleeps for a duration. If it is 0, wait only checks whether the context has ended.
func wait(ctx context.Context, duration time.Duration) error {
	if duration == 0 {
		return context.Cause(ctx)
	}
	return sleep(ctx, duration)
}

// receive records a request, counts it in inFlight, and returns it.
func (l *changingList) receive(cursor string, limit int) listRequest {
	number := strings.TrimPrefix(cursor, "token ")
	offset, err := strconv.Atoi(cmp.Or(number, "0")) // without a cursor, the first page
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
	l.makeChanges()
	count := len(l.rows)
	if l.countBefore {
		l.makeChanges()
	}
	l.responses++
	if request.cursor == "" {
		l.prevStart = l.passStart
		l.passStart = l.responses
	} else if request.offset < l.latestOffset {
		l.outOfOrder = true
	}
	l.latestOffset = request.offset

	start := min(request.offset, len(l.rows))
	end := min(start+request.limit, len(l.rows))
	var page Page[row]
	for _, number := range l.rows[start:end] {
		page.Rows = append(page.Rows, l.all[number].row)
	}
	if l.countAfter {
		l.makeChanges()
		count = len(l.rows)
	}
	page.More = end < count
	if page.More {
		page.Next = strconv.Itoa(end)
	}
	if page.More && l.tokens {
		page.Next = "token " + page.Next
	}
	return page
}

// makeChanges makes the changes that are due in this call. Several are due if all but the first have
// after 0.
func (l *changingList) makeChanges() {
	for l.nextChange < len(l.changes) && l.changes[l.nextChange].after <= l.sinceChange {
		l.makeChange(l.changes[l.nextChange])
		l.changesMade++
		l.latestChange = l.responses
		l.sinceChange = 0
		l.nextChange++
		if l.nextChange == len(l.changes) && l.repeat {
			l.nextChange = 0
		}
	}
	l.sinceChange++
}

func (l *changingList) makeChange(change listChange) {
	if change.create {
		l.create(min(change.at, len(l.rows)))
		return
	}
	if len(l.rows) == 0 {
		return
	}
	from := change.at % len(l.rows) // the list may be shorter than at
	to := change.to % len(l.rows)
	number := l.rows[from]
	l.rows = slices.Delete(l.rows, from, from+1)
	if change.move {
		l.rows = slices.Insert(l.rows, to, number)
	} else {
		l.all[number].end = l.responses + 1
	}
}

func (l *changingList) create(at int) {
	number := len(l.all)
	created := createdAt(number)
	if l.times != nil {
		created = l.times(number)
	}
	l.rows = slices.Insert(l.rows, at, number)
	l.all = append(l.all, listRow{row: row{rowKey(number), created}, first: l.responses + 1, end: math.MaxInt})
}

// check returns an error if rows lacks a row that was in the list from firstResponse to the latest
// response. It also returns an error if rows has a row twice, or one that was deleted before the
// last pass.
func (l *changingList) check(rows []row, firstResponse int) error {
	count := make([]int, len(l.all))
	for _, row := range rows {
		number, err := strconv.Atoi(row.key[1:])
		if err != nil || number >= len(count) {
			return fmt.Errorf("%q was never in the list", row.key)
		}
		count[number]++
	}
	for number, listed := range l.all {
		wasThroughout := listed.first <= firstResponse && listed.end > l.responses
		wasDeleted := listed.end <= l.passStart
		switch {
		case count[number] > 1:
			return fmt.Errorf("%q was read %d times", listed.key, count[number])
		case count[number] == 0 && wasThroughout:
			return fmt.Errorf("%q %s", listed.key, lostRow)
		case count[number] == 1 && wasDeleted:
			return fmt.Errorf("%q was deleted before the last pass", listed.key)
		}
	}
	return nil
}

const lostRow = "was in the list throughout and is missing"

func newPager(fetch func(ctx context.Context, cursor string, limit int) (Page[row], error), pageSize int) *pager[row] {
	return &pager[row]{List: newList(fetch, pageSize), prefetch: prefetch}
}

func newList(fetch func(ctx context.Context, cursor string, limit int) (Page[row], error), pageSize int) List[row] {
	return List[row]{
		Fetch:       fetch,
		Key:         func(r *row) string { return r.key },
		Created:     func(r *row) (time.Time, bool) { return r.created, !r.created.IsZero() },
		Log:         slog.New(slog.DiscardHandler),
		PageSize:    pageSize,
		MaxPageSize: 100,
	}
}

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

// readAll reads a list that doesn't change, and fails the test if the result isn't complete.
func readAll(t *testing.T, list *changingList, pageSize int) {
	t.Helper()
	rows, err := newPager(list.fetch, pageSize).all(t.Context())
	if want := firstKeys(len(list.rows)); err != nil || !slices.Equal(keysOf(rows), want) {
		t.Fatalf("%d rows, page size %d: got %q, %v", len(list.rows), pageSize, keysOf(rows), err)
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
