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

// maxMemory is what the provider's process takes at most for answers that end in an
// error, whatever they are.
const maxMemory = 1_000_000_000 // bytes

// Each attack is a page of up to 31 MB, in a few kB of gzip, and as many of them as
// are asked for.
func TestAttacksOnMemory(t *testing.T) {
	t.Parallel()
	harness.RequireProc(t)
	var (
		tooMany    = harness.MatchOutput("Error: Too many procedures at the same time", "is larger than 512 MiB", "Check that the address leads to a TofuPilot server.", "-parallelism=1")
		tooMuch    = harness.MatchOutput("Error: Too many procedures for one data source", "is larger than 256 MiB, the most that a provider can return.", "or narrow the list by")
		noID       = harness.MatchOutput("Error: The answer isn't supported", "data: item 0 has no id")
		tooManyOn  = harness.MatchOutput("Error: The answer isn't supported", "data: more than 1000 rows")
		longRow    = harness.MatchOutput("Error: The answer isn't supported", "data.0: longer than 1 MiB")
		longBeside = harness.MatchOutput("Error: The answer isn't supported", "what isn't in data is longer than 1 MiB")
		longCursor = harness.MatchOutput("Error: The answer isn't supported", "meta.next_cursor: longer than 4 KiB")
	)
	list := harness.Procedures("x")
	listBy30 := harness.Block(`data "tofupilot_procedures" "x"`, "page_size = 30")
	lookup := harness.Procedure("x", `name = "Nobody's"`)
	lookups := harness.Block(`data "tofupilot_procedure_ids" "x"`, `names = ["Nobody's"]`)
	const wanted = `"created_at":"TIME","id":"%d","name":"Nobody's","created_by_user":{"email":"…"}`
	var lists []string
	for i := range 10 {
		lists = append(lists, harness.Procedures(fmt.Sprintf("x%d", i)))
	}
	emptyRows := pageOf(11_000_000, "", "{}", "")
	emptyRuns := pageOf(10_000_000, `{"id":"a","runs":[`, "{}", "]}")
	rowsOfRuns := `"created_at":"TIME","id":"%d","runs":[{}` + strings.Repeat(",{}", 345_000) + "]…" // as long as a row may be
	longName := strings.Repeat("n", 15<<20)
	w := harness.NewWorkingDir(t, "")
	for name, c := range map[string]struct { //nolint:paralleltest // The attacks share the directory, and only the process under attack needs memory.
		configuration string
		handler       http.Handler
		ends          *regexp.Regexp
	}{
		"rows of 300 kB without end":                  {list, longRows(endless, named, 300_000), tooMany},
		"IDs of 300 kB without end, in a lookup":      {lookup, longRows(endless, `"id":"%d…"`, 300_000), tooMany},
		"rows of the name, with e-mails of 300 kB":    {lookup, longRows(endless, wanted, 300_000), tooMany},
		"rows of names, with e-mails of 300 kB":       {lookups, longRows(endless, wanted, 300_000), tooMany},
		"rows of 30 kB without end, in ten lists":     {strings.Join(lists, ""), longRows(endless, named, 30_000), tooMany},
		"IDs of 10 kB, as many as can be held, twice": {list, longRows(16_800, `"id":"%d…"`, 10_000), tooMuch},
		"11 million empty rows":                       {list, emptyRows, noID},
		"10 million empty runs":                       {list, emptyRuns, longRow},
		"eight pages of empty rows, after good ones":  {list, afterGoodPages(emptyRows), noID},
		"eight pages of empty runs, after good ones":  {list, afterGoodPages(emptyRuns), longRow},
		"rows of 345,000 empty runs without end":      {listBy30, longRows(endless, rowsOfRuns, 0), tooMany},
		"400,000 rows":                                {list, pageOf(400_000, "", `{"id":"%d"}`, ""), tooManyOn},
		"2 million rows":                              {list, pageOf(2_000_000, "", `{"id":"%d"}`, ""), tooManyOn},
		"eight pages with a row of 2 million names":   {list, afterGoodPages(pageOf(2_000_000, `{"id":"a",`, `"%d":0`, "}")), longRow},
		"eight pages with 2 million names beside":     {list, afterGoodPages(pageOf(2_000_000, `],"y":{`, `"%d":0`, `},"z":[`)), longBeside},
		"a name of 15 MB that stands twice":           {list, pageOf(1, `{"id":"a","`+longName+`":1,"`+longName+`":1`, "}", ""), longRow},
		"cursors of 900 kB":                           {list, longCursors(900_000), longCursor},
	} {
		t.Run(name, func(t *testing.T) {
			at := harness.NewTarget(t, c.handler)
			w.Write(t, "case.tf", harness.Block(`provider "tofupilot"`, "url = "+harness.Quote(at.URL), `api_key = "k"`, `request_timeout = "`+attemptTime+`"`)+c.configuration)
			w.Environment = nil
			pid := w.Attach(t)
			began := time.Now()
			said, err := w.Run(t, "plan", "-no-color", "-input=false")
			took := harness.PeakMemory(t, pid)
			t.Logf("%d MB, %.1f s, %d requests", took/1e6, time.Since(began).Seconds(), len(at.Requests()))
			if took >= maxMemory {
				t.Errorf("it took %d MB", took/1e6)
			}
			if err == nil || !c.ends.MatchString(said) {
				t.Errorf("it ends with %v, and says %s", err, said)
			}
		})
	}
}

// pageOf is a server that has one page, however it is asked: so many items, of which
// each may have its number in it, with something before and after them. The page is
// compressed once.
func pageOf(count int, before, item, after string) http.Handler {
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

// afterGoodPages is a server of which the pages from the fourteenth on are bad: by
// then, eight are asked for at the same time.
func afterGoodPages(bad http.Handler) http.Handler {
	good := longRows(endless, named, 0)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if offset, _ := strconv.Atoi(r.URL.Query().Get("cursor")); offset > 12*99 {
			bad.ServeHTTP(w, r)
			return
		}
		good.ServeHTTP(w, r)
	})
}

// endless is more rows than a list may have.
const endless = 1 << 30

// named is a row that is long by its name.
const named = `"created_at":"TIME","id":"%d","name":"…"`

// longRows is a list of rows like this one, each with its number and, for the dots, so
// many bytes. It is read once where a row has a TIME, and twice where it has none.
func longRows(count int, row string, longer int) http.Handler {
	head, tail, _ := strings.Cut("{"+row+"}", "…")
	var filling bytes.Buffer
	to, _ := gzip.NewWriterLevel(&filling, gzip.BestSpeed)
	_, _ = io.WriteString(to, strings.Repeat("x", longer))
	_ = to.Close()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		w.Header().Set("Content-Encoding", "gzip")
		to, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		write := func(text string) { // compressed by itself, as the filling is: several in a row are one text
			to.Reset(w)
			_, _ = io.WriteString(to, text)
			_ = to.Close()
		}
		between, end := `{"data":[`, min(offset+limit, count)
		for i := offset; i < end; i++ {
			at := time.Unix(int64(i), 0).UTC().Format(time.RFC3339)
			write(between + strings.NewReplacer("%d", strconv.Itoa(i), "TIME", at).Replace(head))
			_, _ = w.Write(filling.Bytes())
			between = tail + ","
		}
		meta := endOfList
		if end < count {
			meta = fmt.Sprintf(`"meta":{"has_more":true,"next_cursor":%d}`, end)
		}
		write(strings.TrimSuffix(between, ",") + "]," + meta + "}")
	})
}

// longCursors is a server whose cursors are so long.
func longCursors(size int) http.Handler {
	var number atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := number.Add(1)
		_, _ = fmt.Fprintf(w, `{"data":[{"id":"%d"}],"meta":{"has_more":true,"next_cursor":"%d-%s"}}`, n, n, strings.Repeat("c", size))
	})
}
