package fakeapi_test

import (
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

// rejected contains the recorded requests that the REST layer accepts and the fake rejects,
// with the reason. The client doesn't send them: it writes numbers in digits only.
var rejected = map[string]string{
	"limit=5.0":           "a number with a fraction of zero",
	"limit=1e1":           "a number with an exponent",
	"limit=0x10":          "a hexadecimal number",
	"limit=%205":          "a space before the number",
	"limit=5%20":          "a space after the number",
	"limit=+5":            "a space before the number",
	"limit=%2B5":          "a number with a sign",
	"cursor=5.0&limit=5":  "a number with a fraction of zero",
	"cursor=1e1&limit=5":  "a number with an exponent",
	"cursor=&limit=5":     "an empty value, which JavaScript reads as 0",
	"cursor=%205&limit=5": "a space before the number",
}

// TestRecordedResponses sends the recorded requests to the fake and compares the responses.
func TestRecordedResponses(t *testing.T) {
	t.Parallel()
	recorded := readRecording(t)
	for query := range rejected {
		if !slices.ContainsFunc(recorded.Cases, func(c recordedCase) bool { return c.query() == query }) {
			t.Errorf("no response to %q is recorded", query)
		}
	}
	for _, c := range recorded.Cases {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			got := c.send(t, recorded.newServer())
			if reason := rejected[c.query()]; reason != "" {
				parameter, _, _ := strings.Cut(c.query(), "=")
				if c.Status != http.StatusOK || got.Status != http.StatusBadRequest || got.paths(t) != parameter {
					t.Errorf("got %d %s for %s, want 400; %d is recorded", got.Status, got.Issues, reason, c.Status)
				}
				return
			}
			got.compare(t, c.recordedResponse)
		})
	}
}

// recording is testdata/rest-layer.json: responses of TofuPilot's open-source REST layer
// for a list of these rows. Its "about" names the versions.
type recording struct {
	Rows []struct {
		ID, Name string
		Created  time.Time `json:"created_at"`
	}
	Cases []recordedCase
}

type recordedCase struct {
	Method, Target string
	Authorization  *string // KEY and STATION are replaced by keys, "valid" by Bearer KEY
	recordedResponse
}

// recordedResponse contains the parts that the fake must send, too. Messages aren't among
// them: they come from the validator and change with its version.
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
	if len(recorded.Cases) != 114 {
		t.Fatalf("got %d cases, want 114", len(recorded.Cases))
	}
	return recorded
}

func (r recording) newServer() *fakeapi.Server {
	s := fakeapi.New()
	s.ForbidStation("STATION") // the recorded router responds to it with a 403
	for _, row := range r.Rows {
		s.Add(fakeapi.Procedure{ID: row.ID, Name: row.Name, CreatedAt: row.Created})
	}
	return s
}

func (c recordedCase) query() string {
	_, query, _ := strings.Cut(c.Target, "?")
	return query
}

func (c recordedCase) name() string {
	authorization := "no key"
	if c.Authorization != nil {
		authorization = *c.Authorization
	}
	return fmt.Sprintf("%s %.100s %s", c.Method, c.Target, authorization)
}

func (c recordedCase) send(t *testing.T, s *fakeapi.Server) (response recordedResponse) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), c.Method, c.Target, nil)
	if c.Authorization != nil {
		authorization := strings.Replace(*c.Authorization, "valid", "Bearer KEY", 1)
		request.Header.Set("Authorization", strings.Replace(authorization, "KEY", fakeapi.Key, 1))
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request)
	switch {
	case c.Method == http.MethodHead: // net/http doesn't send the body that the recorder has
	case w.Code == http.StatusOK:
		p := decodePage(t, w)
		response.IDs, response.Meta = rowIDs(t, p.Data), p.Meta
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
	if (r.Issues == nil) != (want.Issues == nil) || r.paths(t) != want.paths(t) {
		t.Errorf("got issues %s, want %s", r.Issues, want.Issues)
	}
}

// paths returns the parameters that the issues name, each once.
func (r recordedResponse) paths(t *testing.T) string {
	t.Helper()
	if r.Issues == nil {
		return ""
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
