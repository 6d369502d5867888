package fakeapi_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// rejected lists the queries that TofuPilot's REST layer accepts, but the fake API rejects, with the
// reasons. The client doesn't send such queries, because it writes numbers in digits only.
var rejected = map[string]string{
	"limit=5.0":           "a number with a fraction of zero",
	"limit=1e1":           "a number with an exponent",
	"limit=0x10":          "a hexadecimal number",
	"limit=%205":          "a space before the number",
	"limit=5%20":          "a space after the number",
	"limit=+5":            "a space, which + stands for, before the number",
	"limit=%2B5":          "a number with a sign",
	"cursor=5.0&limit=5":  "a number with a fraction of zero",
	"cursor=1e1&limit=5":  "a number with an exponent",
	"cursor=&limit=5":     "an empty value, which JavaScript reads as 0",
	"cursor=%205&limit=5": "a space before the number",
}

// TestRecordedResponses checks that the fake API responds to the recorded requests like TofuPilot's
// REST layer, except to the queries that the variable rejected lists.
func TestRecordedResponses(t *testing.T) {
	t.Parallel()
	recorded := readRecording(t)
	for _, c := range recorded.Cases {
		t.Run(fmt.Sprintf("%s %.100s %s", c.Method, c.Target, cmp.Or(c.Authorization, "no key")), func(t *testing.T) {
			t.Parallel()
			got := c.send(t, recorded.newServer())
			reason, isRejected := rejected[c.query()]
			if !isRejected {
				got.compare(t, c.recordedResponse)
				return
			}
			if c.Status != http.StatusOK {
				t.Errorf("%s: the recorded status is %d, want 200", reason, c.Status)
			}
			parameter, _, _ := strings.Cut(c.query(), "=") // the first parameter has the rejected value
			if got.Status != http.StatusBadRequest || got.paths(t) != parameter {
				t.Errorf("%s: got status %d with the issues %s, want 400 with an issue of %s", reason, got.Status, got.Issues, parameter)
			}
		})
	}
}

// recording represents testdata/rest-layer.json: requests for a list with these rows, and the responses
// of TofuPilot's open-source REST layer. The member "about" of the file names the layer's version.
type recording struct {
	Rows []struct {
		ID, Name string
		Created  time.Time `json:"created_at"`
	}
	Cases []recordedCase
}

type recordedCase struct {
	Method, Target string
	Authorization  string // the header, with KEY in place of the user key, and "valid" in place of "Bearer KEY"
	recordedResponse
}

// recordedResponse represents the parts of a recorded response that the fake API must send, too. Messages
// aren't among them: they change with the version of the validator in TofuPilot's REST layer.
type recordedResponse struct {
	Status int
	Code   string
	IDs    []string
	Meta   json.RawMessage // of a 200
	Issues json.RawMessage // of validation errors
}

func readRecording(t *testing.T) (recorded recording) {
	t.Helper()
	content, err := os.ReadFile("testdata/rest-layer.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded.Cases) == 0 {
		t.Fatal("no cases are recorded")
	}
	return recorded
}

func (r recording) newServer() *fakeapi.Server {
	s := fakeapi.New()
	s.ForbidStation("STATION") // the key of the recorded 403
	for _, row := range r.Rows {
		s.Add(fakeapi.Procedure{ID: row.ID, Name: row.Name, CreatedAt: row.Created})
	}
	return s
}

func (c recordedCase) query() string {
	_, query, _ := strings.Cut(c.Target, "?")
	return query
}

// send sends the recorded request to s, and returns the parts of the response that are compared.
func (c recordedCase) send(t *testing.T, s *fakeapi.Server) (response recordedResponse) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), c.Method, c.Target, nil)
	replacer := strings.NewReplacer("valid", userHeader, "KEY", fakeapi.Key)
	request.Header.Set("Authorization", replacer.Replace(c.Authorization))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request)
	switch {
	case c.Method == http.MethodHead:
		// Ignore the body: net/http wouldn't send it.
	case w.Code == http.StatusOK:
		p := decodePage(t, w)
		response.IDs = p.ids(t)
		response.Meta = p.Meta
	default:
		if err := json.Unmarshal(w.Body.Bytes(), &response); err != nil {
			t.Fatal(err)
		}
	}
	response.Status = w.Code
	return response
}

func (r recordedResponse) compare(t *testing.T, want recordedResponse) {
	t.Helper()
	if r.Status != want.Status || r.Code != want.Code {
		t.Fatalf("got %d %q, want %d %q", r.Status, r.Code, want.Status, want.Code)
	}
	if !slices.Equal(r.IDs, want.IDs) {
		t.Errorf("got  %q\nwant %q", r.IDs, want.IDs)
	}
	if want.Meta != nil && compact(t, string(r.Meta)) != compact(t, string(want.Meta)) {
		t.Errorf("meta: got %s, want %s", r.Meta, want.Meta)
	}
	if got, want := r.paths(t), want.paths(t); got != want {
		t.Errorf("got issues of %q, want %q", got, want)
	}
}

// paths returns the parameters that the issues name, or "none" if there are no issues. Consecutive
// issues of one parameter count once.
func (r recordedResponse) paths(t *testing.T) string {
	t.Helper()
	if r.Issues == nil {
		return "none"
	}
	var issues []struct{ Path []string }
	if err := json.Unmarshal(r.Issues, &issues); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, issue := range issues {
		paths = append(paths, strings.Join(issue.Path, "."))
	}
	return strings.Join(slices.Compact(paths), " ")
}
