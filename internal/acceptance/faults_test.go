package acceptance

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// stateIDs returns the attribute ids of a state.
func stateIDs(t *testing.T, state tftypes.Value) []string {
	t.Helper()
	var (
		attributes map[string]tftypes.Value
		list       []tftypes.Value
		ids        = []string{}
	)
	if err := state.As(&attributes); err != nil {
		t.Fatal(err)
	}
	if err := attributes["ids"].As(&list); err != nil {
		t.Fatal(err)
	}
	for _, element := range list {
		var id string
		if err := element.As(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// fault is a test case with a fault of a server, a connection or a proxy. In spite of it, a read
// returns the whole list, or else the error that is wanted.
type fault struct {
	name        string
	target      func(t *testing.T) *harness.Target
	provider    harness.Values                             // in addition to url, api_key and ca_cert_pem
	environment func(t *testing.T, target *harness.Target) // sets the environment, with the key; nil if api_key is set
	dataSource  string                                     // empty for tofupilot_procedures
	arguments   harness.Values

	wantIDs   []string               // the whole list; nil where the read fails
	wantError harness.WantDiagnostic // {url}, {other} and {login} in it are the target's

	requests int           // or connections, if the target reads no requests; or anyNumber
	retries  int           // in the log
	pause    time.Duration // that the server asks for; 0: none
	timeout  time.Duration // of the read; 0: quickTimeout
}

func allFaults() []fault {
	return slices.Concat(transportFaults(), tlsFaults(), proxyFaults(), statusFaults(), redirectFaults(), retryFaults(),
		bodyFaults(), pagingFaults(), undocumentedFaults(), messageFaults(), deadlineFaults())
}

// anyNumber is the number of requests in cases in which it depends on time.
const anyNumber = -1

// The timeouts of reads allow for a busy machine and for the race detector, and are shorter than
// attemptTime, the request_timeout.
const (
	quickTimeout = 15 * time.Second           // without a pause
	retryTimeout = quickTimeout + time.Second // with a pause of up to 1 s
	slowTimeout  = 2 * time.Minute            // of many megabytes
	attemptTime  = "3m"
)

func TestFaults(t *testing.T) { //nolint:paralleltest // Cases set the environment.
	for _, fault := range allFaults() {
		t.Run(fault.name, func(t *testing.T) {
			if fault.environment == nil {
				t.Parallel()
			}
			harness.CheckGoroutinesEnd(t, fault.check)
		})
	}
}

// password is part of the addresses of proxies and servers. No message may contain it.
const password = "hunter2"

// check runs one read and compares the result, the requests and the log with the test case.
func (f fault) check(t *testing.T) {
	t.Helper()
	target := f.target(t)
	var log bytes.Buffer
	connection := f.configure(t, target)
	dataSource := cmp.Or(f.dataSource, "tofupilot_procedures")
	resp := connection.ReadWithContext(tflogtest.RootLogger(t.Context(), &log), t, max(f.timeout, quickTimeout), dataSource, f.arguments)

	placeholders := strings.NewReplacer("{url}", target.URL, "{other}", target.OtherURL, "{login}", target.Login)
	switch {
	case f.wantIDs != nil:
		harness.CheckNoDiagnostics(t, resp.Diagnostics)
		harness.CheckEqual(t, "IDs", stateIDs(t, connection.State(t, dataSource, resp)), f.wantIDs)
	default:
		want := harness.WantError(f.wantError.Path, f.wantError.Summary, target.URL) // every error names the URL
		for _, words := range f.wantError.Words {
			want.Words = append(want.Words, placeholders.Replace(words))
		}
		harness.CheckError(t, resp.Diagnostics, want)
		if advised := advisedURL.FindStringSubmatch(harness.FormatDiagnostics(resp.Diagnostics)); advised != nil {
			provider := connect(t)
			harness.CheckNoDiagnostics(t, provider.ValidateProvider(t, harness.Values{"url": advised[1], "allow_http": advised[2] != ""}))
		}
		t.Logf("%s", harness.FormatDiagnostics(resp.Diagnostics))
		typical := strings.NewReplacer(cmp.Or(target.Login, "no login"), "/home/ada/.tofupilot/credentials.json", target.URL, "https://tofupilot.example.com", strings.Repeat("x", 100), "", strings.Repeat("[the API key]", 10), "", strings.Repeat("🔋", 100), "")
		if lines := countLines(typical.Replace(resp.Diagnostics[0].Detail)); lines > 8 {
			t.Errorf("the detail has %d lines", lines)
		}
	}
	if requests := target.Requests(); len(requests) != f.requests && f.requests != anyNumber {
		t.Errorf("got %d requests, want %d: %q", len(requests), f.requests, requests)
	}
	harness.CheckReadable(t, harness.FormatDiagnostics(resp.Diagnostics))
	harness.CheckNoKey(t, "the diagnostics", []byte(harness.FormatDiagnostics(resp.Diagnostics)))
	harness.CheckNoKey(t, "the log", log.Bytes())
	if strings.Contains(harness.FormatDiagnostics(resp.Diagnostics)+log.String(), password) {
		t.Error("the password is in the diagnostics or in the log")
	}
	f.checkRetries(t, &log)
}

// countLines returns the number of lines in which Terraform prints a text, without those of lists.
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
				lines, column = lines+1, 0
			}
			column += length + 1
		}
	}
	return lines
}

// configure configures a provider for the target, in the environment of the test case.
func (f fault) configure(t *testing.T, target *harness.Target) harness.Connection {
	t.Helper()
	arguments := harness.Values{"url": target.URL, "request_timeout": attemptTime}
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

// checkRetries checks that the log has a warning for each retry, and its pause. The pause is the
// one that the server asked for, or up to 1 s shorter. Otherwise, it is at most 1 s after the first
// attempt and twice as long after each further one, and up to a quarter longer after a 429.
func (f fault) checkRetries(t *testing.T, log *bytes.Buffer) {
	t.Helper()
	entries, err := tflogtest.MultilineJSONDecode(log)
	if err != nil {
		t.Fatal(err)
	}
	retries := 0
	for _, entry := range entries {
		if entry["@message"] != "Trying a request again" {
			continue
		}
		retries++
		if entry["@level"] != "warn" || entry["error"] == "" {
			t.Errorf("a retry is logged as %v", entry)
		}
		number, _ := entry["attempt"].(float64)
		pause, err := time.ParseDuration(fmt.Sprint(entry["pause"]))
		if err != nil {
			t.Errorf("a retry is logged as %v: %v", entry, err)
		}
		longest := time.Second << int(number-1)
		if pause > longest+longest/4 && f.pause == 0 || f.pause > 0 && (pause > f.pause || pause < f.pause-time.Second) {
			t.Errorf("attempt %v was followed by a pause of %s", number, pause)
		}
	}
	if retries != f.retries {
		t.Errorf("the log has %d retries, want %d", retries, f.retries)
	}
}

// fewProcedures has one page of procedures, and fewIDs their IDs in the order of the list.
var (
	fewProcedures = fakeapi.Generate(4, fakeapi.WithRepository)
	fewIDs        = harness.IDs(harness.SortByCreation(fewProcedures))
)

// firstRequest is the request for the first page, as errors show it.
const firstRequest = http.MethodGet + " {url}/api/v2/procedures?limit=100"
