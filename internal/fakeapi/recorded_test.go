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

// stricter are the recorded requests that the fake refuses, though the REST layer
// answers them. The client can't send them: it writes whole numbers in digits.
var stricter = map[string]string{
	"limit=5.0":           "JavaScript's numbers: a fraction of zero",
	"limit=1e1":           "JavaScript's numbers: an exponent",
	"limit=0x10":          "JavaScript's numbers: hexadecimal",
	"limit=%205":          "JavaScript's numbers: a space in front",
	"limit=5%20":          "JavaScript's numbers: a space behind",
	"limit=+5":            "JavaScript's numbers: a space in front",
	"limit=%2B5":          "JavaScript's numbers: a sign",
	"cursor=5.0&limit=5":  "JavaScript's numbers: a fraction of zero",
	"cursor=1e1&limit=5":  "JavaScript's numbers: an exponent",
	"cursor=&limit=5":     "JavaScript's numbers: an empty text is 0",
	"cursor=%205&limit=5": "JavaScript's numbers: a space in front",
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	recorded := readRecording(t)
	for query := range stricter {
		recorded.find(t, query)
	}
	for _, c := range recorded.Cases {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			got := c.ask(t, recorded.server())
			if why := stricter[c.query()]; why != "" {
				parameter, _, _ := strings.Cut(c.query(), "=")
				if c.Status != http.StatusOK || got.Status != http.StatusBadRequest || got.paths(t) != parameter {
					t.Errorf("got %d %s, where %d is recorded: listed as refused for %s", got.Status, got.Issues, c.Status, why)
				}
				return
			}
			got.compare(t, c.recordedAnswer)
		})
	}
}

// recording is testdata/rest-layer.json: what TofuPilot's open-source REST layer
// answers, over these rows. Its "about" says with which versions.
type recording struct {
	Rows []struct {
		ID, Name string
		Created  time.Time `json:"created_at"`
	}
	Cases []recordedCase
}

type recordedCase struct {
	Method, Target string
	Authorization  *string // KEY and STATION stand for a key, "valid" for Bearer KEY
	recordedAnswer
}

// recordedAnswer is what must be the same. Messages are the validator's, and change
// with its version.
type recordedAnswer struct {
	Status int
	Code   string
	IDs    []string
	Meta   json.RawMessage // only of a 200
	Issues json.RawMessage // only of validation errors
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
		t.Fatalf("%d cases", len(recorded.Cases))
	}
	return recorded
}

func (r recording) server() *fakeapi.Server {
	s := fakeapi.New()
	s.ForbidStation("STATION")
	for _, row := range r.Rows {
		s.Add(fakeapi.Procedure{ID: row.ID, Name: row.Name, CreatedAt: row.Created})
	}
	return s
}

func (r recording) find(t *testing.T, query string) recordedCase {
	t.Helper()
	at := slices.IndexFunc(r.Cases, func(c recordedCase) bool { return c.query() == query })
	if at < 0 {
		t.Fatalf("no answer to %q is recorded", query)
	}
	return r.Cases[at]
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

func (c recordedCase) ask(t *testing.T, s *fakeapi.Server) (answer recordedAnswer) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), c.Method, c.Target, nil)
	if c.Authorization != nil {
		authorization := strings.Replace(*c.Authorization, "valid", "Bearer KEY", 1)
		request.Header.Set("Authorization", strings.Replace(authorization, "KEY", fakeapi.Key, 1))
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request)
	switch {
	case c.Method == http.MethodHead: // has no body; net/http holds it back
	case w.Code == http.StatusOK:
		p := decodePage(t, w)
		answer.IDs, answer.Meta = itemIDs(t, p.Data), p.Meta
	default:
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
	}
	answer.Status = w.Code
	return answer
}

func (a recordedAnswer) compare(t *testing.T, want recordedAnswer) {
	t.Helper()
	if a.Status != want.Status || a.Code != want.Code {
		t.Fatalf("got %d %q, want %d %q", a.Status, a.Code, want.Status, want.Code)
	}
	if !slices.Equal(a.IDs, want.IDs) {
		t.Errorf("got  %q\nwant %q", a.IDs, want.IDs)
	}
	if want.Meta != nil && compact(t, string(a.Meta)) != compact(t, string(want.Meta)) {
		t.Errorf("meta: got %s, want %s", a.Meta, want.Meta)
	}
	if (a.Issues == nil) != (want.Issues == nil) || a.paths(t) != want.paths(t) {
		t.Errorf("got issues %s, want %s", a.Issues, want.Issues)
	}
}

// paths are the parameters that the issues name, each once.
func (a recordedAnswer) paths(t *testing.T) string {
	t.Helper()
	if a.Issues == nil {
		return ""
	}
	var issues []struct{ Path []string }
	if err := json.Unmarshal(a.Issues, &issues); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, issue := range issues {
		paths = append(paths, strings.Join(issue.Path, "."))
	}
	return strings.Join(slices.Compact(paths), " ")
}
