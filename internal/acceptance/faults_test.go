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
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// idsIn are the IDs of a state.
func idsIn(t *testing.T, state tftypes.Value) []string {
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

// fault is one thing that is broken outside the provider, and how a read ends
// all the same: with the whole list, or with an error that helps.
type fault struct {
	name        string
	at          func(t *testing.T) *harness.Target
	provider    harness.Values                         // beside url, api_key and ca_cert_pem
	environment func(t *testing.T, at *harness.Target) // puts the key where it comes from, if not from api_key
	dataSource  string                                 // if not tofupilot_procedures
	arguments   harness.Values

	ids   []string               // the whole list; nil where the read fails
	fails harness.WantDiagnostic // {url}, {elsewhere} and {login} in it are the target's

	requests int // that reached the server, or requestsVary; connections, where no request can be read from them
	retries  int // that the log tells of
	pause    time.Duration
	within   time.Duration // from the beginning of the read to its end; 0: quick
}

func allFaults() []fault {
	return slices.Concat(transportFaults(), tlsFaults(), proxyFaults(), statusFaults(), redirectFaults(), retryFaults(),
		bodyFaults(), pagingFaults(), otherwiseFaults(), messageFaults(), deadlineFaults())
}

// requestsVary is for rows in which time decides how many requests are made.
const requestsVary = -1

// quick is how long a read takes at most that neither pauses nor waits, and slow
// one of many megabytes. Both allow for a busy machine and for the race detector,
// and are still shorter than one attempt may take, attemptTime.
const (
	quick       = 15 * time.Second
	slow        = 2 * time.Minute
	attemptTime = "3m"
)

// retried is how long a read may take that pauses once, up to 1 s.
const retried = quick + time.Second

func TestFaults(t *testing.T) { //nolint:paralleltest // Rows set the environment.
	for _, fault := range allFaults() {
		t.Run(fault.name, func(t *testing.T) {
			if fault.environment == nil {
				t.Parallel()
			}
			harness.CheckGoroutinesEnd(t, fault.expect)
		})
	}
}

// password is that of a proxy, or one in an address: no message repeats it.
const password = "hunter2"

// expect reads once and holds everything against the row.
func (f fault) expect(t *testing.T) {
	t.Helper()
	at := f.at(t)
	var log bytes.Buffer
	server := f.configure(t, at)
	dataSource := cmp.Or(f.dataSource, "tofupilot_procedures")
	resp := server.ReadWithContext(tflogtest.RootLogger(t.Context(), &log), t, max(f.within, quick), dataSource, f.arguments)

	named := strings.NewReplacer("{url}", at.URL, "{elsewhere}", at.OtherURL, "{login}", at.Login)
	switch {
	case f.ids != nil:
		harness.CheckNoDiagnostics(t, resp.Diagnostics)
		harness.CheckEqual(t, "IDs", idsIn(t, server.State(t, dataSource, resp)), f.ids)
	default:
		want := harness.WantError(f.fails.Path, f.fails.Summary, at.URL) // whatever it is, where it happened is said
		for _, words := range f.fails.Words {
			want.Words = append(want.Words, named.Replace(words))
		}
		harness.CheckError(t, resp.Diagnostics, want)
		if advised := advisedURL.FindStringSubmatch(harness.FormatDiagnostics(resp.Diagnostics)); advised != nil {
			provider := harness.Connect(t, provider.Server("test")())
			harness.CheckNoDiagnostics(t, provider.ValidateProvider(t, harness.Values{"url": advised[1], "allow_http": advised[2] != ""}))
		}
		t.Logf("%s", harness.FormatDiagnostics(resp.Diagnostics))
		ours := strings.NewReplacer(cmp.Or(at.Login, "no login"), "/home/ada/.tofupilot/credentials.json", at.URL, "https://tofupilot.example.com", strings.Repeat("x", 100), "", strings.Repeat("[the API key]", 10), "", strings.Repeat("🔋", 100), "")
		if lines := printedLines(ours.Replace(resp.Diagnostics[0].Detail)); lines > 8 {
			t.Errorf("it has %d lines", lines)
		}
	}
	if asked := at.Requests(); len(asked) != f.requests && f.requests != requestsVary {
		t.Errorf("the server was asked %d times instead of %d: %q", len(asked), f.requests, asked)
	}
	harness.CheckReadable(t, harness.FormatDiagnostics(resp.Diagnostics))
	harness.CheckNoKey(t, "the diagnostics", []byte(harness.FormatDiagnostics(resp.Diagnostics)))
	harness.CheckNoKey(t, "the log", log.Bytes())
	if strings.Contains(harness.FormatDiagnostics(resp.Diagnostics)+log.String(), password) {
		t.Error("the password is in the diagnostics or in the log")
	}
	f.expectRetries(t, &log)
}

// printedLines is how many lines Terraform prints a text in, without those of lists.
func printedLines(text string) int {
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

// configure configures a provider for the target, in the row's environment.
func (f fault) configure(t *testing.T, at *harness.Target) harness.Connection {
	t.Helper()
	arguments := harness.Values{"url": at.URL, "request_timeout": attemptTime}
	if f.environment != nil {
		f.environment(t, at)
	} else {
		arguments["api_key"] = fakeapi.Key
	}
	if at.CACert != "" {
		arguments["ca_cert_pem"] = at.CACert
	}
	maps.Copy(arguments, f.provider)
	return configured(t, arguments)
}

// expectRetries wants one WARN for each retry, with a pause that is the one the
// server asked for, or else one between zero and twice 0.5 s·2ⁿ, or, after a 429, up
// to a quarter longer.
func (f fault) expectRetries(t *testing.T, log *bytes.Buffer) {
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
		t.Errorf("the log tells of %d retries instead of %d", retries, f.retries)
	}
}

// few is what a server holds that has one page, and whole the list of it.
var (
	few   = fakeapi.Generate(4, fakeapi.WithRepository)
	whole = harness.IDs(harness.SortByCreation(few))
)

// askedFor is what every error must say of the request for the first page.
const askedFor = http.MethodGet + " {url}/api/v2/procedures?limit=100"
