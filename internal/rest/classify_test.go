package rest

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// TestBodiesOtherThanObjects checks the kind and the text of the error if a response with status 200
// isn't a JSON object.
func TestBodiesOtherThanObjects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, contentType string
		description       string // of the body, in the error
		kind              Kind
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
	} {
		failed := getError(t, newClient(t, newServer(t, respondOK(c.body, "Content-Type", c.contentType)).String()))
		if failed.Kind != c.kind {
			t.Errorf("%s: got kind %d, want %d: %v", name, failed.Kind, c.kind, failed)
		}
		if want := "the response is " + c.description + ", not a JSON object"; failed.Err.Error() != want {
			t.Errorf("%s: got %q, want %q", name, failed.Err, want)
		}
	}
}

// TestUnexpectedObject checks that a JSON object that isn't a page is Unsupported, even with the
// Content-Type of HTML, or with the Content-Encoding "identity" (not encoded).
func TestUnexpectedObject(t *testing.T) {
	t.Parallel()
	for header, value := range map[string]string{
		"Content-Type":     "text/html",
		"Content-Encoding": "identity",
	} {
		failed := getError(t, newClient(t, newServer(t, respondOK(`{"error": "html"}`, header, value)).String()))
		if failed.Kind != Unsupported {
			t.Errorf("%s: got kind %d, want %d: %v", header, failed.Kind, Unsupported, failed)
		}
	}
}

// TestStatusKind checks the kind of the error for a status and a body. A 401 is from a gateway, unless its
// body is JSON with a message, like the API's errors. The Content-Type makes no difference.
func TestStatusKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		kind   Kind
	}{
		"302 with HTML":       {302, "<html>", Redirected},
		"400 of the API":      {400, `{"message": "Input validation failed"}`, InvalidArguments},
		"401 of the API":      {401, `{"message": "Unauthorized", "code": "UNAUTHORIZED"}`, Unauthorized},
		"401 with HTML":       {401, "<html>", GatewayResponded},
		"401 with text":       {401, "401 Unauthorized", GatewayResponded},
		"401 with other JSON": {401, `{"error": "no token"}`, GatewayResponded}, // such as oauth2-proxy's
		"401 without a body":  {401, "", GatewayResponded},
		"404 of the API":      {404, `{"message": "Not found"}`, NotTheAPI},
		"404 without a body":  {404, "", NotTheAPI},
		"409 with other JSON": {409, `["no", "object"]`, NotTheAPI},
		"422 of the API":      {422, `{"message": "Unprocessable"}`, InvalidArguments},
		"502 with HTML":       {502, "<html>", ServerFailed},
	} {
		failed := classify(response{status: c.status, header: http.Header{"Content-Type": {"text/plain"}}, body: []byte(c.body)}, nil)
		if failed.Kind != c.kind {
			t.Errorf("%s: got kind %d, want %d", name, failed.Kind, c.kind)
		}
	}
}

// TestCertificateRejectedByStatus checks which responses mean that the server rejects the client
// certificate, or requires one. If the server didn't request a certificate, they never mean that.
func TestCertificateRejectedByStatus(t *testing.T) {
	t.Parallel()
	const ( // as nginx writes
		noCertificate    = "<center>No required SSL certificate was sent</center>"
		wrongCertificate = "<center>The SSL certificate error</center>"
	)
	for name, c := range map[string]struct {
		status      int
		body        string
		requested   Kind // if the server requested a certificate
		unrequested Kind // if it didn't
	}{
		"nginx, no certificate":    {400, noCertificate, CertificateRejected, NotTheAPI},
		"nginx, wrong certificate": {400, wrongCertificate, CertificateRejected, NotTheAPI},
		"nginx, another error":     {400, "<center>Request Header Or Cookie Too Large</center>", NotTheAPI, NotTheAPI},
		"403 with HTML":            {403, "<html>", CertificateRejected, GatewayResponded},
		"403 of the API":           {403, `{"message": "Forbidden"}`, Forbidden, Forbidden},
		"401 with HTML":            {401, "<html>", GatewayResponded, GatewayResponded},
	} {
		for requested, want := range map[bool]Kind{true: c.requested, false: c.unrequested} {
			// The client may lack a certificate only if the server requested one.
			failed := classify(response{status: c.status, body: []byte(c.body), mayLackCertificate: requested}, nil)
			if failed.Kind != want {
				t.Errorf("%s, requested %t: got kind %d, want %d", name, requested, failed.Kind, want)
			}
		}
	}
}

// TestError checks all fields and the text of the error for a response.
func TestError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		response http.Handler
		want     Error  // without the URL
		text     string // after the URL
	}{
		"validation": {
			fakeapi.Status(400, `{"message": "Input validation failed", "code": "BAD_REQUEST", "issues": [
				{"message": "Too big", "path": ["limit"], "code": "too_big"}, {"message": "Wrong", "path": ["meta", 0, "x"]}, {"message": "Bare"}]}`),
			Error{
				Kind: InvalidArguments, Attempts: 1, Status: 400, ContentType: "application/json", Message: "Input validation failed",
				Issues: []Issue{{"limit", "Too big"}, {"meta.0.x", "Wrong"}, {"", "Bare"}},
			},
			"HTTP 400 Bad Request: Input validation failed; limit: Too big; meta.0.x: Wrong; : Bare",
		},
		"a proxy's page": {
			fakeapi.Status(502, "<html>Bad Gateway</html>", "Retry-After", "0"), // 0 is like no Retry-After
			Error{Kind: ServerFailed, Attempts: 3, Status: 502, ContentType: "text/html"},
			"HTTP 502 Bad Gateway (after 3 attempts)",
		},
		"a message, and issues of another type": {
			fakeapi.Status(403, `{"message": "Forbidden", "code": 7, "issues": "none"}`),
			Error{Kind: Forbidden, Attempts: 1, Status: 403, ContentType: "application/json", Message: "Forbidden"},
			"HTTP 403 Forbidden: Forbidden",
		},
		"a gateway's JSON": {
			fakeapi.Status(403, `{"error": "Blocked by policy 7", "status": 403}`),
			Error{Kind: GatewayResponded, Attempts: 1, Status: 403, ContentType: "application/json", Message: "Blocked by policy 7"},
			"HTTP 403 Forbidden: Blocked by policy 7",
		},
		"unknown status": {
			fakeapi.Status(799, ""),
			Error{Kind: ServerFailed, Attempts: 3, Status: 799, ContentType: "text/html"},
			"HTTP 799 (after 3 attempts)",
		},
	} {
		address := newServer(t, c.response).String()
		got := getError(t, newClient(t, address))
		c.want.URL = address + "/api/v2/procedures?limit=100"
		if !reflect.DeepEqual(got, &c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, &c.want)
		}
		if want := "GET " + c.want.URL + ": " + c.text; got.Error() != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestParseRetryAfter checks the pause for each Retry-After. A date is relative to the response's Date if
// there is one, and to this machine's clock otherwise.
func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, time.May, 1, 12, 0, 0, 300_000_000, time.UTC)
	for _, c := range []struct {
		retryAfter, date string
		want             time.Duration
	}{
		{"", "", 0},
		{"soon", "", 0},
		{"Wed, 01 May 2024 12:00:05 GMT", "", 5 * time.Second}, // 4.7 s, rounded up
		{"Wed, 01 May 2024 11:59:00 GMT", "", 0},
		{"Fri, 31 Dec 9999 23:59:59 GMT", "", MaxRetryAfter},
		{"Wed, 01 May 2024 12:00:02 GMT", "Wed, 01 May 2024 12:00:00 GMT", 2 * time.Second},
		{"Wed, 01 May 2024 13:00:02 GMT", "Wed, 01 May 2024 13:00:00 GMT", 2 * time.Second}, // the clock is an hour behind
		{"Wed, 01 May 2024 11:00:02 GMT", "Wed, 01 May 2024 11:00:00 GMT", 2 * time.Second}, // the clock is an hour ahead
	} {
		if got := parseRetryAfter(http.Header{"Retry-After": {c.retryAfter}, "Date": {c.date}}, now); got != c.want {
			t.Errorf("%q, with the Date %q: got %s, want %s", c.retryAfter, c.date, got, c.want)
		}
	}
}

// TestConnectionKind checks the kinds of failures to connect. All of them are retried (twice, as
// newClient sets), except if DNS has no such host.
func TestConnectionKind(t *testing.T) {
	t.Parallel()
	dialError := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for name, c := range map[string]struct {
		err      error
		kind     Kind
		attempts int
	}{
		"no such host":                  {dialError(&net.DNSError{Err: "no such host", Name: "refused.example.com", IsNotFound: true}), HostNotFound, 1},
		"no such host, named mtls: x":   {dialError(&net.DNSError{Err: "no such host", Name: "mtls: x", IsNotFound: true}), HostNotFound, 1}, // crypto/tls begins its errors with "tls: "
		"a resolver that isn't running": {dialError(&net.DNSError{Err: "read udp: connection refused", Name: "example.com"}), NameNotResolved, 3},
		"connection refused":            {dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED)), ConnectionRefused, 3},
		"connection refused on Windows": {dialError(os.NewSyscallError("connectex", syscall.Errno(10061))), ConnectionRefused, 3}, // WSAECONNREFUSED
		"no route":                      {dialError(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), Unreachable, 3},
		"refused by a SOCKS proxy":      {&net.OpError{Op: "socks connect", Net: "tcp", Err: errors.New("username/password authentication failed")}, ProxyFailed, 3},
	} {
		client := newClient(t, "https://refused.example.com")
		client.http.Transport = roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, c.err })
		if failed := getError(t, client); failed.Kind != c.kind || failed.Attempts != c.attempts {
			t.Errorf("%s: got kind %d after %d attempts, want %d after %d", name, failed.Kind, failed.Attempts, c.kind, c.attempts)
		}
	}
}

// TestAlertDuringBody checks that a TLS alert during the body of a response is reported as an interrupted
// connection, because TLS had worked before.
func TestAlertDuringBody(t *testing.T) {
	t.Parallel()
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: internal error")}
	if failed := classify(response{connected: true, status: http.StatusOK}, alert); failed.Kind != Interrupted {
		t.Errorf("got kind %d, want %d: %v", failed.Kind, Interrupted, failed)
	}
}

// TestUntrustedTLS checks that a server without TLS, or without a trusted certificate, receives no
// request and isn't tried again.
func TestUntrustedTLS(t *testing.T) {
	t.Parallel()
	api := fakeapi.New()
	untrusted := newCertificateServer(t, api, func(*httptest.Server) {})
	for name, c := range map[string]struct {
		url  string
		kind Kind
	}{
		"no TLS":    {"https://" + newServer(t, api).Host, NotTLS},
		"untrusted": {untrusted.url, TLSFailed},
	} {
		if failed := getError(t, newClient(t, c.url)); failed.Kind != c.kind || failed.Attempts != 1 {
			t.Errorf("%s: got kind %d after %d attempts, want %d after 1: %v", name, failed.Kind, failed.Attempts, c.kind, failed)
		}
	}
	if n := len(api.Requests()); n > 0 {
		t.Errorf("the servers received %d requests", n)
	}
	// The error is about the server's certificate even if the server also requests one from the client.
	err := &tls.CertificateVerificationError{Err: errors.New("untrusted")}
	if failed := classify(response{mayLackCertificate: true}, err); failed.Kind != TLSFailed {
		t.Errorf("untrusted, and requests a certificate: got kind %d, want %d", failed.Kind, TLSFailed)
	}
}
