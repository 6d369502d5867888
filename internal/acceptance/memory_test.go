package acceptance

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// maxMemory is the limit of the provider's process for reads that fail, in bytes.
const maxMemory = 1_000_000_000

// TestAttacksOnMemory serves pages of up to 31 MB in a few kB of gzip, as many as are requested.
func TestAttacksOnMemory(t *testing.T) {
	t.Parallel()
	harness.RequireProc(t)
	var (
		tooMany    = harness.OutputPattern("Error: Too many procedures at the same time", "is larger than 512 MiB", "Check that the address leads to a TofuPilot server.", "-parallelism=1")
		tooMuch    = harness.OutputPattern("Error: Too many procedures for one data source", "is larger than 256 MiB, the most that a provider can return.", "or narrow the list by")
		noID       = harness.OutputPattern("Error: The response isn't supported", "data: item 0 has no id")
		tooManyOn  = harness.OutputPattern("Error: The response isn't supported", "data: more than 1000 rows")
		longRow    = harness.OutputPattern("Error: The response isn't supported", "data.0: longer than 1 MiB")
		longOther  = harness.OutputPattern("Error: The response isn't supported", "what isn't in data is longer than 1 MiB")
		longCursor = harness.OutputPattern("Error: The response isn't supported", "meta.next_cursor: longer than 4 KiB")
	)
	list := harness.Procedures("x")
	listBy30 := harness.Block(`data "tofupilot_procedures" "x"`, "page_size = 30")
	lookup := harness.Procedure("x", `name = "Nobody's"`)
	lookups := harness.Block(`data "tofupilot_procedure_ids" "x"`, `names = ["Nobody's"]`)
	const rowWithEmail = `"created_at":"TIME","id":"%d","name":"Nobody's","created_by_user":{"email":"…"}`
	var lists []string
	for i := range 10 {
		lists = append(lists, harness.Procedures(fmt.Sprintf("x%d", i)))
	}
	emptyRows := servePage(11_000_000, "", "{}", "")
	emptyRuns := servePage(10_000_000, `{"id":"a","runs":[`, "{}", "]}")
	rowsOfRuns := `"created_at":"TIME","id":"%d","runs":[{}` + strings.Repeat(",{}", 345_000) + "]…" // almost 1 MiB, the longest valid row
	longName := strings.Repeat("n", 15<<20)
	w := harness.NewWorkingDir(t, "")
	for name, c := range map[string]struct { //nolint:paralleltest // The attacks share the directory, and only the process under attack needs memory.
		configuration string
		handler       http.Handler
		want          *regexp.Regexp
	}{
		"unlimited rows of 300 kB":                      {list, serveLongRows(unlimited, rowWithName, 300_000), tooMany},
		"unlimited IDs of 300 kB in a lookup":           {lookup, serveLongRows(unlimited, `"id":"%d…"`, 300_000), tooMany},
		"rows with the name and e-mails of 300 kB":      {lookup, serveLongRows(unlimited, rowWithEmail, 300_000), tooMany},
		"rows with names and e-mails of 300 kB":         {lookups, serveLongRows(unlimited, rowWithEmail, 300_000), tooMany},
		"unlimited rows of 30 kB in ten lists":          {strings.Join(lists, ""), serveLongRows(unlimited, rowWithName, 30_000), tooMany},
		"two passes with as many IDs of 10 kB as fit":   {list, serveLongRows(16_800, `"id":"%d…"`, 10_000), tooMuch},
		"11 million empty rows":                         {list, emptyRows, noID},
		"10 million empty runs":                         {list, emptyRuns, longRow},
		"eight pages of empty rows, after good ones":    {list, serveAfterGoodPages(emptyRows), noID},
		"eight pages of empty runs, after good ones":    {list, serveAfterGoodPages(emptyRuns), longRow},
		"unlimited rows of 345,000 empty runs":          {listBy30, serveLongRows(unlimited, rowsOfRuns, 0), tooMany},
		"400,000 rows":                                  {list, servePage(400_000, "", `{"id":"%d"}`, ""), tooManyOn},
		"2 million rows":                                {list, servePage(2_000_000, "", `{"id":"%d"}`, ""), tooManyOn},
		"eight pages with a row of 2 million names":     {list, serveAfterGoodPages(servePage(2_000_000, `{"id":"a",`, `"%d":0`, "}")), longRow},
		"eight pages with 2 million names outside data": {list, serveAfterGoodPages(servePage(2_000_000, `],"y":{`, `"%d":0`, `},"z":[`)), longOther},
		"a duplicate name of 15 MB":                     {list, servePage(1, `{"id":"a","`+longName+`":1,"`+longName+`":1`, "}", ""), longRow},
		"cursors of 900 kB":                             {list, serveLongCursors(900_000), longCursor},
	} {
		t.Run(name, func(t *testing.T) {
			target := harness.NewTarget(t, c.handler)
			w.Write(t, "case.tf", harness.Block(`provider "tofupilot"`, "url = "+harness.Quote(target.URL), `api_key = "k"`, `request_timeout = "`+requestTimeout+`"`)+c.configuration)
			w.Environment = nil
			pid := w.Attach(t)
			start := time.Now()
			output, err := w.Run(t, "plan", "-no-color", "-input=false")
			used := harness.PeakMemory(t, pid)
			t.Logf("%d MB, %.1f s, %d requests", used/1e6, time.Since(start).Seconds(), len(target.Requests()))
			if used >= maxMemory {
				t.Errorf("the provider used %d MB", used/1e6)
			}
			if err == nil || !c.want.MatchString(output) {
				t.Errorf("got %v, and the output %s", err, output)
			}
		})
	}
}

// servePage returns a handler that responds to every request with the same page. It has count
// items, in which %d is their number, between the texts before and after.
func servePage(count int, before, item, after string) http.Handler {
	page := sync.OnceValue(func() []byte {
		var compressed bytes.Buffer
		to, _ := gzip.NewWriterLevel(&compressed, gzip.BestSpeed)
		text := bufio.NewWriter(to)
		_, _ = text.WriteString(`{"data":[` + before)
		head, tail, isNumbered := strings.Cut(item, "%d")
		for i := range count {
			if i > 0 {
				_ = text.WriteByte(',')
			}
			_, _ = text.WriteString(head)
			if isNumbered {
				_, _ = text.WriteString(strconv.Itoa(i))
			}
			_, _ = text.WriteString(tail)
		}
		_, _ = text.WriteString(after + `],` + endOfList + `}`)
		_, _ = text.Flush(), to.Close()
		return compressed.Bytes()
	})
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(page())
	})
}

// serveAfterGoodPages returns a handler that calls bad from the fourteenth page on. At that point
// the client sends eight requests at the same time.
func serveAfterGoodPages(bad http.Handler) http.Handler {
	good := serveLongRows(unlimited, rowWithName, 0)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if offset, _ := strconv.Atoi(r.URL.Query().Get("cursor")); offset > 12*99 {
			bad.ServeHTTP(w, r)
			return
		}
		good.ServeHTTP(w, r)
	})
}

// unlimited is a count for serveLongRows: more rows than a list may have.
const unlimited = 1 << 30

// rowWithName is a row of serveLongRows with a long name.
const rowWithName = `"created_at":"TIME","id":"%d","name":"…"`

// serveLongRows returns a handler for a list of count rows. In each, %d is replaced with its
// number, TIME with its time, and … with fill bytes. A list without times is read twice.
func serveLongRows(count int, row string, fill int) http.Handler {
	head, tail, _ := strings.Cut("{"+row+"}", "…")
	var filler bytes.Buffer
	to, _ := gzip.NewWriterLevel(&filler, gzip.BestSpeed)
	_, _ = io.WriteString(to, strings.Repeat("x", fill))
	_ = to.Close()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		w.Header().Set("Content-Encoding", "gzip")
		to, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		write := func(text string) { // as a gzip stream of its own, as filler is
			to.Reset(w)
			_, _ = io.WriteString(to, text)
			_ = to.Close()
		}
		between, end := `{"data":[`, min(offset+limit, count)
		for i := offset; i < end; i++ {
			at := time.Unix(int64(i), 0).UTC().Format(time.RFC3339)
			write(between + strings.NewReplacer("%d", strconv.Itoa(i), "TIME", at).Replace(head))
			_, _ = w.Write(filler.Bytes())
			between = tail + ","
		}
		meta := endOfList
		if end < count {
			meta = fmt.Sprintf(`"meta":{"has_more":true,"next_cursor":%d}`, end)
		}
		write(strings.TrimSuffix(between, ",") + "]," + meta + "}")
	})
}

// serveLongCursors returns a handler that responds with cursors of this size.
func serveLongCursors(size int) http.Handler {
	var number atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := number.Add(1)
		_, _ = fmt.Fprintf(w, `{"data":[{"id":"%d"}],"meta":{"has_more":true,"next_cursor":"%d-%s"}}`, n, n, strings.Repeat("c", size))
	})
}
