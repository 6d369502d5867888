package acceptance

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// maxMemory bounds the memory of the provider's process during a read that fails, in bytes.
const maxMemory = 1_000_000_000

// TestAttacksOnMemory checks that a read fails with a useful error, within maxMemory, if the server
// sends as many pages as are requested, each of up to 32 MiB before compression.
func TestAttacksOnMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("harness.PeakMemory reads from /proc, which only Linux has")
	}
	var (
		tooManyAtOnce = harness.OutputPattern("Error: Too many procedures at the same time", "is larger than 512 MiB", "Check that the address leads to a TofuPilot server.", "-parallelism=1")
		tooLargeState = harness.OutputPattern("Error: Too many procedures for one data source", "is larger than 256 MiB, the most that a provider can return.", "or narrow the list by")
		rowWithoutID  = harness.OutputPattern("Error: The response isn't supported", "data: item 0 has no id")
		tooManyRows   = harness.OutputPattern("Error: The response isn't supported", "data: more than 1000 rows")
		tooLongRow    = harness.OutputPattern("Error: The response isn't supported", "data.0: longer than 1 MiB")
		tooLongRest   = harness.OutputPattern("Error: The response isn't supported", "what isn't in data is longer than 1 MiB")
	)
	list := harness.Procedures("x")
	listBy30 := harness.Procedures("x", "page_size = 30") // 30 rows of almost 1 MiB fit in a response
	lookup := harness.Procedure("x", `name = "Nobody's"`)
	lookupIDs := harness.DataSource("tofupilot_procedure_ids", "x", `names = ["Nobody's"]`)
	var tenLists strings.Builder
	for i := range 10 {
		tenLists.WriteString(harness.Procedures(fmt.Sprintf("x%d", i)))
	}
	// serveLongRows replaces NUMBER, TIME and FILLER.
	const rowWithEmail = `"created_at":"TIME","id":"NUMBER","name":"Nobody's","created_by_user":{"email":"FILLER"}`
	rowWithRuns := `"created_at":"TIME","id":"NUMBER","runs":[{}` + strings.Repeat(",{}", 345_000) + "]FILLER" // almost 1 MiB, the longest valid row
	// The numbers are such that each page is below 32 MiB.
	emptyRows := servePage(11_000_000, "", "{}", "")
	emptyRuns := servePage(10_000_000, `{"id":"a","runs":[`, "{}", "]}")
	membersAfterData := servePage(2_000_000, `],"y":{`, `"%d":0`, `},"z":[`) // ends data, and adds y and z beside it
	longName := strings.Repeat("n", 15<<20)
	w := harness.NewWorkingDir(t, "")
	for name, c := range map[string]struct { //nolint:paralleltest // The attacks share the directory, and only the process under attack needs memory.
		configuration string
		handler       http.Handler
		wantOutput    *regexp.Regexp
	}{
		"unlimited rows of 300 kB":                      {list, serveLongRows(unlimited, rowWithName, 300_000), tooManyAtOnce},
		"unlimited IDs of 300 kB in a lookup":           {lookup, serveLongRows(unlimited, `"id":"NUMBERFILLER"`, 300_000), tooManyAtOnce},
		"unlimited matches with e-mails of 300 kB":      {lookup, serveLongRows(unlimited, rowWithEmail, 300_000), tooManyAtOnce},
		"unlimited matches, of a set of names":          {lookupIDs, serveLongRows(unlimited, rowWithEmail, 300_000), tooManyAtOnce},
		"unlimited rows of 30 kB in ten lists":          {tenLists.String(), serveLongRows(unlimited, rowWithName, 30_000), tooManyAtOnce},
		"IDs of 10 kB, as many as fit in two passes":    {list, serveLongRows(16_800, `"id":"NUMBERFILLER"`, 10_000), tooLargeState},
		"11 million empty rows":                         {list, emptyRows, rowWithoutID},
		"10 million empty runs":                         {list, emptyRuns, tooLongRow},
		"eight pages of empty rows, after good ones":    {list, serveAfterGoodPages(emptyRows), rowWithoutID},
		"eight pages of empty runs, after good ones":    {list, serveAfterGoodPages(emptyRuns), tooLongRow},
		"unlimited rows of 345,000 empty runs":          {listBy30, serveLongRows(unlimited, rowWithRuns, 0), tooManyAtOnce},
		"2 million rows":                                {list, servePage(2_000_000, "", `{"id":"%d"}`, ""), tooManyRows},
		"eight pages with a row of 2 million members":   {list, serveAfterGoodPages(servePage(2_000_000, `{"id":"a",`, `"%d":0`, "}")), tooLongRow},
		"eight pages with 2 million members after data": {list, serveAfterGoodPages(membersAfterData), tooLongRest},
		"a duplicate member name of 15 MB":              {list, servePage(1, `{"id":"a","`+longName+`":1,"`+longName+`":1`, "}", ""), tooLongRow},
	} {
		t.Run(name, func(t *testing.T) {
			target := harness.NewTarget(t, c.handler)
			w.Write(t, "case.tf", harness.Block(`provider "tofupilot"`, "url = "+harness.Quote(target.URL), `api_key = "k"`, `request_timeout = "`+requestTimeout+`"`)+c.configuration)
			w.Environment = nil // of the previous case, whose provider was attached
			pid := w.Attach(t)
			start := time.Now()
			output, err := w.Run(t, "plan", "-no-color", "-input=false")
			used := harness.PeakMemory(t, pid)
			t.Logf("%d MB, %.1f s, %d requests", used/1e6, time.Since(start).Seconds(), len(target.Requests()))
			if used >= maxMemory {
				t.Errorf("the provider used %d bytes, want less than %d", used, maxMemory)
			}
			if err == nil {
				t.Error("the plan succeeded")
			}
			if !c.wantOutput.MatchString(output) {
				t.Errorf("the output doesn't match %s: %s", c.wantOutput, output)
			}
		})
	}
}

// servePage returns a handler that responds to every request with the same page. The JSON in its list
// is start, then count copies of item with commas between them, then end. In each copy, %d is replaced
// by its number.
func servePage(count int, start, item, end string) http.Handler {
	page := sync.OnceValue(func() []byte {
		var page bytes.Buffer
		compressor, _ := gzip.NewWriterLevel(&page, gzip.BestSpeed)
		writer := bufio.NewWriter(compressor)
		_, _ = writer.WriteString(`{"data":[` + start)
		head, tail, isNumbered := strings.Cut(item, "%d") // faster than fmt.Fprintf
		for i := range count {
			if i > 0 {
				_ = writer.WriteByte(',')
			}
			_, _ = writer.WriteString(head)
			if isNumbered {
				_, _ = writer.WriteString(strconv.Itoa(i))
			}
			_, _ = writer.WriteString(tail)
		}
		_, _ = writer.WriteString(end + `],` + endOfList + `}`)
		_ = writer.Flush()
		_ = compressor.Close()
		return page.Bytes()
	})
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(page())
	})
}

// serveAfterGoodPages returns a handler that serves 13 good pages and calls bad for those after them.
// At that point, the client sends as many requests at the same time as it ever does: eight.
func serveAfterGoodPages(bad http.Handler) http.Handler {
	good := serveLongRows(unlimited, rowWithName, 0)
	const step = 99 // between the offsets of pages: of 100 rows, a page shares one with the next page
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if offset, _ := strconv.Atoi(r.URL.Query().Get("cursor")); offset >= 13*step {
			bad.ServeHTTP(w, r)
		} else {
			good.ServeHTTP(w, r)
		}
	})
}

// unlimited is a count for serveLongRows: more rows than a list may have.
const unlimited = 1 << 30

// rowWithName is a row for serveLongRows with a long name.
const rowWithName = `"created_at":"TIME","id":"NUMBER","name":"FILLER"`

// serveLongRows returns a handler for a list of count rows. In row, it replaces NUMBER and TIME by the
// row's number and time, and FILLER, which must come after them, by length bytes. Without TIME, the
// client has to read the list twice.
func serveLongRows(count int, row string, length int) http.Handler {
	head, tail, _ := strings.Cut("{"+row+"}", "FILLER")
	var filler bytes.Buffer // a gzip stream of its own, so that it is compressed only once
	fillerCompressor, _ := gzip.NewWriterLevel(&filler, gzip.BestSpeed)
	_, _ = io.WriteString(fillerCompressor, strings.Repeat("x", length))
	_ = fillerCompressor.Close()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		w.Header().Set("Content-Encoding", "gzip")
		compressor, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		write := func(text string) { // writes a stream, which may precede or follow filler
			compressor.Reset(w)
			_, _ = io.WriteString(compressor, text)
			_ = compressor.Close()
		}
		end := min(offset+limit, count)
		write(`{"data":[`)
		for i := offset; i < end; i++ {
			createdAt := time.Unix(int64(i), 0).UTC().Format(time.RFC3339)
			write(strings.NewReplacer("NUMBER", strconv.Itoa(i), "TIME", createdAt).Replace(head))
			_, _ = w.Write(filler.Bytes())
			if i+1 < end {
				write(tail + ",")
			} else {
				write(tail)
			}
		}
		meta := endOfList
		if end < count {
			meta = fmt.Sprintf(`"meta":{"has_more":true,"next_cursor":%d}`, end)
		}
		write("]," + meta + "}")
	})
}
