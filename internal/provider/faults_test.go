package provider

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// fault is one thing that is broken outside the provider, and how a read ends
// all the same: with the whole list, or with an error that helps.
type fault struct {
	name        string
	at          func(t *testing.T) *place
	provider    values                        // beside url, api_key and ca_cert_pem
	environment func(t *testing.T, at *place) // puts the key where it comes from, if not from api_key
	arguments   values

	ids   []string  // the whole list; nil where the read fails
	fails diagnosis // {url}, {elsewhere} and {home} in it are the place's

	requests int // that reached the server, or requestsVary; connections, where no request can be read from them
	retries  int // that the log tells of
	pause    time.Duration
	within   time.Duration // from the beginning of the read to its end; 0: quick
}

func allFaults() []fault {
	return slices.Concat(transportFaults(), tlsFaults(), statusFaults(), redirectFaults(), retryFaults(),
		bodyFaults(), pagingFaults(), spokenFaults(), deadlineFaults())
}

// requestsVary of requests is made where it depends on time.
const requestsVary = -1

// quick is how long a read takes at most that neither pauses nor waits, and slow
// one of many megabytes. Both allow for a busy machine and for the race detector,
// and are still shorter than one attempt may take.
const (
	quick = 5 * time.Second
	slow  = 25 * time.Second
)

// retried is how long a read may take that pauses so many times, up to 1 s, then
// 2 s, and so on.
func retried(times int) time.Duration { return quick + time.Duration(1<<times-1)*time.Second }

func TestEveryFaultEndsInTheWholeListOrInAnErrorThatHelps(t *testing.T) { //nolint:paralleltest // It exchanges the resolver, and rows set the environment.
	resolveWith(t, nameServer(t))
	for _, fault := range allFaults() {
		t.Run(fault.name, func(t *testing.T) {
			if fault.environment == nil {
				t.Parallel()
			}
			goroutinesEnd(t, fault.expect)
		})
	}
}

// expect reads once and holds everything against the row.
func (f fault) expect(t *testing.T) {
	t.Helper()
	at := f.at(t)
	if f.environment != nil {
		f.environment(t, at)
	}
	var log bytes.Buffer
	resp, spent := f.read(tflogtest.RootLogger(t.Context(), &log), t, at)

	named := strings.NewReplacer("{url}", at.url, "{elsewhere}", at.elsewhere, "{home}", at.home)
	if f.ids != nil {
		expectNoDiagnostics(t, resp.Diagnostics)
		expectEqual(t, "IDs", idsIn(t, resp.State), f.ids)
	} else {
		want := diagnosis{f.fails.path, f.fails.summary, nil}
		for _, words := range f.fails.words {
			want.words = append(want.words, named.Replace(words))
		}
		expectError(t, resp.Diagnostics, want)
		t.Logf("%s", describe(resp.Diagnostics))
	}
	if asked := at.asked(); len(asked) != f.requests && f.requests != requestsVary {
		t.Errorf("the server was asked %d times instead of %d: %q", len(asked), f.requests, asked)
	}
	if within := max(f.within, quick); spent > within {
		t.Errorf("it took %s, longer than %s", spent, within)
	}
	expectPlain(t, describe(resp.Diagnostics))
	expectKeyIsNowhere(t, "the diagnostics", []byte(describe(resp.Diagnostics)))
	expectKeyIsNowhere(t, "the log", log.Bytes())
	f.expectRetries(t, &log)
}

// read configures a provider for the place and reads, once.
func (f fault) read(ctx context.Context, t *testing.T, at *place) (*tfprotov6.ReadDataSourceResponse, time.Duration) {
	t.Helper()
	arguments := values{"url": at.url}
	if f.environment == nil {
		arguments["api_key"] = fakeapi.Key
	}
	if at.authority != "" {
		arguments["ca_cert_pem"] = at.authority
	}
	maps.Copy(arguments, f.provider)
	terraform := speak(t, Server("test")())
	expectNoDiagnostics(t, terraform.configure(t, false, arguments))

	began := time.Now()
	resp, err := terraform.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{
		TypeName: "tofupilot_procedures", Config: encoded(t, terraform.procedures, f.arguments),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp, time.Since(began)
}

// expectRetries wants one WARN for each retry, with a pause that is the one the
// server asked for, or else one between zero and twice 0.5 s·2ⁿ.
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
		if pause > longest && f.pause == 0 || f.pause > 0 && (pause > f.pause || pause < f.pause-time.Second) {
			t.Errorf("attempt %v was followed by a pause of %s", number, pause)
		}
	}
	if retries != f.retries {
		t.Errorf("the log tells of %d retries instead of %d", retries, f.retries)
	}
}

// idsIn are the IDs of a state.
func idsIn(t *testing.T, state *tfprotov6.DynamicValue) []string {
	t.Helper()
	schema := speak(t, Server("test")())
	object, err := state.Unmarshal(schema.procedures)
	if err != nil {
		t.Fatal(err)
	}
	var (
		attributes map[string]tftypes.Value
		list       []tftypes.Value
		ids        = []string{}
	)
	if err := object.As(&attributes); err != nil {
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

// expectPlain wants a text that a person can read to its end and that steers no
// terminal.
func expectPlain(t *testing.T, text string) {
	t.Helper()
	const longest = 25_000 // twenty issues are shown, of a thousand characters each
	if length := utf8.RuneCountInString(text); length > longest {
		t.Errorf("the diagnostics are %d characters long", length)
	}
	for _, r := range text {
		if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
			t.Errorf("the diagnostics have %U in them", r)
		}
	}
}

// expectKeyIsNowhere looks for the key as it is and as Base64 would hold it.
func expectKeyIsNowhere(t *testing.T, where string, content []byte) {
	t.Helper()
	for _, form := range formsOf(fakeapi.Key) {
		if bytes.Contains(content, form) {
			t.Errorf("%s: the key is in it, as %s", where, form)
		}
	}
}

// formsOf are a text and the three ways in which Base64 writes it, by where in a
// group of three bytes it begins, without the characters that its neighbours share.
func formsOf(text string) [][]byte {
	forms := [][]byte{[]byte(text)}
	for skip := range 3 {
		whole := text[(3-skip)%3:]
		whole = whole[:len(whole)/3*3]
		forms = append(forms, []byte(base64.StdEncoding.EncodeToString([]byte(whole))))
	}
	return forms
}

// goroutinesEnd runs a test whose goroutines must all end with it. Those that
// it starts, and those that they start, carry its name as a label, so that
// tests which run at the same time don't count.
func goroutinesEnd(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	label := regexp.MustCompile(`(?m)^# labels: .*` + regexp.QuoteMeta(fmt.Sprintf("%q", t.Name())))
	// A test of its own ends, and with it its servers, before goroutines are counted.
	t.Run("", func(t *testing.T) {
		pprof.SetGoroutineLabels(pprof.WithLabels(t.Context(), pprof.Labels("test", strings.TrimSuffix(t.Name(), "/#00"))))
		test(t)
	})
	var left bytes.Buffer
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left.Reset()
		if err := pprof.Lookup("goroutine").WriteTo(&left, 1); err != nil {
			t.Fatal(err)
		}
		if !label.Match(left.Bytes()) {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	for group := range strings.SplitSeq(left.String(), "\n\n") {
		if label.MatchString(group) {
			t.Errorf("goroutines stay:\n%s", group)
		}
	}
}

// few is what a server holds that has one page, and whole the list of it.
var (
	few   = fakeapi.Generate(4, fakeapi.Gen2026)
	whole = idsOf(oldestFirst(few))
)

// askedFor is what every error must say of the request for the first page.
const askedFor = http.MethodGet + " {url}/api/v2/procedures?limit=100"
