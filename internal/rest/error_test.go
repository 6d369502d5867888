package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestError(t *testing.T) {
	t.Parallel()
	const page = "<html>Bad Gateway</html>"
	issues := `"issues": [{"message": "Too big", "path": ["limit"], "code": "too_big"}, {"message": "Wrong", "path": ["meta", 0, "x"]}, {"message": "Bare"}]`
	for name, c := range map[string]struct {
		handler http.Handler
		want    Error
		words   string
		retried bool
	}{
		"validation": {
			fakeapi.Status(400, `{"message": "Input validation failed", "code": "BAD_REQUEST", `+issues+`}`),
			Error{
				Kind: Rejected, Status: 400, ContentType: "application/json", Message: "Input validation failed",
				Issues: []Issue{{"limit", "Too big"}, {"meta.0.x", "Wrong"}, {"", "Bare"}},
			},
			"HTTP 400 Bad Request: Input validation failed; limit: Too big; meta.0.x: Wrong", false,
		},
		"validation with another status": {
			fakeapi.Status(422, `{"message": "Unprocessable", "issues": [{"path": ["created_after"], "message": "Too long ago"}]}`),
			Error{Kind: Rejected, Status: 422, ContentType: "application/json", Message: "Unprocessable", Issues: []Issue{{"created_after", "Too long ago"}}},
			"HTTP 422 Unprocessable Entity: Unprocessable; created_after: Too long ago", false,
		},
		"a proxy's page": {
			fakeapi.Status(502, page, "Retry-After", "0"),
			Error{Kind: ServerFailed, Status: 502, ContentType: "text/html"},
			"HTTP 502 Bad Gateway (after 3 attempts)", true,
		},
		"empty": {fakeapi.Status(404, ""), Error{Kind: NotTheAPI, Status: 404, ContentType: "text/html"}, "HTTP 404 Not Found", false},
		"a message, and issues of another type": {
			fakeapi.Status(403, `{"message": "Forbidden", "code": 7, "issues": "none"}`),
			Error{Kind: Forbidden, Status: 403, ContentType: "application/json", Message: "Forbidden"}, "HTTP 403 Forbidden: Forbidden", false,
		},
		"a gateway's JSON": {
			fakeapi.Status(403, `{"error": "Blocked by policy 7", "status": 403}`),
			Error{Kind: NotTheAPI, Status: 403, ContentType: "application/json", Message: "Blocked by policy 7"}, "HTTP 403 Forbidden: Blocked by policy 7", false,
		},
		"other JSON": {
			fakeapi.Status(409, `["no", "object"]`, "Content-Type", "application/problem+json; charset=utf-8"),
			Error{Kind: NotTheAPI, Status: 409, ContentType: "application/problem+json; charset=utf-8"}, "HTTP 409 Conflict", false,
		},
		"unknown status": {fakeapi.Status(799, ""), Error{Kind: ServerFailed, Status: 799, ContentType: "text/html"}, "HTTP 799", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New()
			api.Fail(c.handler)
			address := newServer(t, api).String()
			got := wantError(t, newClient(t, address))
			c.want.URL, c.want.Attempts = address+"/api/v2/procedures?limit=100", 1
			if c.retried {
				c.want.Attempts = 3
			}
			if toJSON(t, got) != toJSON(t, &c.want) {
				t.Errorf("got  %s\nwant %s", toJSON(t, got), toJSON(t, &c.want))
			}
			if want := "GET " + c.want.URL + ": " + c.words; !strings.HasPrefix(got.Error(), want) {
				t.Errorf("got %q, want the prefix %q", got, want)
			}
		})
	}
}

func toJSON(t *testing.T, it any) string {
	t.Helper()
	text, err := json.Marshal(it)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// An error of Windows ends in a period, which is removed because callers add text after it.
func TestErrorPeriod(t *testing.T) {
	t.Parallel()
	failed := &Error{Err: errors.New("the target machine actively refused it."), Attempts: 3}
	if text := failed.Error(); !strings.HasSuffix(text, "actively refused it (after 3 attempts)") {
		t.Errorf("got %q", text)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, time.May, 1, 12, 0, 0, 300_000_000, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		" 7 ":                           7 * time.Second,
		"31536001":                      MaxRetryAfter,
		"soon":                          0,
		"Wed, 01 May 2024 12:00:05 GMT": 5 * time.Second,
		"Wed, 01 May 2024 11:59:00 GMT": 0,
		"Fri, 31 Dec 9999 23:59:59 GMT": MaxRetryAfter,
	} {
		if got := parseRetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

// A date is compared with the response's Date, because this machine's clock may be wrong.
func TestRetryAfterDate(t *testing.T) {
	t.Parallel()
	server := time.Date(2024, time.May, 1, 12, 0, 0, 0, time.UTC)
	for _, behind := range []time.Duration{0, 2 * time.Minute, time.Hour, -time.Hour} {
		header := http.Header{"Date": {server.Format(http.TimeFormat)}, "Retry-After": {server.Add(2 * time.Second).Format(http.TimeFormat)}}
		if got := parseRetryAfter(header, server.Add(-behind)); got != 2*time.Second {
			t.Errorf("with a clock that is %s behind: got %s", behind, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	for duration, want := range map[time.Duration]string{
		0: "0s", 200 * time.Millisecond: "200ms", 30 * time.Second: "30s", 5 * time.Minute: "5m", 70 * time.Second: "1m10s",
		time.Hour: "1h", 10*time.Hour + 10*time.Minute: "10h10m", time.Hour + time.Second: "1h0m1s", 24 * time.Hour: "24h",
	} {
		if got := FormatDuration(duration); got != want {
			t.Errorf("%s: got %s, want %s", duration, got, want)
		}
	}
}
