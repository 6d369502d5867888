package acceptance

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// fault is a test case with a fault of a server, a connection or a proxy. The test reads a data
// source once. The read returns the whole list in spite of the fault, or the wanted error. A lookup of
// one name that fails sends two requests: a search, and then the request for the list.
type fault struct {
	name        string
	target      targetFunc
	provider    harness.Values                             // the provider's arguments, except url, api_key and ca_cert_pem
	environment func(t *testing.T, target *harness.Target) // provides the key, and may set other variables; nil: api_key is set
	dataSource  string                                     // empty: tofupilot_procedures
	arguments   harness.Values                             // the data source's arguments

	wantIDs   []string               // nil: the read fails
	wantError harness.WantDiagnostic // {url}, {other} and {login} are replaced by the target's URL, OtherURL and Login

	requests int           // the number of requests, or of connections if the target records those
	retries  int           // the number of retries in the log
	pause    time.Duration // for which the server asks in Retry-After; 0: none
	timeout  time.Duration // after which the test fails; 0: quickTimeout
}

// anyNumber accepts any number of requests, for a case in which the number depends on time.
const anyNumber = -1

// A test case fails after one of these timeouts, which are long enough for a busy machine and for the
// race detector.
const (
	quickTimeout = 15 * time.Second
	retryTimeout = quickTimeout + 2*time.Second // for a pause of up to 1.25 s before a retry
	slowTimeout  = 2 * time.Minute              // for many megabytes
)

// requestTimeout is the argument request_timeout. No request ends because of it: the test case would
// fail before.
const requestTimeout = "3m"

// firstRequest is the request for the first page, as errors show it.
const firstRequest = http.MethodGet + " {url}/api/v2/procedures?limit=100"

// password is part of the addresses of proxies and servers. No message may contain it.
const password = "hunter2"

func TestFaults(t *testing.T) { //nolint:paralleltest // Some cases set the environment.
	for _, fault := range slices.Concat(transportFaults(), tlsFaults(), proxyFaults(), statusFaults(), redirectFaults(), retryFaults(),
		bodyFaults(), messageFaults(), deadlineFaults()) {
		t.Run(fault.name, func(t *testing.T) {
			if fault.environment == nil {
				t.Parallel()
			}
			harness.CheckGoroutinesEnd(t, fault.check)
		})
	}
}

// check runs one read and compares the result, the requests and the log with the test case.
func (f fault) check(t *testing.T) {
	t.Helper()
	target := f.target(t)
	connection := f.configure(t, target)
	dataSource := cmp.Or(f.dataSource, "tofupilot_procedures")
	timeout := cmp.Or(f.timeout, quickTimeout)
	var log bytes.Buffer
	resp := connection.ReadWithContext(tflogtest.RootLogger(t.Context(), &log), t, timeout, dataSource, f.arguments)

	if f.wantIDs != nil {
		harness.CheckNoDiagnostics(t, resp.Diagnostics)
		harness.CheckEqual(t, "IDs", stateIDs(t, connection.State(t, dataSource, resp)), f.wantIDs)
	} else {
		f.checkError(t, target, resp.Diagnostics)
	}
	requests := target.Requests()
	if f.requests != anyNumber && len(requests) != f.requests {
		t.Errorf("got %d requests, want %d: %q", len(requests), f.requests, requests)
	}
	text := harness.FormatDiagnostics(resp.Diagnostics)
	harness.CheckReadable(t, text)
	harness.CheckNoKey(t, "the diagnostics", []byte(text))
	harness.CheckNoKey(t, "the log", log.Bytes())
	if strings.Contains(text, password) {
		t.Errorf("the password is in the diagnostics: %s", text)
	}
	if strings.Contains(log.String(), password) {
		t.Errorf("the password is in the log: %s", &log)
	}
	f.checkRetries(t, &log)
}

// configure configures a provider for the target. The key comes from the test case's environment, or from
// api_key if it has none.
func (f fault) configure(t *testing.T, target *harness.Target) harness.Connection {
	t.Helper()
	arguments := harness.Values{"url": target.URL, "request_timeout": requestTimeout}
	if f.environment != nil {
		f.environment(t, target)
	} else {
		arguments["api_key"] = fakeapi.Key
	}
	if target.CACert != "" {
		arguments["ca_cert_pem"] = target.CACert
	}
	maps.Copy(arguments, f.provider)
	return newConnection(t, arguments)
}

// checkError checks that there is only the wanted error, that it names the server's URL and is short,
// and that the provider accepts the arguments that it advises to set.
func (f fault) checkError(t *testing.T, target *harness.Target, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	placeholders := strings.NewReplacer("{url}", target.URL, "{other}", target.OtherURL, "{login}", target.Login)
	want := harness.WantError(f.wantError.Path, f.wantError.Summary, target.URL)
	for _, words := range f.wantError.Words {
		want.Words = append(want.Words, placeholders.Replace(words))
	}
	harness.CheckError(t, diagnostics, want)
	t.Logf("%s", harness.FormatDiagnostics(diagnostics))

	detail := diagnostics[0].Detail
	if advised := advisedURL.FindStringSubmatch(detail); advised != nil {
		allowHTTP := advised[2] != ""
		harness.CheckNoDiagnostics(t, connect(t).ValidateProvider(t, harness.Values{"url": advised[1], "allow_http": allowHTTP}))
	}
	detail = strings.ReplaceAll(detail, target.URL, "https://tofupilot.example.com") // a URL of usual length, for countLines
	if target.Login != "" {
		detail = strings.ReplaceAll(detail, target.Login, "/home/ada/.tofupilot/credentials.json")
	}
	if lines := countLines(detail); lines > 8 {
		t.Errorf("the detail has %d lines, want at most 8: %s", lines, detail)
	}
}

// advisedURL matches the advice to set url and, optionally, allow_http.
var advisedURL = regexp.MustCompile(`set url to "(.*?)"(, and set allow_http)?`)

// countLines returns the number of lines of a text that Terraform wraps at 78 characters, without empty
// lines and the indented lines of lists.
func countLines(text string) int {
	const width = 78
	lines := 0
	for paragraph := range strings.SplitSeq(text, "\n") {
		if paragraph == "" || strings.HasPrefix(paragraph, "  ") {
			continue
		}
		lines++
		column := 0
		for word := range strings.FieldsSeq(paragraph) {
			length := utf8.RuneCountInString(word)
			if column > 0 && column+1+length > width {
				lines++
				column = 0
			}
			column += length + 1
		}
	}
	return lines
}

// checkRetries checks that the log has a warning for each retry.
func (f fault) checkRetries(t *testing.T, log *bytes.Buffer) {
	t.Helper()
	entries, err := tflogtest.MultilineJSONDecode(log)
	if err != nil {
		t.Fatal(err)
	}
	retries := 0
	for _, entry := range entries {
		if entry["@message"] == "Trying a request again" {
			retries++
			f.checkRetry(t, entry)
		}
	}
	if retries != f.retries {
		t.Errorf("the log has %d retries, want %d", retries, f.retries)
	}
}

// checkRetry checks the log's entry for a retry, and the pause in it. If the server asked for a pause,
// the logged pause is up to 1 s shorter, because some of the time has passed. Otherwise, it is at most
// 1 s after the first attempt, and twice as long after each further attempt. The check allows a quarter
// more, which the client adds after a refusal.
func (f fault) checkRetry(t *testing.T, entry map[string]any) {
	t.Helper()
	message, _ := entry["error"].(string)
	if entry["@level"] != "warn" || message == "" {
		t.Errorf("a retry is logged as %v, want a warning with the error", entry)
	}
	attempt, _ := entry["attempt"].(float64)
	pause, err := time.ParseDuration(fmt.Sprint(entry["pause"]))
	if err != nil {
		t.Errorf("a retry is logged as %v: %v", entry, err)
	}
	interval := time.Second << int(attempt-1)
	shortest, longest := time.Duration(0), interval+interval/4
	if f.pause > 0 {
		shortest, longest = f.pause-time.Second, f.pause
	}
	if pause < shortest || pause > longest {
		t.Errorf("attempt %v was followed by a pause of %s, want %s to %s", attempt, pause, shortest, longest)
	}
}
