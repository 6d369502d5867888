package rest

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestBodiesOtherThanObjects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, contentType, words string
		kind                     Kind
	}{
		"HTML":                   {"<!DOCTYPE html><p>Log in", "text/html; charset=utf-8", "HTML", GatewayResponded},
		"HTML with another type": {"\n <html>", "application/json", "HTML", GatewayResponded},
		"a fragment of HTML":     {"Log in", "Text/HTML", "text", GatewayResponded},
		"empty":                  {"", "text/html", "empty", Interrupted},
		"white space":            {" \r\n", "", "empty", Interrupted},
		"an array":               {` [{"id": "a"}]`, "application/json", "an array", NotTheAPI},
		"text":                   {"It works!", "text/plain", "text", NotTheAPI},
		"a string":               {`"moved"`, "application/json", "text", NotTheAPI},
		"null":                   {"null", "application/json", "text", NotTheAPI},
		"XML":                    {"<?xml version='1.0'?><a/>", "text/xml", "XML", NotTheAPI},
		"binary data":            {"\x89PNG\r\n\x1a\n", "image/png", "binary data", NotTheAPI},
		"an object without data": {`{"error": "html"}`, "text/html", "", Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, newServer(t, respondOK(c.body, "Content-Type", c.contentType)).String())
			client.maxRetries = 0
			failed := getError(t, client)
			if failed.Kind != c.kind {
				t.Errorf("got kind %d, want %d: %v", failed.Kind, c.kind, failed)
			}
			if want := "the response is " + c.words + ", not a JSON object"; c.words != "" && failed.Err.Error() != want {
				t.Errorf("got %q, want %q", failed.Err, want)
			}
		})
	}
}

// TestIdentityEncoding sends the encoding identity, which means that the body isn't encoded.
func TestIdentityEncoding(t *testing.T) {
	t.Parallel()
	api := fakeapi.New()
	api.Fail(respondOK(`{"dat": []}`, "Content-Encoding", "identity"))
	if failed := getError(t, newClient(t, newServer(t, api).String())); failed.Kind != Unsupported {
		t.Error(failed)
	}
}

// TestGatewayResponses checks that a 401 or 403 is a gateway's response unless it is JSON with a
// message, which is the API's with any content type. oauth2-proxy responds with other JSON.
func TestGatewayResponses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		kind   Kind
	}{
		"401 of the API":      {401, `{"message": "Unauthorized", "code": "UNAUTHORIZED"}`, Unauthorized},
		"401 with HTML":       {401, "<html>", GatewayResponded},
		"401 with text":       {401, "401 Unauthorized", GatewayResponded},
		"401 with other JSON": {401, `{"error": "no token"}`, GatewayResponded},
		"401 without a body":  {401, "", GatewayResponded},
		"403 with HTML":       {403, "<html>", GatewayResponded},
		"404 with HTML":       {404, "<html>", NotTheAPI},
		"502 with HTML":       {502, "<html>", ServerFailed},
		"403 of the API":      {403, `{"message": "Forbidden", "code": "FORBIDDEN"}`, Forbidden},
		"302 with HTML":       {302, "<html>", Redirected},
		"404 of the API":      {404, `{"message": "Not found"}`, NotTheAPI},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, newServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})).String())
			client.maxRetries = 0
			if failed := getError(t, client); failed.Kind != c.kind {
				t.Errorf("got kind %d, want %d: %v", failed.Kind, c.kind, failed)
			}
		})
	}
}

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
			Error{Kind: GatewayResponded, Status: 403, ContentType: "application/json", Message: "Blocked by policy 7"}, "HTTP 403 Forbidden: Blocked by policy 7", false,
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
			got := getError(t, newClient(t, address))
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

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, time.May, 1, 12, 0, 0, 300_000_000, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		" 7 ":                           7 * time.Second,
		"31536001":                      MaxRetryAfter,
		"soon":                          0,
		"Wed, 01 May 2024 12:00:05 GMT": 5 * time.Second, // 4.7 s, rounded up
		"Wed, 01 May 2024 11:59:00 GMT": 0,
		"Fri, 31 Dec 9999 23:59:59 GMT": MaxRetryAfter,
	} {
		if got := parseRetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

// TestRetryAfterDate compares dates with the response's Date, because this clock may be wrong.
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

// TestConnectionKind checks that a request isn't retried if DNS has no such host, and that it is
// after other failures to connect.
func TestConnectionKind(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for name, c := range map[string]struct {
		err      error
		kind     Kind
		attempts int
	}{
		"no such host":                  {dial(&net.DNSError{Err: "no such host", Name: "refused.example.com", IsNotFound: true}), HostNotFound, 1},
		"a name like an error of TLS":   {dial(&net.DNSError{Err: "no such host", Name: "mtls: x", IsNotFound: true}), HostNotFound, 1},
		"a SOCKS proxy that rejects":    {&net.OpError{Op: "socks connect", Net: "tcp", Err: errors.New("username/password authentication failed")}, ProxyFailed, 3},
		"a resolver that isn't running": {dial(&net.DNSError{Err: "read udp: connection refused", Name: "example.com"}), NameNotResolved, 3},
		"refused":                       {dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), ConnectionRefused, 3},
		"refused, on Windows":           {dial(os.NewSyscallError("connectex", syscall.Errno(10061))), ConnectionRefused, 3},
		"no route":                      {dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), Unreachable, 3},
	} {
		client := newClient(t, "https://refused.example.com")
		client.http.Transport = roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, c.err })
		if failed := getError(t, client); failed.Kind != c.kind || failed.Attempts != c.attempts {
			t.Errorf("%s: kind %d after %d attempts, want %d and %d", name, failed.Kind, failed.Attempts, c.kind, c.attempts)
		}
	}
}

// TestUntrustedTLS checks that a server without TLS or a trusted certificate isn't retried.
func TestUntrustedTLS(t *testing.T) {
	t.Parallel()
	api := fakeapi.New()
	plain := newServer(t, api)
	failed := getError(t, newClient(t, "https://"+plain.Host))
	if failed.Kind != NotTLS || failed.Attempts != 1 {
		t.Errorf("an https URL for a server of plain HTTP: %v", failed)
	}
	secure := newTLSServer(t, api)
	failed = getError(t, newClient(t, secure.String()))
	if failed.Kind != TLSFailed || failed.Attempts != 1 {
		t.Errorf("certificate of an unknown authority: %v", failed)
	}
	if n := len(api.Requests()); n > 0 {
		t.Errorf("the server received %d requests", n)
	}
}
